"""Exported metatomic models, from any architecture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import ase
import numpy as np
import torch
from metatomic.torch import AtomisticModel, ModelEvaluationOptions, ModelOutput
from numpy.typing import NDArray

from rhobar.systems import from_ase

from ..feature_matrix import side_by_side
from .readout import linear_readout, nonlinear_readout
from .target import AuditTarget, TargetTraits

Array = NDArray[np.float64]


class MetatomicTarget(AuditTarget):
    """
    A metatomic model: its energies (eV), else its features.

    :param model: as metatomic loads it
    :raises ValueError: if it has neither, or does not say in which units
    """

    def __init__(self, model: AtomisticModel, traits: TargetTraits) -> None:
        capabilities = model.capabilities()
        self.model = model
        self._output = _output(capabilities.outputs, traits.name)
        offered = capabilities.outputs[self._output]
        is_energy = self._output.startswith("energy")
        if not capabilities.length_unit or (is_energy and not offered.unit):
            raise ValueError(
                f"{traits.name}: unit of length {capabilities.length_unit!r}, of {self._output} "
                f"{offered.unit!r}; without both its numbers cannot be read. Export it with units."
            )
        lists = model.requested_neighbor_lists()
        radii = [float(options.engine_cutoff("angstrom")) for options in lists]
        super().__init__(
            replace(
                traits,
                cutoff=traits.cutoff or max(radii, default=None),
                atomic_types=traits.atomic_types or tuple(capabilities.atomic_types),
                dtype=capabilities.dtype,
                is_energy=is_energy,
                by_center=offered.sample_kind == "atom",
            )
        )

    def structure_rows(self, frames: Sequence[ase.Atoms]) -> Array:
        """Energies of systems, or features of atoms through a nonlinear readout."""
        if self.traits.is_energy or not self.traits.by_center:
            return self._values(frames, "system")[1]
        samples, values = self._values(frames, "atom")
        return nonlinear_readout(values, samples[:, 0].astype(np.intp), len(frames))

    def center_rows(self, frames: Sequence[ase.Atoms], centers: Sequence[int]) -> Array:
        """Energies or features of one atom of each system."""
        samples, values = self._values(frames, "atom")
        mine = samples[:, 1] == np.asarray(centers)[samples[:, 0]]
        return linear_readout(values[mine], samples[mine, 0].astype(np.intp), len(frames))

    def _values(self, frames: Sequence[ase.Atoms], kind: str) -> tuple[NDArray[np.int32], Array]:
        """Samples and values of the output."""
        from vesin.metatomic import neighbor_lists_for_model

        dtype = getattr(torch, self.traits.dtype)
        systems = [from_ase(atoms, dtype=dtype) for atoms in frames]
        for search in neighbor_lists_for_model("angstrom", self.model):
            search.add_neighbor_list(systems)
        unit = "eV" if self.traits.is_energy else ""
        options = ModelEvaluationOptions(
            length_unit="angstrom",
            outputs={self._output: ModelOutput(unit=unit, sample_kind=kind)},
        )
        with torch.no_grad():
            results = self.model(systems, options, check_consistency=True)
        return side_by_side(self._output, results[self._output].to(device="cpu"))


def _output(outputs: dict[str, Any], name: str) -> str:
    """Which output is asked for: energies before features, the plain name before variants."""
    for kind in ("energy", "feature", "features"):
        found = sorted(output for output in outputs if output.split("/")[0] == kind)
        if found:
            return found[0]
    raise ValueError(
        f"{name} has the outputs {sorted(outputs)}; an audit needs an energy or features."
    )
