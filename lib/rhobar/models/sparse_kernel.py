"""Kernel ridge regression on a few active environments of each type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ase
import torch
from metatensor.torch import TensorMap
from numpy.typing import NDArray

from rhobar.kernels import PolynomialKernel
from rhobar.models.active_set import active_arrays, active_from_arrays, farthest_environments
from rhobar.models.design import Design
from rhobar.models.energy_model import EnergyModel
from rhobar.models.environments import Descriptor
from rhobar.models.ridge import Ridge, RidgeSolution
from rhobar.models.structures import split_columns

_SMALLEST_EIGENVALUE = 1e-10  # relative to the largest


class SparseKernelModel(EnergyModel):
    r"""
    Subset of regressors: a kernel model whose weights belong to a few active environments M.

    .. math:: E(A) = \sum_{i \in A} \Big[ e_{a_i}
              + \sum_{m \in M_{a_i}} w_m (\hat p_i \cdot \hat p_m)^\zeta \Big]

    Features are scaled to unit length, the active environments of each type are farthest points
    of the training set. The fit is a ridge regression on
    :math:`\Phi = K_{nM} U \Lambda^{-1/2}`, where :math:`K_{MM} = U \Lambda U^T` for each type and
    eigenvalues below 1e-10 of the largest are left out, so that
    :math:`\Phi \Phi^T = K_{nM} K_{MM}^{-1} K_{Mn}` is the Nyström approximation of the kernel
    (Quiñonero-Candela, Rasmussen, J. Mach. Learn. Res. 6, 1939 (2005)).

    :param descriptor: makes invariant features of declared ``atomic_types``
    :param n_active: active environments of each type; all there are, where there are fewer
    :param exponent: ζ
    :param seed: of the random environments among which the active ones are chosen
    :param solver: how weights are found
    :param force_weight: weight of forces relative to energies, see :class:`EnergyModel`
    """

    def __init__(
        self,
        descriptor: Descriptor,
        *,
        n_active: int,
        exponent: int = 2,
        seed: int = 0,
        solver: Ridge | None = None,
        force_weight: float = 1.0,
    ) -> None:
        if n_active < 1:
            raise ValueError(f"SparseKernelModel: n_active must be at least 1, got {n_active}.")
        super().__init__(descriptor, normalize=True, solver=solver, force_weight=force_weight)
        self.kernel = PolynomialKernel(exponent)
        self.n_active = n_active
        self.seed = seed
        self._active: TensorMap | None = None

    def choose_active(self, frames: Sequence[ase.Atoms]) -> None:
        """Take the active environments from ``frames``, whose energies do not matter."""
        self._active = farthest_environments(
            frames, self._environments, n_active=self.n_active, seed=self.seed
        )

    def features(self, frames: Sequence[ase.Atoms]) -> torch.Tensor:
        r"""
        :math:`\Phi` ``(structure, column)`` for the active environments chosen last.

        They depend on no energies, so that one call serves fits to any subset of ``frames``.

        :raises ValueError: if neither :meth:`choose_active` nor :meth:`fit` was called
        """
        if self._active is None:
            raise ValueError("SparseKernelModel: call choose_active(frames) before features.")
        return self._design(frames, forces=False).rotated(self._whitening()).energies

    def _design(self, frames: Sequence[ase.Atoms], *, forces: bool) -> Design:
        active = self._fitted(self._active)

        def columns(features: TensorMap) -> TensorMap:
            return self.kernel.columns(features, active)

        return Design.of_frames(frames, self._environments, columns, forces=forces)

    def _whitening(self) -> torch.Tensor:
        """``(active, column)``, the blocks U Λ^(-1/2) of the center types on the diagonal."""
        parts = []
        for block in self._fitted(self._active).blocks():
            values, vectors = torch.linalg.eigh(self.kernel.between(block.values, block.values))
            kept = values > _SMALLEST_EIGENVALUE * values.max() if len(values) else values > 0
            parts.append(vectors[:, kept] / values[kept].sqrt())
        return torch.block_diag(*parts)

    def _learn(
        self, frames: Sequence[ase.Atoms], residual: torch.Tensor, forces: torch.Tensor | None
    ) -> tuple[dict[int, torch.Tensor], RidgeSolution]:
        self.choose_active(frames)
        whitening = self._whitening()
        design = self._design(frames, forces=forces is not None).rotated(whitening)
        solution = design.solve(self.solver, residual, forces, force_weight=self.force_weight)
        sizes = {int(key[0]): len(block) for key, block in self._fitted(self._active).items()}
        return split_columns(whitening @ solution.weights, sizes), solution

    def _environment_energies(self, features: torch.Tensor, *, center_type: int) -> torch.Tensor:
        active = self._fitted(self._active).block({"center_type": center_type}).values
        return self.kernel.combined(features, active, self._weights_of(center_type))

    def _hypers(self) -> dict[str, Any]:
        return {
            "n_active": self.n_active,
            "exponent": self.kernel.exponent,
            "seed": self.seed,
            "force_weight": self.force_weight,
        }

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return active_arrays(self._fitted(self._active))

    def restore(self, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take from a file what a fit finds, the active environments included."""
        super().restore(header, arrays)
        self._active = active_from_arrays(arrays, self._environments.properties)
