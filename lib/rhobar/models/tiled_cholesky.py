"""A kernel plus the regulariser, factorised on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rhobar.models.shifted_cholesky import shifted_factor

Array = NDArray[np.float64]


class TiledCholesky:
    r"""
    The Cholesky factor of K + 1 in tiles, of which four are in memory at a time.

    .. math:: L_{jj} L_{jj}^T = K_{jj} + 1 - \sum_{k<j} L_{jk} L_{jk}^T, \qquad
        L_{ij} = \Big( K_{ij} - \sum_{k<j} L_{ik} L_{jk}^T \Big) L_{jj}^{-T}, \quad i > j

    Golub, Van Loan, Matrix Computations, section 4.2.9. Time n³/3 operations, for t tiles on a side
    t³/3 of them read from disk, and :math:`t^2 / 2` written: 8 n² / 2 bytes.

    :param block: gives K between rows and columns, ``(row, column)``, C-contiguous
    :param n_rows: of K
    :param tile: rows of a tile
    :param folder: for the tiles, empty
    :raises numpy.linalg.LinAlgError: if K + 1 is not positive definite
    """

    def __init__(
        self, block: Callable[[range, range], Array], n_rows: int, tile: int, folder: Path
    ) -> None:
        from scipy.linalg import solve_triangular

        starts = range(0, n_rows, tile)
        self._parts = [range(start, min(start + tile, n_rows)) for start in starts]
        self._folder = folder
        for j, columns in enumerate(self._parts):
            for i, rows in enumerate(self._parts[j:], start=j):
                left = block(rows, columns)
                for k in range(j):
                    left -= self._tile(i, k) @ self._tile(j, k).T
                if i == j:
                    found = shifted_factor(left)
                else:
                    found = solve_triangular(self._tile(j, j), left.T, lower=True).T
                np.save(self._path(i, j), found)

    def solve(self, targets: Array) -> Array:
        r"""c ``(row,)`` of :math:`L L^T c = y`, in two passes over the tiles."""
        from scipy.linalg import solve_triangular

        found = np.array(targets)
        parts = [found[part.start : part.stop] for part in self._parts]  # views
        for j, part in enumerate(parts):
            part[:] = solve_triangular(self._tile(j, j), part, lower=True)
            for i in range(j + 1, len(parts)):
                parts[i] -= self._tile(i, j) @ part
        for j, part in reversed([*enumerate(parts)]):
            for i in range(j + 1, len(parts)):
                part -= self._tile(i, j).T @ parts[i]
            part[:] = solve_triangular(self._tile(j, j), part, lower=True, trans=1)
        return found

    def _tile(self, i: int, j: int) -> Array:
        tile: Array = np.load(self._path(i, j))
        return tile

    def _path(self, i: int, j: int) -> Path:
        return self._folder / f"{i}-{j}.npy"
