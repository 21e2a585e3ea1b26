"""Energies linear in the features of the environments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ase
import torch

from rhobar.models.design import Design
from rhobar.models.energy_model import EnergyModel
from rhobar.models.environments import Descriptor
from rhobar.models.ridge import Ridge, RidgeSolution
from rhobar.models.structures import split_columns


class LinearModel(EnergyModel):
    r"""
    Atomic energies linear in features, with weights of their own for each center type.

    .. math:: E(A) = \sum_{i \in A} \left[ e_{a_i} + w_{a_i} \cdot p_i \right]

    With a density correlation of ν neighbors it holds all potentials of up to ν + 1 bodies
    (Nigam, Pozdnyakov, Ceriotti, J. Chem. Phys. 153, 121101 (2020), doi:10.1063/5.0021116), but
    only as long as the features are not normalised.

    :param descriptor: makes invariant features of declared ``atomic_types``
    :param normalize: whether the features of each atom are scaled to unit length, which mixes body
        orders and usually lowers the error for chemically diverse structures
    :param solver: how weights are found
    :param force_weight: weight of forces relative to energies, see :class:`EnergyModel`
    """

    def __init__(
        self,
        descriptor: Descriptor,
        *,
        normalize: bool = True,
        solver: Ridge | None = None,
        force_weight: float = 1.0,
    ) -> None:
        super().__init__(descriptor, normalize=normalize, solver=solver, force_weight=force_weight)

    def features(self, frames: Sequence[ase.Atoms]) -> torch.Tensor:
        """
        Features of structures, ``(structure, column)``: what weights multiply.

        They depend on no energies, so that one call serves fits to any subset of ``frames``.
        """
        return self._design(frames, forces=False).energies

    def _design(self, frames: Sequence[ase.Atoms], *, forces: bool) -> Design:
        return Design.of_frames(frames, self._environments, forces=forces)

    def _learn(
        self, frames: Sequence[ase.Atoms], residual: torch.Tensor, forces: torch.Tensor | None
    ) -> tuple[dict[int, torch.Tensor], RidgeSolution]:
        design = self._design(frames, forces=forces is not None)
        solution = design.solve(self.solver, residual, forces, force_weight=self.force_weight)
        properties = self._environments.properties
        sizes = {number: len(labels) for number, labels in properties.items()}
        return split_columns(solution.weights, sizes), solution

    def _environment_energies(self, features: torch.Tensor, *, center_type: int) -> torch.Tensor:
        return features @ self._weights_of(center_type)

    def _hypers(self) -> dict[str, Any]:
        return {"normalize": self._environments.normalize, "force_weight": self.force_weight}
