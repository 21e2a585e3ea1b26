"""Solutions and residuals from the one array that held the kernel."""

from __future__ import annotations

import numpy as np
import pytest

from rhobar.models.shifted_cholesky import ShiftedCholesky
from tests.models.nu_kernels import labelled


def test_solution_residual_and_memory() -> None:
    data = labelled(80, seed=1)
    matrix = data.kernels @ [1e3, 1e2, 1e3, 1e5]
    targets = data.targets.ravel()
    shifted = matrix + np.eye(80)
    taken = matrix.copy()
    factor = ShiftedCholesky(taken)
    assert np.shares_memory(factor._factor, taken)
    vector = np.random.default_rng(0).normal(size=80)
    assert factor.product(vector) == pytest.approx(shifted @ vector, rel=1e-11, abs=1e-6)
    found = factor.solve(targets)
    assert np.linalg.norm(shifted @ found - targets) < 1e-11 * np.linalg.norm(targets)


def test_the_kernel_corrects_its_factor() -> None:
    """A factor with errors of 1e-6 gives solutions with the square of it: refined once by K."""
    data = labelled(60, seed=2)
    matrix, targets = data.kernels.sum(axis=-1), data.targets.ravel()
    expected = np.linalg.solve(matrix + np.eye(60), targets)
    factor = ShiftedCholesky(matrix)
    factor._factor[np.tril_indices(60, k=-1)] *= 1 + 1e-6
    error = abs(factor.solve(targets) - expected).max() / abs(expected).max()
    assert error < 1e-8
    factor.product = lambda vector: targets  # nothing is left to refine
    assert abs(factor.solve(targets) - expected).max() > 100 * error * abs(expected).max()


def test_a_kernel_that_is_not_positive_definite_is_refused() -> None:
    with pytest.raises(np.linalg.LinAlgError, match="leading minor of 3 rows"):
        ShiftedCholesky(np.diag([1.0, 2.0, -3.0]))
