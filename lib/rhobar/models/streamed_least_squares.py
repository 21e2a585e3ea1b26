"""Least squares on more rows than fit in memory at once."""

from __future__ import annotations

import torch
from torch import Tensor


class StreamedLeastSquares:
    r"""
    The w that minimises :math:`\| A w - y \|^2`, with the rows of A and y given part by part.

    Each part is folded into the triangular factor of all rows so far by a QR decomposition
    (Golub, Van Loan, Matrix Computations, 4th ed., 5.2), so that products :math:`A^T A`, which
    would cost half of the digits, are never formed. Memory: ``(n_columns + 1)**2`` numbers and the
    part at hand.

    :param n_columns: of A
    """

    def __init__(self, n_columns: int) -> None:
        self._factor = torch.zeros(0, n_columns + 1, dtype=torch.float64)

    def add(self, rows: Tensor, targets: Tensor) -> None:
        """
        Take in some rows.

        :param rows: ``(row, n_columns)`` float64
        :param targets: ``(row,)``
        """
        part = torch.cat([rows, targets[:, None]], dim=1)
        _, self._factor = torch.linalg.qr(torch.cat([self._factor, part]), mode="r")

    def solve(self) -> Tensor:
        """
        The solution ``(n_columns,)``.

        :raises ValueError: if the rows so far do not determine it
        """
        n_columns = self._factor.shape[1] - 1
        triangle = self._factor[:n_columns, :n_columns]
        diagonal = triangle.diagonal().abs()
        if len(triangle) < n_columns or not bool((diagonal > 0).all()):
            raise ValueError(
                f"{len(self._factor)} independent rows do not determine {n_columns} columns; give "
                "more rows, or rows that keep the solution small."
            )
        right = self._factor[:n_columns, n_columns:]
        return torch.linalg.solve_triangular(triangle, right, upper=True)[:, 0]
