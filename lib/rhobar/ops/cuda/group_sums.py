"""Sums of values of pairs over groups of environments, on a device."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from . import device_code

REALS = {torch.float64: "double", torch.float32: "float"}
_THREADS = 256


def add_group_sums(
    values: Tensor, first: int, row_ptr: Tensor, column_ptr: Tensor, sums: Tensor, symmetric: bool
) -> None:
    """
    Add values to the sums of their groups, in an order that no other number has a part in.

    :param values: ``(result, i, j)``, of left environments from number ``first`` on
    :param row_ptr: ``(row + 1,)``, where the left environments of each row begin
    :param column_ptr: ``(column + 1,)``, the same of the right side
    :param sums: ``(row, column, result)``
    :param symmetric: what is below the diagonal is left as it is
    """
    n_results, n_left, n_right = values.shape
    n_rows, n_columns = sums.shape[:2]
    arguments = [values.data_ptr(), first, n_left, n_right, row_ptr.data_ptr()]
    arguments += [column_ptr.data_ptr(), n_rows, n_columns, sums.data_ptr()]
    launch = _sum_groups(n_results, symmetric, values.dtype, values.device)
    launch((-(-n_rows * n_columns // _THREADS), 1), _THREADS, arguments)


@functools.cache
def _sum_groups(
    n_results: int, symmetric: bool, dtype: torch.dtype, device: torch.device
) -> device_code.Launch:
    macros: dict[str, int | str] = {
        "REAL": REALS[dtype],
        "N_RESULTS": n_results,
        "THREADS": _THREADS,
        "SYMMETRIC": int(symmetric),
    }
    return device_code.load("group_sums", "sum_groups", macros, 0, device)
