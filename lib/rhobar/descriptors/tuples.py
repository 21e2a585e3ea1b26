"""Lists of two neighbors and what they add to the rows of a spectrum."""

from typing import NamedTuple

import torch
from torch import Tensor

from rhobar.ops import Neighborhoods

from .jacobian import stretches


class Points(NamedTuple):
    """Neighbors sorted by run; the center is one of them, without direction."""

    directions: Tensor
    """``(point, 3)`` unit vectors; zero for the center"""
    radial: Tensor
    """``(point, l, n)``, F R_nl"""
    run_ptr: Tensor
    """``(run + 1,)``; points of run k are ``run_ptr[k]:run_ptr[k + 1]``"""
    pair: Tensor
    """``(point,)`` which pair of the neighborhoods a point is; -1 for centers"""


def with_centers(
    neighborhoods: Neighborhoods, directions: Tensor, radial: Tensor, self_values: Tensor
) -> Points:
    r"""
    Put each center among the neighbors of its own type.

    :param directions: ``(pair, 3)``
    :param radial: ``(pair, l, n)``
    :param self_values: ``(n,)``, what a center adds to its density at l = 0, that is
        :math:`F R_{n0} Y_{00}`
    """
    n_pairs = directions.shape[0]
    sizes = neighborhoods.run_ptr[1:] - neighborhoods.run_ptr[:-1]
    runs = torch.arange(sizes.shape[0], device=sizes.device)
    own = torch.where(neighborhoods.run_self > 0)[0]
    run = torch.cat([torch.repeat_interleave(runs, sizes), own])
    order = torch.argsort(run, stable=True)
    center = torch.zeros(
        [own.shape[0], radial.shape[1], radial.shape[2]], dtype=radial.dtype, device=radial.device
    )
    center[:, 0] = self_values * (4 * torch.pi) ** 0.5
    nowhere = torch.zeros([own.shape[0], 3], dtype=directions.dtype, device=directions.device)
    counts = torch.bincount(run, minlength=sizes.shape[0])
    pair = torch.cat([torch.arange(n_pairs, device=run.device), torch.full_like(own, -1)])
    return Points(
        directions=torch.cat([directions, nowhere])[order],
        radial=torch.cat([radial, center])[order],
        run_ptr=torch.cat([counts.new_zeros(1), torch.cumsum(counts, 0)]),
        pair=pair[order],
    )


def tuples_of_rows(run_ptr: Tensor, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """
    All pairs (j, k) of points, j of the first and k of the second run of each row.

    :returns: row, j and k, ``(tuple,)`` each
    """
    n_second = run_ptr[second + 1] - run_ptr[second]
    n_first = run_ptr[first + 1] - run_ptr[first]
    row, number = stretches(torch.zeros_like(n_first), n_first * n_second)
    width = n_second[row]
    j = run_ptr[first[row]] + torch.div(number, width, rounding_mode="floor")
    return row, j, run_ptr[second[row]] + number % width


def legendre(x: Tensor, l_max: int) -> Tensor:
    """Legendre polynomials P_0 … P_l_max of ``x`` ``(tuple,)``: ``(tuple, l)``."""
    values = [torch.ones_like(x), x]
    for l in range(2, l_max + 1):
        values.append(((2 * l - 1) * x * values[l - 1] - (l - 1) * values[l - 2]) / l)
    return torch.stack(values[: l_max + 1], dim=1)


def legendre_slopes(values: Tensor, x: Tensor) -> Tensor:
    """Derivatives of ``values`` ``(tuple, l)``, by P'_l = x P'_(l-1) + l P_(l-1)."""
    slopes = [torch.zeros_like(x)]
    for l in range(1, values.shape[1]):
        slopes.append(x * slopes[-1] + l * values[:, l - 1])
    return torch.stack(slopes, dim=1)
