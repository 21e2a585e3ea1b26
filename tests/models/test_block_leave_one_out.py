"""The errors of cross-validation are those of models fitted fold by fold."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from rhobar.models.block_leave_one_out import fold_ends, left_out_residuals
from tests.models.nu_kernels import labelled


def refitted(
    matrix: NDArray[np.float64], targets: NDArray[np.float64], ends: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Residual of each fold from the model of all other rows, one solution each."""
    residuals = np.empty(len(targets))
    for start, stop in itertools.pairwise(ends):
        fold = np.zeros(len(targets), dtype=bool)
        fold[start:stop] = True
        kept = matrix[~fold][:, ~fold]
        found = np.linalg.solve(kept + np.eye(len(kept)), targets[~fold])
        residuals[fold] = targets[fold] - matrix[fold][:, ~fold] @ found
    return residuals


@pytest.mark.parametrize(
    ("n_structures", "n_components", "n_folds"), [(100, 1, 10), (53, 3, 10), (12, 5, 12)]
)
def test_residuals_are_those_of_refitted_models(
    n_structures: int, n_components: int, n_folds: int
) -> None:
    data = labelled(n_structures, n_components=n_components, seed=3)
    matrix = data.kernels @ [1e3, 1e2, 1e3, 1e5]
    targets, ends = data.targets.ravel(), fold_ends(n_structures, n_folds) * n_components
    expected = refitted(matrix, targets, ends)
    before = matrix.copy()
    found = left_out_residuals(matrix, targets, ends)
    assert np.abs(found - expected).max() < 1e-9 * np.abs(expected).max()
    assert (matrix == before).all()
    overwritten = left_out_residuals(matrix, targets, ends, overwrite=True)
    assert overwritten.tolist() == found.tolist()


def test_folds_of_the_protocol_are_contiguous_and_equal() -> None:
    assert fold_ends(500, 10).tolist() == [*range(0, 501, 50)]
    assert fold_ends(23, 4).tolist() == [0, 6, 12, 18, 23]
    for n_folds in (1, 24):
        with pytest.raises(ValueError, match=f"23 structures cannot be divided into {n_folds}"):
            fold_ends(23, n_folds)


def test_a_matrix_that_is_not_positive_definite_is_named() -> None:
    matrix = np.diag([1.0, 2.0, -3.0, 1.0])
    with pytest.raises(np.linalg.LinAlgError, match="leading minor of 3 rows"):
        left_out_residuals(matrix, np.ones(4), np.array([0, 2, 4]))


def test_a_regulariser_that_rounding_swallows_is_named() -> None:
    matrix = np.diag([1.0, -0.5, 1.0, 1.0])
    with pytest.raises(np.linalg.LinAlgError, match="nothing is left of it"):
        left_out_residuals(matrix, np.ones(4), np.array([0, 2, 4]))
