"""Points that cover all points."""

from collections.abc import Callable

import torch
from torch import Tensor


def farthest_points(
    squares: Tensor, products: Callable[[int], Tensor], n_points: int, *, tolerance: float
) -> Tensor:
    r"""
    Choose the first point, then one after the other the farthest from those chosen.

    .. math:: t_{k+1} = \arg\max_i \min_{t \in T} \| x_i - x_t \|^2, \qquad
        \| x_i - x_t \|^2 = x_i^2 + x_t^2 - 2 x_i \cdot x_t

    Eldar, Lindenbaum, Porat, Zeevi, IEEE Trans. Image Process. 6, 1305 (1997),
    doi:10.1109/83.623193; never farther from any point than twice what ``n_points`` points can
    reach (Gonzalez, Theor. Comput. Sci. 38, 293 (1985), doi:10.1016/0304-3975(85)90224-5). Scalar
    products may be those of a kernel, whose features nobody knows.

    :param squares: :math:`x_i^2` ``(point,)``
    :param products: gives :math:`x_i \cdot x_t` ``(point,)`` for point t
    :param tolerance: ends where no squared distance is larger than this
    :returns: at most ``n_points`` positions, in the order of choice
    """
    nearest = torch.full_like(squares, torch.inf)
    chosen: list[int] = []
    while len(chosen) < min(n_points, len(squares)):
        point = int(nearest.argmax())
        if not nearest[point] > tolerance:
            break
        distances = squares + squares[point] - 2 * products(point)
        nearest = torch.minimum(nearest, distances)
        nearest[point] = -1.0  # not again, whatever rounding says
        chosen.append(point)
    return torch.tensor(chosen, dtype=torch.int64)
