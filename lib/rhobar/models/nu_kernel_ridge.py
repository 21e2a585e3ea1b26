"""Ridge regression on a mixture of kernels of all body orders."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rhobar.models.block_leave_one_out import fold_ends, left_out_residuals
from rhobar.models.nu_mixing import Mixing

_LOG = logging.getLogger(__name__)

Array = NDArray[np.float64]
Objective = Callable[[Array], float]


@dataclass(frozen=True)
class NuKernelSolution:
    """
    What a regression on kernels of all ν found.

    :param coefficients: c ``(row,)``, in units of the noise; a prediction is noise · K c
    :param weights: of ν = 0, 1, … in K, relative to the variance of the noise
    :param point: hyperparameters of the mixing that give these weights
    :param error: of cross-validation, in the unit of the target
    :param n_evaluations: of the objective, by the whole search
    :param residual: ‖(K + 1) c - y‖ / ‖y‖
    """

    coefficients: Array
    weights: tuple[float, ...]
    point: tuple[float, ...]
    error: float
    n_evaluations: int
    residual: float

    def predict(self, kernels: Array, *, noise: float = 1.0) -> Array:
        """
        Targets ``(row,)`` from ``kernels`` ``(row, training row, nu)``, without their baseline.

        :param noise: of the regression
        """
        return noise * ((kernels @ np.array(self.weights)) @ self.coefficients)

    def arrays(self, prefix: str = "solution/") -> dict[str, NDArray[Any]]:
        """All of it as arrays, for files."""
        numbers = asdict(self)
        return {f"{prefix}{name}": np.asarray(value) for name, value in numbers.items()}

    @classmethod
    def of_arrays(
        cls, arrays: Mapping[str, NDArray[Any]], prefix: str = "solution/"
    ) -> NuKernelSolution:
        """What :meth:`arrays` was of."""
        parts = {field.name: arrays[f"{prefix}{field.name}"] for field in fields(cls)}
        return cls(
            coefficients=parts["coefficients"],
            weights=tuple(parts["weights"].tolist()),
            point=tuple(parts["point"].tolist()),
            error=float(parts["error"]),
            n_evaluations=int(parts["n_evaluations"]),
            residual=float(parts["residual"]),
        )


@dataclass(frozen=True)
class NuKernelRidge:
    r"""
    Kernel ridge regression whose kernel is a weighted sum of kernels of all ν, weights searched.

    .. math:: \hat y = K_{\rm test} (K_{\rm train} + 1)^{-1} y, \qquad K = \sum_\nu b_\nu K^\nu

    where y is the target over ``noise``. The weights minimise the error of cross-validation
    over contiguous folds of structures (:func:`left_out_residuals`; shuffle before). Up to
    ``n_annealed`` rows they are found by SciPy's generalised simulated annealing without local
    searches, the protocol of Bigi, Pozdnyakov, Ceriotti, J. Chem. Phys. 161, 044116 (2024),
    arXiv:2303.04124; beyond, by a simplex search that starts from what annealing found for the
    first structures. Time: some 2 ``max_iterations`` evaluations for each hyperparameter with
    2n³/3 operations each, 5 ms for 500 rows; memory: the kernels twice and one more matrix.

    :param mixing: hyperparameters of the weights
    :param error: what is minimised: ``"mae"`` and ``"rmse"`` over all components, ``"norm"`` the
        mean error of the lengths of vectors, :math:`\langle| |\hat y| - |y| |\rangle`
    :param noise: unit of the target in which the regulariser is 1
    :param n_folds: of cross-validation
    :param seed: of the annealing
    :param n_annealed: rows up to which all weights are tried on all rows
    :param n_local: evaluations of the simplex search
    :param max_iterations: of the annealing
    """

    mixing: Mixing
    error: Literal["mae", "rmse", "norm"] = "mae"
    noise: float = 1.0
    n_folds: int = 10
    seed: int = 0
    n_annealed: int = 500
    n_local: int = 60
    max_iterations: int = 1000

    def __post_init__(self) -> None:
        if self.error not in ("mae", "rmse", "norm"):
            raise ValueError(
                f"NuKernelRidge: error is 'mae', 'rmse' or 'norm', got {self.error!r}."
            )
        if not self.noise > 0:
            raise ValueError(f"NuKernelRidge: noise must be positive, got {self.noise}.")

    def fit(
        self, kernels: Array, targets: Array, *, start: Sequence[float] | None = None
    ) -> NuKernelSolution:
        """
        Search the weights, then fit all structures.

        :param kernels: ``(row, row, nu)`` float64; the rows of one structure, its components,
            follow each other
        :param targets: ``(structure,)``, or ``(structure, component)``
        :param start: the ``point`` of a fit to fewer structures, from which a simplex search starts
            instead of annealing
        :raises ValueError: if shapes do not match, a number is not finite, or no weights within
            the bounds give a positive definite matrix
        """
        matrices, values = self._checked(kernels, targets)
        n_annealed = min(len(values), max(self.n_folds, self.n_annealed // values.shape[1]))
        used = 0
        if start is None:
            point, error, used = self._anneal(matrices, values[:n_annealed])
        else:
            point = np.asarray(start, dtype=np.float64)
        if start is not None or n_annealed < len(values):
            point, error, more = self._descend(matrices, values, point)
            used += more
        _LOG.info("kernel ridge: %s = %.6g at %s after %d", self.error, error, point, used)
        return self._solved(matrices, values, point, error=error, n_evaluations=used)

    def solve(self, kernels: Array, targets: Array, point: Array) -> NuKernelSolution:
        """
        The fit with given hyperparameters, its error of cross-validation included.

        :raises ValueError: if K + 1 is not positive definite
        """
        matrices, values = self._checked(kernels, targets)
        point = np.asarray(point, dtype=np.float64)
        error = self.objective(matrices, values)(point)
        return self._solved(matrices, values, point, error=error, n_evaluations=1)

    def _solved(
        self, matrices: Array, values: Array, point: Array, *, error: float, n_evaluations: int
    ) -> NuKernelSolution:
        """All structures fitted, improved once by what is left."""
        from scipy.linalg import cho_factor, cho_solve

        weights = self.mixing.weights(point)
        shifted = np.tensordot(weights, matrices, axes=1)
        shifted[np.diag_indices(len(shifted))] += 1.0
        scaled = values.ravel() / self.noise
        try:
            factor = cho_factor(shifted, lower=True)
        except np.linalg.LinAlgError as failure:
            raise ValueError(
                f"NuKernelRidge: K + 1 with weights {weights.tolist()} is not positive definite "
                f"({failure}); the kernels must have no negative eigenvalues beyond rounding. "
                "Choose smaller weights, or subtract more of the target first."
            ) from failure
        found = cho_solve(factor, scaled)
        found += cho_solve(factor, scaled - shifted @ found)
        left = np.linalg.norm(scaled - shifted @ found)
        return NuKernelSolution(
            coefficients=found,
            weights=tuple(weights.tolist()),
            point=tuple(float(value) for value in point),
            error=error,
            n_evaluations=n_evaluations,
            residual=float(left / (np.linalg.norm(scaled) or 1.0)),
        )

    def objective(self, matrices: Array, values: Array) -> Objective:
        """
        Error of cross-validation as a function of hyperparameters; infinite where a factor fails.

        :param matrices: ``(nu, row, row)``, C-contiguous; the first rows are used
        :param values: ``(structure, component)``
        """
        n_rows = values.size
        ends = fold_ends(len(values), self.n_folds) * values.shape[1]
        stacked = np.ascontiguousarray(matrices[:, :n_rows, :n_rows]).reshape(len(matrices), -1)
        scratch, scaled = np.empty(n_rows * n_rows), values.ravel() / self.noise

        def error(point: Array) -> float:
            np.dot(self.mixing.weights(point), stacked, out=scratch)
            mixed = scratch.reshape(n_rows, n_rows)
            try:
                residuals = left_out_residuals(mixed, scaled, ends, overwrite=True)
            except np.linalg.LinAlgError:
                return np.inf
            return self._error(residuals.reshape(values.shape) * self.noise, values)

        return error

    def _error(self, residuals: Array, values: Array) -> float:
        if self.error == "mae":
            found = np.abs(residuals).mean()
        elif self.error == "rmse":
            found = np.sqrt(np.square(residuals).mean())
        else:
            lengths = np.linalg.norm(values - residuals, axis=1) - np.linalg.norm(values, axis=1)
            found = np.abs(lengths).mean()
        return float(found) if np.isfinite(found) else np.inf

    def _anneal(self, matrices: Array, values: Array) -> tuple[Array, float, int]:
        """Point, error and number of evaluations; the best of the start and all visits."""
        from scipy.optimize import dual_annealing

        objective, start = self.objective(matrices, values), self.mixing.start
        try:
            found = dual_annealing(
                objective,
                list(self.mixing.bounds),
                maxiter=self.max_iterations,
                no_local_search=True,
                x0=np.array(start),
                seed=self.seed,
            )
        except ValueError as failure:  # after a thousand infinite values
            raise ValueError(
                "NuKernelRidge: no weights within the bounds give a positive definite K + 1; the "
                f"kernels must have no negative eigenvalues beyond rounding ({failure})."
            ) from failure
        return found.x, float(found.fun), int(found.nfev)

    def _descend(self, matrices: Array, values: Array, start: Array) -> tuple[Array, float, int]:
        """The same by a simplex of a tenth of a decade and of α, that starts at ``start``."""
        from scipy.optimize import minimize

        low, high = np.array(self.mixing.bounds).T
        steps = np.diag(np.maximum(0.1, 0.1 * np.abs(start)))
        corners = np.clip(start + np.vstack([np.zeros_like(start), steps]), low, high)
        stuck = np.flatnonzero(corners[1:].diagonal() == start)  # at the upper bound: turn around
        corners[1 + stuck, stuck] -= steps.diagonal()[stuck]
        found = minimize(
            self.objective(matrices, values),
            start,
            method="Nelder-Mead",
            bounds=list(self.mixing.bounds),
            options={
                "maxfev": self.n_local,
                "initial_simplex": corners,
                "xatol": 1e-3,
                "fatol": np.inf,
            },
        )
        if not np.isfinite(found.fun):
            raise ValueError(
                f"NuKernelRidge: K + 1 of {values.size} rows is not positive definite near the "
                f"weights found for the first rows, {self.mixing.weights(start).tolist()}."
            )
        return found.x, float(found.fun), int(found.nfev)

    def _checked(self, kernels: Array, targets: Array) -> tuple[Array, Array]:
        """``(nu, row, row)`` and ``(structure, component)``, finite and of one size."""
        values = np.asarray(targets, dtype=np.float64)
        values = values.reshape(len(values), -1)
        matrices = np.ascontiguousarray(np.moveaxis(np.asarray(kernels, dtype=np.float64), -1, 0))
        expected = (values.size, values.size, self.mixing.nu_max + 1)
        if np.shape(kernels) != expected or values.size == 0:
            raise ValueError(
                f"NuKernelRidge: kernels of shape {np.shape(kernels)} and targets of shape "
                f"{np.shape(targets)} do not match; {values.size} rows and nu_max="
                f"{self.mixing.nu_max} need kernels (row, row, nu) of {expected}."
            )
        if not (np.isfinite(matrices).all() and np.isfinite(values).all()):
            raise ValueError("NuKernelRidge: a kernel or a target is not finite.")
        return matrices, values
