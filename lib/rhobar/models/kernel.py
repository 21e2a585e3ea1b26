"""Kernel ridge regression with a power of the scalar product of environments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ase
import torch
from metatensor.torch import TensorMap
from numpy.typing import NDArray

from rhobar.kernels import PolynomialKernel
from rhobar.models.active_set import active_arrays, active_from_arrays
from rhobar.models.energy_model import EnergyModel
from rhobar.models.environments import Descriptor
from rhobar.models.ridge import Ridge, RidgeSolution


class KernelModel(EnergyModel):
    r"""
    Kernel ridge regression on all environments of the training structures, on energies.

    .. math:: E(A) = \sum_{i \in A} e_{a_i} + \sum_B \alpha_B\, k(A, B), \qquad
              k(A, B) = \sum_{i \in A, j \in B} \delta_{a_i a_j} (\hat p_i \cdot \hat p_j)^\zeta

    with features scaled to unit length (Bartok, Kondor, Csanyi, Phys. Rev. B 87, 184115 (2013),
    doi:10.1103/PhysRevB.87.184115). It keeps the features of every training environment, 8 bytes
    each, in memory and in its file; for thousands of structures, or to learn forces, take
    :class:`SparseKernelModel`.

    :param descriptor: makes invariant features of declared ``atomic_types``
    :param exponent: ζ; 2 makes a model of three-body features contain five-body terms
    :param solver: how weights are found
    """

    def __init__(
        self, descriptor: Descriptor, *, exponent: int = 2, solver: Ridge | None = None
    ) -> None:
        super().__init__(descriptor, normalize=True, solver=solver)
        self.kernel = PolynomialKernel(exponent)
        self._active: TensorMap | None = None

    def matrix(
        self, frames: Sequence[ase.Atoms], others: Sequence[ase.Atoms] | None = None
    ) -> torch.Tensor:
        """
        k(A, B), ``(structure, other structure)``; ``others=None`` stands for ``frames``.

        It depends on no energies, so that one call serves fits to any subset of ``frames``.
        """
        environments = self._environments.whole(frames)
        if others is None:
            return self.kernel.matrix(environments, n_systems=len(frames))
        return self.kernel.matrix(
            environments,
            self._environments.whole(others),
            n_systems=len(frames),
            n_others=len(others),
        )

    def _learn(
        self, frames: Sequence[ase.Atoms], residual: torch.Tensor, forces: torch.Tensor | None
    ) -> tuple[dict[int, torch.Tensor], RidgeSolution]:
        if forces is not None:
            raise ValueError(
                "KernelModel learns energies only; take SparseKernelModel to learn forces."
            )
        self._active = self._environments.whole(frames)
        matrix = self.kernel.matrix(self._active, n_systems=len(frames))
        solution = self.solver.fit_kernel(matrix, residual)
        weights = {
            int(key[0]): solution.weights[block.samples.column("system").long()]
            for key, block in self._active.items()
        }
        return weights, solution

    def _environment_energies(self, features: torch.Tensor, *, center_type: int) -> torch.Tensor:
        active = self._fitted(self._active).block({"center_type": center_type}).values
        return self.kernel.combined(features, active, self._weights_of(center_type))

    def _hypers(self) -> dict[str, Any]:
        return {"exponent": self.kernel.exponent}

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return active_arrays(self._fitted(self._active))

    def restore(self, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take from a file what a fit finds, the training environments included."""
        super().restore(header, arrays)
        self._active = active_from_arrays(arrays, self._environments.properties)
