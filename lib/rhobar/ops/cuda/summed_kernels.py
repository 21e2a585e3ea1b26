"""Sums of Wigner kernels over pairs of environments, on a device."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from rhobar.ops.rotation_powers import RotationPowers
from rhobar.ops.wigner_iteration import CgIteration

from . import device_code
from .pair_values import REALS, channels_in_use, pair_values

_THREADS = 256


def summed_kernels(
    iteration: CgIteration | RotationPowers,
    left: Tensor,
    left_group: Tensor,
    right: Tensor,
    right_group: Tensor,
    out: Tensor,
    *,
    symmetric: bool = False,
) -> None:
    """
    CUDA form of :func:`rhobar.ops.summed_kernels`, added to ``out``; groups do not decrease.

    A number of the result does not depend on which others are computed in the same call, and is
    the same in every run. Memory: 256 MB.

    :param out: ``(n_rows, n_columns, nu_max, 2 o3_lambda + 1, 2 o3_lambda + 1)``, contiguous
    """
    values = pair_values(iteration, False, left.dtype, left.device)
    sums = out.detach().view(len(out), out.shape[1], values.n_results)
    groups = left_group.contiguous(), right_group.contiguous()
    row_ptr, column_ptr = (
        torch.searchsorted(group, torch.arange(n + 1, device=group.device))
        for group, n in zip(groups, sums.shape, strict=False)
    )
    used = channels_in_use(left, right)
    left, right = left.detach()[:, :, used], right.detach()[:, :, used]
    add = _group_sums(values.n_results, symmetric, left.dtype, left.device)
    at_once = values.rows_at_once(len(right)) if len(right) else max(1, len(left))
    for first in range(0, len(left) if len(right) else 0, at_once):
        rows = left[first : first + at_once]
        wanted = (groups[0][first:], groups[1]) if symmetric else None
        found = values.of_sides(rows, right, groups=wanted)
        pointers = [tensor.data_ptr() for tensor in (row_ptr, column_ptr)]
        sizes = [first, len(rows), len(right)]
        arguments = [found.data_ptr(), *sizes, *pointers, *sums.shape[:2], sums.data_ptr()]
        add((-(-sums.shape[0] * sums.shape[1] // _THREADS), 1), _THREADS, arguments)
    if symmetric:
        row, column = torch.tril_indices(len(out), len(out), -1, device=out.device)
        out.detach()[row, column] = out.detach()[column, row].transpose(-1, -2)


@functools.cache
def _group_sums(
    n_results: int, symmetric: bool, dtype: torch.dtype, device: torch.device
) -> device_code.Launch:
    macros: dict[str, int | str] = {
        "REAL": REALS[dtype],
        "N_RESULTS": n_results,
        "THREADS": _THREADS,
        "SYMMETRIC": int(symmetric),
    }
    return device_code.load("group_sums", "sum_groups", macros, 0, device)
