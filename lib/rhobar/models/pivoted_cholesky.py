"""Rows of a kernel that represent all of it."""

from __future__ import annotations

import torch
from torch import Tensor


def pivots(kernel: Tensor, n_pivots: int, *, tolerance: float = 1e-10) -> Tensor:
    r"""
    Choose points one after the other where the others explain a kernel worst.

    .. math:: t_{k+1} = \arg\max_i \left[ K_{ii} - K_{iT} K_{TT}^{-1} K_{Ti} \right]

    The pivoted Cholesky decomposition (Harbrecht, Peters, Schneider, Appl. Numer. Math. 62, 428
    (2012), doi:10.1016/j.apnum.2011.10.001). Cost ``n_pivots**2 * point``.

    :param kernel: ``(point, point)``, symmetric and not indefinite
    :param tolerance: ends where what is left at each point is below this part of the largest
        diagonal element
    :returns: at most ``n_pivots`` positions, in the order of choice
    """
    left = kernel.diagonal().clone()
    limit = tolerance * float(left.max()) if len(left) else 0.0
    factor = kernel.new_zeros(min(n_pivots, len(left)), len(left))
    chosen: list[int] = []
    while len(chosen) < len(factor):
        point = int(left.argmax())
        rest = float(left[point])
        if not rest > limit:
            break
        row = kernel[point] - factor[: len(chosen), point] @ factor[: len(chosen)]
        factor[len(chosen)] = row / rest**0.5
        left -= factor[len(chosen)] ** 2
        left[point] = -1.0  # not again, whatever rounding says
        chosen.append(point)
    return torch.tensor(chosen, dtype=torch.int64)
