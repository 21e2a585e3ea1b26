"""Descriptors and models that turn structures into metatensor blocks."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import ase
import numpy as np
import torch
from metatensor.torch import Labels, TensorMap
from numpy.typing import NDArray

from rhobar.systems import from_ase, neighbors_added

from ..feature_matrix import side_by_side
from .readout import linear_readout, nonlinear_readout
from .target import AuditTarget, TargetTraits, said

Array = NDArray[np.float64]
Readout = Literal["nonlinear", "linear"]

_CENTER_NAMES = ("atom", "first_atom")


class ComputedTarget(AuditTarget):
    """
    A module with ``compute(frames)``, as those of rhobar, or one called with metatomic systems.

    Rows of one center that tell of single pairs or triplets (samples ``first_atom``,
    ``second_atom``, …) are added. Features of atoms become those of structures by a readout;
    energies of atoms by a sum.

    :param module: of invariant features or energies
    :param readout: see :func:`rhobar.analysis.completeness.readout.nonlinear_readout`
    """

    def __init__(self, module: Any, traits: TargetTraits, *, readout: Readout) -> None:
        known = _declared_types(module) if traits.atomic_types is None else traits.atomic_types
        cutoff = neighbor_radius(module) if traits.cutoff is None else traits.cutoff
        self.module = copy.deepcopy(module)
        if isinstance(self.module, torch.nn.Module):
            self.module.to(getattr(torch, traits.dtype))
        self._dtype = getattr(torch, traits.dtype)
        self._readout = nonlinear_readout if readout == "nonlinear" else linear_readout
        try:
            sample = self._blocks([_small(known)])
        except Exception as error:
            raise ValueError(f"{traits.name} failed: {said(error)}") from error
        self._center_name = next((n for n in _CENTER_NAMES if n in sample.sample_names), None)
        super().__init__(
            replace(
                traits,
                cutoff=cutoff,
                atomic_types=known,
                is_energy=sample.property_names == ["energy"],
                by_center=self._center_name is not None,
            )
        )

    def structure_rows(self, frames: Sequence[ase.Atoms]) -> Array:
        """Rows of structures as they are, those of atoms through the readout."""
        samples, values = self._joined(frames)
        frame = samples[:, 0].astype(np.intp)
        if self._center_name is None or self.traits.is_energy:
            return linear_readout(values, frame, len(frames))
        return self._readout(values, frame, len(frames))

    def center_rows(self, frames: Sequence[ase.Atoms], centers: Sequence[int]) -> Array:
        """Rows of one atom of each frame, zero where it has none."""
        samples, values = self._joined(frames, centers)
        rows = np.zeros((len(frames), values.shape[1]))
        mine = samples[:, 1] == np.asarray(centers)[samples[:, 0]]
        rows[samples[mine, 0]] = values[mine]
        return rows

    def _joined(
        self, frames: Sequence[ase.Atoms], centers: Sequence[int] | None = None
    ) -> tuple[NDArray[np.int32], Array]:
        """Samples ``(row, (frame, center))``, or ``(row, (frame,))``, and their values."""
        features = self._blocks(frames, centers)
        samples, values = side_by_side(self.traits.name, features)
        names = list(features.sample_names)
        kept = [names.index(name) for name in ("system", self._center_name) if name in names]
        chosen, row = np.unique(samples[:, kept], axis=0, return_inverse=True)
        if len(chosen) == len(samples):
            return samples[:, kept], values
        return chosen, linear_readout(values, row.ravel(), len(chosen))

    def _blocks(
        self, frames: Sequence[ase.Atoms], centers: Sequence[int] | None = None
    ) -> TensorMap:
        """What the module gives, of ``centers`` only where it can choose."""
        with torch.no_grad():
            compute = getattr(self.module, "compute", None)
            if compute is None:
                systems = [from_ase(atoms, dtype=self._dtype) for atoms in frames]
                for options in self.module.requested_neighbor_lists():
                    systems = neighbors_added(systems, options.cutoff)
                return self.module(systems)
            if centers is None or "selected_samples" not in inspect.signature(compute).parameters:
                return compute(list(frames))
            chosen = torch.tensor(list(enumerate(centers)), dtype=torch.int32)
            return compute(list(frames), selected_samples=Labels(["system", "atom"], chosen))


def _declared_types(module: Any) -> tuple[int, ...] | None:
    """The types that the module, or the descriptor in it, was made for, where it says so."""
    parts: list[Any] = [module, getattr(module, "descriptor", None)]
    for part in parts:
        declared = part.hypers().get("atomic_types") if hasattr(part, "hypers") else None
        if declared is None and isinstance(getattr(part, "types", None), torch.Tensor):
            declared = part.types.tolist()
        if declared is not None:
            return tuple(int(number) for number in declared)
    return None


def neighbor_radius(module: Any) -> float | None:
    """The largest radius of its neighbor lists, Å."""
    if not hasattr(module, "requested_neighbor_lists"):
        return None
    return max((float(o.cutoff) for o in module.requested_neighbor_lists()), default=None)


def _small(known: tuple[int, ...] | None) -> ase.Atoms:
    """A small structure of known types, to ask for metadata."""
    number = 6 if known is None else known[0]
    return ase.Atoms([number] * 3, [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.1, 0.0]])
