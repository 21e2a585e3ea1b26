"""Ridge regression on kernels in chunks on disk, with given weights of the orders."""

from __future__ import annotations

import itertools
import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from rhobar.kernels import KernelStore, StoredMixture
from rhobar.math import cholesky_pivots
from rhobar.models.pivot_preconditioner import PivotPreconditioner
from rhobar.models.shifted_cholesky import ShiftedCholesky
from rhobar.models.tiled_cholesky import TiledCholesky

_LOG = logging.getLogger(__name__)

Array = NDArray[np.float64]

SOLVERS = ("cholesky", "tiles", "cg")

_MAX_ITERATIONS = 1000

_NOTHING_LEFT = 1e-10
"""part of the largest diagonal element below which the rest of a kernel is rounding"""


@dataclass(frozen=True)
class StoredKernelSolution:
    """
    Coefficients of the first structures of a store.

    :param coefficients: c ``(row,)``, in units of the noise
    :param weights: of ν = 0, 1, … in K, relative to the variance of the noise
    :param noise: unit of the target in which the regulariser is 1
    :param residual: ‖(K + 1) c - y‖ / ‖y‖
    :param n_iterations: of conjugate gradients, 0 for a factorisation
    """

    coefficients: Array
    weights: tuple[float, ...]
    noise: float
    residual: float
    n_iterations: int

    def predict(self, store: KernelStore, systems: range) -> Array:
        """
        Targets ``(structure,)``, or ``(structure, component)``, of some structures of the store.

        Without their baseline; in one pass over the chunks between them and those of the fit.
        """
        mixture = StoredMixture(store, self.weights)
        size = mixture.rows_per_system
        rows = range(size * systems.start, size * systems.stop)
        found = mixture.product(self.coefficients, rows, range(len(self.coefficients)))
        return self.noise * (found if size == 1 else found.reshape(-1, size))


@dataclass(frozen=True)
class StoredKernelRidge:
    r"""
    Kernel ridge regression for as many structures as one matrix, or none, has memory for.

    .. math:: \hat y = K_{\rm test} c, \qquad (K_{\rm train} + 1) c = y, \qquad
        K = \sum_\nu b_\nu K^\nu

    where y is the target over ``noise``; the same as :class:`NuKernelRidge` at one point of its
    search, which keeps all orders of all structures several times. n is the number of rows of the
    training structures, the first ones of the store; each pass reads their chunks once.

    "cholesky" mixes K in memory and factorises it in place: 8 n² bytes (97 GB for n = 110,000) and
    a chunk, n³/3 operations, one pass.

    "tiles" keeps the factor beside the chunks, in a folder that is removed in the end: 4 n² bytes
    of disk (48 GB), memory for four parts of K as large as a chunk, and a chunk; three passes.

    "cg" needs 8 n ``n_pivots`` bytes of memory (4.4 GB), 64 ``n_pivots``² (1.6 GB) and a chunk:
    conjugate gradients with one pass for each iteration, preconditioned by a pivoted Cholesky
    decomposition. Its pivots are chosen in a random part of the rows, of twice their number, so
    that two passes suffice: one for the kernel of that part, one for the columns of the pivots. A
    way out for smooth kernels only: with the weights that QM9 wants and n/10 pivots it iterates for
    hundreds to thousands of passes, and "tiles" is faster.

    :param weights: b of ν = 0 … nu_max
    :param noise: unit of the target in which the regulariser is 1
    :param solver: "cholesky", "tiles" or "cg"
    :param n_pivots: of the preconditioner of "cg"
    :param tolerance: of "cg", for the relative residual
    :param seed: of the random part
    """

    weights: Sequence[float]
    noise: float = 1.0
    solver: Literal["cholesky", "tiles", "cg"] = "cholesky"
    n_pivots: int = 5000
    tolerance: float = 1e-10
    seed: int = 0

    def __post_init__(self) -> None:
        if self.solver not in SOLVERS:
            raise ValueError(f"StoredKernelRidge: solver is one of {SOLVERS}, got {self.solver!r}.")
        for name in ("noise", "n_pivots", "tolerance"):
            if not getattr(self, name) > 0:
                raise ValueError(
                    f"StoredKernelRidge: {name} must be positive, got {getattr(self, name)}."
                )

    def fit(self, store: KernelStore, targets: ArrayLike) -> StoredKernelSolution:
        """
        Fit the first structures of ``store`` to ``targets``.

        :param targets: ``(structure,)``, or of tensors ``(structure, component)``, without their
            baseline
        :raises ValueError: if shapes do not match, or a target is not finite
        :raises numpy.linalg.LinAlgError: if K + 1 is not positive definite, or only by chance
        :raises MemoryError: if the matrix of "cholesky" does not fit
        :raises RuntimeError: if "cg" does not reach its tolerance
        """
        mixture = StoredMixture(store, tuple(self.weights))
        scaled = _rows(targets, mixture) / self.noise
        solve = {"cholesky": self._in_memory, "tiles": self._on_disk, "cg": self._iterated}
        try:
            found, left, n_iterations = solve[self.solver](mixture, scaled)
        except np.linalg.LinAlgError as failure:
            raise np.linalg.LinAlgError(
                f"StoredKernelRidge: K + 1 of {len(scaled)} rows with weights "
                f"{list(mixture.weights)} cannot be factorised ({failure}). Choose smaller "
                "weights, or subtract more of the target first."
            ) from failure
        residual = float(np.linalg.norm(left) / (np.linalg.norm(scaled) or 1.0))
        _LOG.info("%s: %d rows, residual %.3g", self.solver, len(scaled), residual)
        return StoredKernelSolution(found, mixture.weights, self.noise, residual, n_iterations)

    def _in_memory(self, mixture: StoredMixture, scaled: Array) -> tuple[Array, Array, int]:
        """Coefficients, what they leave, and no iterations."""
        rows = range(len(scaled))
        factor = ShiftedCholesky(mixture.block(rows, rows))
        found = factor.solve(scaled)
        return found, scaled - factor.product(found), 0

    def _on_disk(self, mixture: StoredMixture, scaled: Array) -> tuple[Array, Array, int]:
        """The same, refined once."""
        tile = len(mixture.store.part(0)) * mixture.rows_per_system
        with tempfile.TemporaryDirectory(dir=mixture.store.folder, prefix=".tiles-") as folder:
            factor = TiledCholesky(mixture.block, len(scaled), tile, Path(folder))
            found = factor.solve(scaled)
            found += factor.solve(scaled - _shifted(mixture, found))
        return found, scaled - _shifted(mixture, found), 0

    def _iterated(self, mixture: StoredMixture, scaled: Array) -> tuple[Array, Array, int]:
        """Coefficients, what they leave, and the number of iterations."""
        from scipy.sparse.linalg import LinearOperator, cg

        square = partial(LinearOperator, shape=(len(scaled), len(scaled)), dtype=np.float64)
        passes = itertools.count()
        found, unfinished = cg(
            square(matvec=lambda vector: _shifted(mixture, vector)),
            scaled,
            rtol=self.tolerance,
            maxiter=_MAX_ITERATIONS,
            M=square(matvec=self._preconditioner(mixture, len(scaled))),
            callback=lambda _: next(passes),
        )
        left = scaled - _shifted(mixture, found)
        if unfinished:
            raise RuntimeError(
                f"StoredKernelRidge: after {_MAX_ITERATIONS} iterations the residual is "
                f"{np.linalg.norm(left) / np.linalg.norm(scaled):.3g} of the targets, not "
                f"{self.tolerance:.3g}. Take more pivots, a larger tolerance, or solver='tiles'."
            )
        return found, left, next(passes)

    def _preconditioner(self, mixture: StoredMixture, n_rows: int) -> PivotPreconditioner:
        """From pivots of a random part of the first ``n_rows`` rows."""
        part = np.random.default_rng(self.seed).permutation(n_rows)[: 2 * self.n_pivots]
        part.sort()
        kernel = torch.from_numpy(mixture.block(part, part))
        diagonal = kernel.diagonal()
        if (diagonal < 0.0).any():
            raise np.linalg.LinAlgError("a diagonal element of K is negative")
        found = cholesky_pivots(
            diagonal,
            kernel.__getitem__,
            self.n_pivots,
            tolerance=_NOTHING_LEFT * float(diagonal.max()),
        )
        chosen = part[np.sort(found.numpy())]
        return PivotPreconditioner(mixture.block(range(n_rows), chosen), chosen)


def _shifted(mixture: StoredMixture, vector: Array) -> Array:
    """K + 1 times ``(row,)``, in one pass."""
    rows = range(len(vector))
    return mixture.product(vector, rows, rows) + vector


def _rows(targets: ArrayLike, mixture: StoredMixture) -> Array:
    """``(row,)``, finite, for at most all structures of the store."""
    values = np.asarray(targets, dtype=np.float64)
    size, n_systems = mixture.rows_per_system, mixture.store.n_systems
    shape = (len(values),) if values.ndim == 1 and size == 1 else (len(values), size)
    if values.shape != shape or not 0 < len(values) <= n_systems:
        raise ValueError(
            f"StoredKernelRidge: targets of shape {values.shape} for a store of {n_systems} "
            f"structures with {size} rows each; give (structure, component) of its first ones."
        )
    if not np.isfinite(values).all():
        raise ValueError("StoredKernelRidge: a target is not finite.")
    return values.ravel()
