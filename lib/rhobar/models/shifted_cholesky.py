"""A kernel plus the regulariser, factorised in its own memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_SMALLEST_PIVOT = 0.9
"""of the factor of K + 1: K has no negative eigenvalues, so none is below 1 but for rounding"""


def shifted_factor(matrix: Array) -> Array:
    """
    Lower Cholesky factor of K + 1 in the memory of K, of which the upper triangle stays.

    :param matrix: K ``(row, row)``, symmetric, C-contiguous, whose numbers are lost
    :returns: a view in the order of columns: the factor below, K above, that on the diagonal
    :raises numpy.linalg.LinAlgError: if K + 1 is not positive definite in float64, or only by
        chance
    """
    from scipy.linalg import lapack  # works in place, numpy's does not

    matrix[np.diag_indices(len(matrix))] += 1.0
    # the transposed view has the order of columns that LAPACK wants. No clean=1: it counts
    # elements in 32 bits
    factor, failed = lapack.dpotrf(matrix.T, lower=1, clean=0, overwrite_a=1)
    if failed:
        raise np.linalg.LinAlgError(
            f"K + 1 is not positive definite: its leading minor of {failed} rows is not positive."
        )
    if factor.diagonal().min() < _SMALLEST_PIVOT:
        raise np.linalg.LinAlgError(
            "rounding errors of K are as large as the regulariser 1, so that nothing is left of it."
        )
    return factor


class ShiftedCholesky:
    r"""
    Solutions of :math:`(K + 1) c = y` and their residuals from one array of n² numbers.

    .. math:: K + 1 = L L^T, \qquad c = c_0 + (L L^T)^{-1} (y - (K + 1) c_0), \qquad
        c_0 = (L L^T)^{-1} y

    L takes one triangle of K and its diagonal; the other one, with the diagonal kept apart, still
    multiplies vectors, so a step of iterative refinement needs no second matrix. Time n³/3
    operations once and 4 n² for each product and solution; memory 8 n² bytes, those of K.

    :param matrix: K ``(row, row)`` float64, symmetric, C-contiguous, whose memory is taken
    :raises numpy.linalg.LinAlgError: if K + 1 is not positive definite
    """

    def __init__(self, matrix: Array) -> None:
        diagonal = matrix.diagonal() + 1.0
        self._factor = shifted_factor(matrix)
        self._correction = diagonal - self._factor.diagonal()

    def product(self, vector: Array) -> Array:
        """K + 1 times ``(row,)``."""
        from scipy.linalg import blas

        result: Array = blas.dsymv(1.0, self._factor, vector, lower=0)
        return result + self._correction * vector

    def solve(self, targets: Array) -> Array:
        """c ``(row,)``, refined once."""
        from scipy.linalg import lapack

        found: Array = lapack.dpotrs(self._factor, targets, lower=1)[0]
        found += lapack.dpotrs(self._factor, targets - self.product(found), lower=1)[0]
        return found
