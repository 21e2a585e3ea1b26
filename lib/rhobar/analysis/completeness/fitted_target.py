"""Energy models of rhobar that were fitted to structures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import ase
import numpy as np
from numpy.typing import NDArray

from rhobar.models import EnergyModel

from .computed_target import neighbor_radius
from .target import AuditTarget, TargetTraits

Array = NDArray[np.float64]


class FittedTarget(AuditTarget):
    """
    Energies (eV) of a fitted model, of structures and of single atoms.

    :param model: such as :func:`rhobar.models.load_model` reads
    :raises ValueError: if it is not fitted
    """

    def __init__(self, model: EnergyModel, traits: TargetTraits) -> None:
        super().__init__(
            replace(
                traits,
                cutoff=traits.cutoff or neighbor_radius(model.descriptor),
                atomic_types=traits.atomic_types or model.composition.atomic_types,
                dtype="float64",
                is_energy=True,
                by_center=True,
            )
        )
        self.model = model

    def structure_rows(self, frames: Sequence[ase.Atoms]) -> Array:
        """Energies of structures."""
        return self.model.predict(frames).energies[:, None]

    def center_rows(self, frames: Sequence[ase.Atoms], centers: Sequence[int]) -> Array:
        """Energies of single atoms."""
        atomic = self.model.predict(frames, per_atom=True).atomic_energies or []
        return np.array([[of[center]] for of, center in zip(atomic, centers, strict=True)])
