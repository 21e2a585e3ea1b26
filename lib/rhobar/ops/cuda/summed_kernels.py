"""Sums of Wigner kernels over pairs of environments, on a device."""

from __future__ import annotations

import torch
from torch import Tensor

from rhobar.ops.rotation_powers import RotationPowers
from rhobar.ops.wigner_iteration import CgIteration

from .group_sums import add_group_sums
from .pair_values import channels_in_use, check_alike, pair_values


def summed_kernels(
    iteration: CgIteration | RotationPowers,
    left: Tensor,
    left_group: Tensor,
    right: Tensor,
    right_group: Tensor,
    out: Tensor,
    *,
    symmetric: bool = False,
    num_threads: int = 1,
) -> None:
    """
    CUDA form of :func:`rhobar.ops.summed_kernels`, added to ``out``; groups do not decrease.

    A number of the result does not depend on which others are computed in the same call, and is
    the same in every run. Memory: 256 MB.

    :param out: ``(n_rows, n_columns, nu_max, 2 o3_lambda + 1, 2 o3_lambda + 1)``, contiguous
    """
    del num_threads  # of a CPU
    check_alike(left, right, out)
    values = pair_values(iteration, False, left.dtype, left.device)
    sums = out.detach().view(len(out), out.shape[1], values.n_results)
    groups = [group.to(torch.int64).contiguous() for group in (left_group, right_group)]
    row_ptr, column_ptr = (
        torch.searchsorted(group, torch.arange(n + 1, device=group.device))
        for group, n in zip(groups, sums.shape, strict=False)
    )
    used = channels_in_use(left, right)
    left, right = left.detach()[:, :, used], right.detach()[:, :, used]
    at_once = values.rows_at_once(len(right))
    for first in range(0, len(left) if len(right) else 0, at_once):
        wanted = (groups[0][first:], groups[1]) if symmetric else None
        found = values.of_sides(left[first : first + at_once], right, groups=wanted)
        add_group_sums(found, first, row_ptr, column_ptr, sums, symmetric)
    if symmetric:
        row, column = torch.tril_indices(len(out), len(out), -1, device=out.device)
        out.detach()[row, column] = out.detach()[column, row].transpose(-1, -2)
