"""Errors of cross-validation from one factorisation."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from rhobar.models.shifted_cholesky import shifted_factor

Matrix = NDArray[np.float64]


def fold_ends(n_structures: int, n_folds: int) -> NDArray[np.int64]:
    """
    First structure of each fold, and the end: contiguous folds, the first ones longer by one.

    :raises ValueError: if a fold would be empty, or all structures in one
    """
    if not 2 <= n_folds <= n_structures:
        raise ValueError(
            f"{n_structures} structures cannot be divided into {n_folds} folds; choose from 2 to "
            "as many as there are structures, or give more of these."
        )
    sizes = np.full(n_folds, n_structures // n_folds)
    sizes[: n_structures % n_folds] += 1
    return np.concatenate([[0], np.cumsum(sizes)])


def left_out_residuals(
    matrix: Matrix, targets: Matrix, ends: NDArray[np.integer], *, overwrite: bool = False
) -> Matrix:
    r"""
    Errors of kernel ridge regression for each fold by the model fitted to all other folds.

    .. math:: y_B - \hat y_B^{(-B)} = (G_{BB})^{-1} (G y)_B, \qquad G = (K + 1)^{-1}

    With :math:`K + 1 = L L^T`, :math:`G_{BB}` is the Gram matrix of columns B of
    :math:`L^{-1}`, so that one Cholesky factor and its inverse, n³/3 operations each, replace one
    solution for each fold. For folds of one row this is the leave-one-out identity (Allen,
    Technometrics 16, 125 (1974), doi:10.1080/00401706.1974.10489157).

    :param matrix: K ``(row, row)`` float64, symmetric, rows of one fold together
    :param targets: y ``(row,)``
    :param ends: first row of each fold, and the number of rows
    :param overwrite: use the memory of ``matrix``, C-contiguous, whose numbers are lost
    :return: ``(row,)``
    :raises numpy.linalg.LinAlgError: if K + 1 is not positive definite in float64, or only by
        chance
    """
    from scipy.linalg import blas, lapack  # they work in place, numpy's do not

    shifted = matrix if overwrite else np.array(matrix, order="C")
    factor = shifted_factor(shifted)
    inverse, _ = lapack.dtrtri(factor, lower=1, overwrite_c=1)
    half = blas.dtrmv(inverse, np.asarray(targets, dtype=np.float64), lower=1)
    projected = blas.dtrmv(inverse, half, lower=1, trans=1)  # G y
    residuals = np.empty(len(targets))
    lower = np.tri(int(np.diff(ends).max()))  # above is what is left of K
    for start, stop in itertools.pairwise(ends):
        corner = inverse[start:stop, start:stop] * lower[: stop - start, : stop - start]
        below = inverse[stop:, start:stop]
        gram = corner.T @ corner + below.T @ below
        _, residuals[start:stop], failed = lapack.dposv(gram, projected[start:stop])
        if failed:
            raise np.linalg.LinAlgError(f"rows {start} to {stop} have a singular inverse block.")
    return residuals
