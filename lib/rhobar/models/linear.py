"""Energies linear in the features of the environments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ase
import torch
from metatensor.torch import Labels, TensorBlock, TensorMap

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

    @property
    def normalize(self) -> bool:
        """Whether the features of each atom are scaled to unit length."""
        return self._environments.normalize

    def weights(self) -> TensorMap:
        """
        What multiplies the features: keys and properties of the descriptor, one sample, eV.

        :raises ValueError: if the model is not fitted
        """
        self._fitted(self._weights)
        lone = ase.Atoms([self.descriptor.hypers()["atomic_types"][0]])
        features = self.descriptor.compute([lone])  # of declared types: all blocks that exist
        others = [name for name in features.keys.names if name != "center_type"]
        blocks = []
        for key, block in features.items():
            center_type = int(key["center_type"])
            columns = self._environments.properties[center_type]
            names = [int(key[name]) for name in others]
            places = [columns.position([*names, *row]) for row in block.properties.values.tolist()]
            blocks.append(
                TensorBlock(
                    values=self._weights_of(center_type)[places][None],
                    samples=Labels(["_"], torch.zeros(1, 1, dtype=torch.int32)),
                    components=[],
                    properties=block.properties,
                )
            )
        return TensorMap(features.keys, blocks)

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
        return {"normalize": self.normalize, "force_weight": self.force_weight}
