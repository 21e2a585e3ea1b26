"""Points that represent all points of a kernel."""

from collections.abc import Callable

import torch
from torch import Tensor


def cholesky_pivots(
    diagonal: Tensor, column: Callable[[int], Tensor], n_pivots: int, *, tolerance: float
) -> Tensor:
    r"""
    Choose points one after the other where the others explain a kernel worst.

    .. math:: t_{k+1} = \arg\max_i \left[ K_{ii} - K_{iT} K_{TT}^{-1} K_{Ti} \right]

    The pivoted Cholesky decomposition (Harbrecht, Peters, Schneider, Appl. Numer. Math. 62, 428
    (2012), doi:10.1016/j.apnum.2011.10.001), which needs no other columns than those of the points
    it chooses. Cost ``n_pivots**2 * point`` and these columns; memory ``n_pivots * point``.

    :param diagonal: :math:`K_{ii}` ``(point,)`` of a symmetric K that is not indefinite
    :param column: gives column i of K, ``(point,)``
    :param tolerance: ends where no more than this is left at any point
    :returns: at most ``n_pivots`` positions, in the order of choice
    """
    left = diagonal.clone()
    factor = left.new_zeros(min(n_pivots, len(left)), len(left))
    chosen: list[int] = []
    while len(chosen) < len(factor):
        point = int(left.argmax())
        rest = float(left[point])
        if not rest > tolerance:
            break
        known = factor[: len(chosen)]
        factor[len(chosen)] = (column(point) - known[:, point] @ known) / rest**0.5
        left -= factor[len(chosen)] ** 2
        left[point] = -1.0  # not again, whatever rounding says
        chosen.append(point)
    return torch.tensor(chosen, dtype=torch.int64)
