"""Conjugate gradients with a preconditioner from columns of the kernel."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator, cg

from rhobar.models.pivot_preconditioner import PivotPreconditioner

N_ROWS = 200


@pytest.fixture
def kernel() -> np.ndarray:
    """Eigenvalues that fall from 1e4 to 1e-6."""
    rng = np.random.default_rng(0)
    directions, _ = np.linalg.qr(rng.normal(size=(N_ROWS, N_ROWS)))
    return (directions * np.logspace(4, -6, N_ROWS)) @ directions.T


def test_the_preconditioner_is_the_inverse_of_what_the_columns_explain(
    kernel: np.ndarray,
) -> None:
    pivots = np.arange(0, N_ROWS, 5)
    columns = kernel[:, pivots]
    explained = columns @ np.linalg.solve(kernel[np.ix_(pivots, pivots)], columns.T)
    vector = np.random.default_rng(1).normal(size=N_ROWS)
    expected = np.linalg.solve(explained + np.eye(N_ROWS), vector)
    found = PivotPreconditioner(np.ascontiguousarray(columns), pivots)(vector)
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-7)


def test_more_pivots_fewer_iterations(kernel: np.ndarray) -> None:
    shifted = kernel + np.eye(N_ROWS)
    targets = np.random.default_rng(3).normal(size=N_ROWS)
    expected = np.linalg.solve(shifted, targets)
    counts = []
    for n_pivots in (10, 40, 120):
        pivots = np.arange(n_pivots)
        inverse = PivotPreconditioner(kernel[:, pivots].copy(), pivots)
        steps: list[np.ndarray] = []
        found, _ = cg(
            shifted,
            targets,
            rtol=1e-10,
            maxiter=1000,
            M=LinearOperator(shifted.shape, matvec=inverse),
            callback=steps.append,
        )
        assert np.linalg.norm(shifted @ found - targets) < 2e-9 * np.linalg.norm(targets)
        assert found == pytest.approx(expected, abs=1e-7)
        counts.append(len(steps))
    assert counts[2] < 10 < counts[1] < 0.7 * counts[0]
