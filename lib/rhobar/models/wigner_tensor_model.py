"""Vectors and matrices by kernel ridge regression on equivariant Wigner kernels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import ase
import numpy as np
from numpy.typing import ArrayLike, NDArray

from rhobar.kernels import WignerKernel
from rhobar.models.cartesian_tensors import Part, cartesian_tensors, spherical_parts
from rhobar.models.files import write_model
from rhobar.models.nu_kernel_ridge import NuKernelRidge, NuKernelSolution
from rhobar.models.nu_mixing import ExponentialMixing
from rhobar.models.stored_frames import frame_arrays, frames_of_arrays
from rhobar.models.wigner_regression import WignerRegression

_PORTION = 30_000_000
"""numbers of kernels between new and training structures that are kept at once, 240 MB"""


class WignerTensorModel(WignerRegression):
    r"""
    Vectors, such as dipoles, and matrices, such as polarizabilities, of structures.

    .. math:: y_{\lambda\sigma\mu}(A) = \sum_{B\mu'} c_{\lambda\sigma, B\mu'}
        \sum_{\nu} b^{\lambda\sigma}_\nu K^\nu_{\lambda\sigma,\mu\mu'}(A, B)

    for each irreducible part (λ, σ) of the tensor by itself: (1, +1) for vectors, (0, +1), (1, -1)
    and (2, +1) for matrices, of which those that vanish in all training structures are taken to
    vanish throughout. ν = 0, the composition, belongs to (0, +1) only. Bigi, Pozdnyakov, Ceriotti,
    J. Chem. Phys. 161, 044116 (2024), doi:10.1063/5.0208746.

    :param kernel: of any target; its ``nu_max`` and engine are used
    :param ridge: regression and search, with a mixing without ν = 0, to which (0, +1) adds it;
        None: the published mixing and protocol for dipoles, errors of lengths, with a regulariser
        of 1 in the unit of the target
    :raises ValueError: if the mixing of ``ridge`` is for another ``nu_max``
    """

    def __init__(self, kernel: WignerKernel, *, ridge: NuKernelRidge | None = None) -> None:
        if ridge is None:
            ridge = NuKernelRidge(ExponentialMixing.for_tensors(kernel.nu_max), error="norm")
        super().__init__(kernel, ridge)
        self._frames: list[ase.Atoms] = []
        self._solutions: dict[Part, NuKernelSolution] = {}

    @property
    def solutions(self) -> dict[Part, NuKernelSolution]:
        """Weights of the orders, error of cross-validation, coefficients, by (λ, σ)."""
        if not self._solutions:
            raise ValueError("This WignerTensorModel is not fitted; call fit first.")
        return self._solutions

    def fit(self, frames: Sequence[ase.Atoms], tensors: ArrayLike) -> Self:
        """
        Search the weights and fit tensors ``(structure, 3)`` or ``(structure, 3, 3)`` in x, y, z.

        :raises ValueError: if shapes do not match, a value is not finite, or all are zero
        """
        values = np.asarray(tensors, dtype=np.float64)
        parts = spherical_parts(values)
        if len(values) != len(frames) or not np.isfinite(values).all() or not values.any():
            raise ValueError(
                f"WignerTensorModel: got {len(frames)} structures and tensors of shape "
                f"{values.shape}; give one finite tensor for each, not all of them zero."
            )
        scale = np.abs(values).max()
        self._frames = [frame.copy() for frame in frames]  # the caller may move the originals
        self._solutions = {
            part: self._ridge_of(part).fit(self._rows(self._frames, part), targets)
            for part, targets in parts.items()
            if np.abs(targets).max() > 1e-12 * scale
        }
        return self

    def predict(self, frames: Sequence[ase.Atoms]) -> NDArray[np.float64]:
        """
        Tensors ``(structure, 3)`` or ``(structure, 3, 3)`` in x, y, z, in the unit of the fit.

        :raises ValueError: if the model is not fitted, or a frame holds a type that no training
            structure had
        """
        solutions = self.solutions
        self._refuse_unknown_types(frames)
        size = max(1, _PORTION // (9 * len(self._frames) * (self.kernel.nu_max + 1)))
        portions = [frames[start : start + size] for start in range(0, len(frames), size)]
        parts = {}
        for (o3_lambda, o3_sigma), solution in solutions.items():
            found = [
                solution.predict(self._rows(part, (o3_lambda, o3_sigma)), noise=self.ridge.noise)
                for part in portions
            ]
            flat = np.concatenate([np.zeros(0), *found])
            parts[o3_lambda, o3_sigma] = flat.reshape(len(frames), 2 * o3_lambda + 1)
        return cartesian_tensors(parts)

    def save(self, path: str | Path) -> None:
        """
        Write the model with its kernel and training structures; nothing is pickled.

        The file appears complete or not at all.
        """
        arrays = frame_arrays(self._frames)
        for part, solution in self.solutions.items():
            arrays |= solution.arrays(_prefix(part))
        parts = [list(part) for part in self.solutions]
        write_model(path, {**self._header(), "parts": parts}, arrays)

    def _restore(self, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take from a file what a fit finds."""
        for o3_lambda, o3_sigma in header["parts"]:
            part = int(o3_lambda), int(o3_sigma)
            self._solutions[part] = NuKernelSolution.of_arrays(arrays, _prefix(part))
        self._frames = frames_of_arrays(arrays)

    def _ridge_of(self, part: Part) -> NuKernelRidge:
        """That of the model; for (0, +1) with the composition, by the errors of signed numbers."""
        if part != (0, 1):
            return self.ridge
        error = "mae" if self.ridge.error == "norm" else self.ridge.error
        return replace(self.ridge, mixing=self.ridge.mixing.with_composition(), error=error)

    def _rows(self, frames: Sequence[ase.Atoms], part: Part) -> NDArray[np.float64]:
        """Kernels ``(structure * mu, training structure * mu, nu)``."""
        other = None if frames is self._frames else self._frames
        matrices = self.kernel.matrices(frames, other, target=part).numpy()
        size = 2 * part[0] + 1
        return matrices.reshape(len(frames) * size, len(self._frames) * size, -1)

    def _refuse_unknown_types(self, frames: Sequence[ase.Atoms]) -> None:
        known = {int(number) for frame in self._frames for number in frame.numbers}
        for index, frame in enumerate(frames):
            unknown = sorted({int(number) for number in frame.numbers} - known)
            if unknown:
                raise ValueError(
                    f"Frame {index} has an atom of type {unknown[0]}, but the model knows only "
                    f"{sorted(known)}; fit it on structures with that type."
                )


def _prefix(part: Part) -> str:
    return f"solution_{part[0]}_{part[1]}/"
