"""Kernels as averages over rotations of functions of the rotated overlap of two densities."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from rhobar.math import so3_quadrature, wigner_d

from .wigner_iteration import check_orders

_AT_ONCE = 2_000_000
"""values of a function that are kept at once, 16 MB in each of some steps"""


@dataclass(frozen=True)
class RotationPowers:
    r"""
    Wigner kernels of ν = 1 … nu_max, exact: powers of the overlap averaged over O(3).

    .. math:: \kappa^\nu_{\lambda\sigma, \mu\mu'} = (2 \lambda + 1) \int dR \, \tfrac12
        [(E + O)^\nu + \sigma (-1)^\lambda (E - O)^\nu] D^\lambda_{\mu\mu'}(R), \qquad
        E(R) = \sum_{l \, even} \sum_{mm'} D^l_{mm'}(R) \kappa^1_{l,mm'}, \quad
        O(R) = \sum_{l \, odd} \ldots

    E + O is the overlap of two densities, one of them rotated by R; E - O that of one rotated and
    inverted. By a quadrature that is exact for the polynomials of this degree; no order of
    angular momentum is left out. Equal to :class:`CgIteration` with enough ``lambda_max``.

    :param l_max: highest order of the densities, included
    :param nu_max: highest order of correlation, included
    :param target: ``(o3_lambda, o3_sigma)`` of the kernels that are wanted
    :param degree: of the quadrature; None: the lowest exact one, nu_max l_max + o3_lambda
    :raises ValueError: for a degree below that, which would give wrong numbers
    """

    l_max: int
    nu_max: int
    target: tuple[int, int] = (0, 1)
    degree: int | None = None

    def __post_init__(self) -> None:
        check_orders(type(self).__name__, self.l_max, self.nu_max, self.target)
        exact = self.nu_max * self.l_max + self.target[0]
        if self.degree is None:
            object.__setattr__(self, "degree", exact)
        elif self.degree < exact:
            raise ValueError(
                f"RotationPowers(degree={self.degree}): nu_max={self.nu_max}, l_max={self.l_max} "
                f"and o3_lambda={self.target[0]} need a degree of {exact} at least; a lower one "
                "gives wrong kernels. Leave it out, or lower nu_max or l_max."
            )

    def of_pairs(self, overlaps: Tensor) -> Tensor:
        """
        The kernels of some pairs of environments; the reference, in dense sums.

        :param overlaps: ``(pair, sum of (2 l + 1)**2)``, see :func:`density_overlaps`
        :returns: ``(pair, nu_max, 2 o3_lambda + 1, 2 o3_lambda + 1)``
        """
        grid = _grid(self.l_max, self.target[0], int(self.degree or 0))
        same, inverted = rotated_overlaps(overlaps, self.l_max, grid)
        orders, power, other = [], torch.ones_like(same), torch.ones_like(same)
        for _ in range(self.nu_max):
            power, other = power * same, other * inverted
            orders.append(_averaged(power, other, self.target, grid))
        return torch.stack(orders, dim=1)


@dataclass(frozen=True)
class RotationFunction:
    r"""
    One kernel from any function F of the rotated overlap, all orders of correlation in it.

    .. math:: \kappa^F_{\lambda\sigma, \mu\mu'} = (2 \lambda + 1) \int dR \, \tfrac12
        [F(E + O) + \sigma (-1)^\lambda F(E - O)] D^\lambda_{\mu\mu'}(R)

    with E and O of :class:`RotationPowers`. A polynomial :math:`\sum_\nu b_\nu S^\nu` of degree ν
    is exact with ``degree`` = ν l_max + o3_lambda and gives all mixing sums at once. Others, such
    as the exponential, are right up to the orders of S that the quadrature does not hold: for
    |S| ≤ s its error is below :math:`\sum_{\nu > degree / l_{max}} s^\nu / \nu!` (λ = 0).

    :param function: of the overlap (Å^-3), element by element, such as ``torch.exp``
    :param l_max: highest order of the densities, included
    :param degree: of the quadrature
    :param target: ``(o3_lambda, o3_sigma)`` of the kernel that is wanted
    """

    function: Callable[[Tensor], Tensor]
    l_max: int
    degree: int
    target: tuple[int, int] = (0, 1)

    def __post_init__(self) -> None:
        check_orders(type(self).__name__, self.l_max, 1, self.target)
        if self.degree < self.l_max + self.target[0]:
            raise ValueError(
                f"RotationFunction(degree={self.degree}): l_max={self.l_max} and "
                f"o3_lambda={self.target[0]} need {self.l_max + self.target[0]} even for the "
                "overlap itself; give l_max times the highest power that counts, and o3_lambda."
            )

    @property
    def nu_max(self) -> int:
        """How many kernels there are: one, where those of the powers of S have one per ν."""
        return 1

    def of_pairs(self, overlaps: Tensor) -> Tensor:
        """
        The kernel of some pairs of environments.

        :param overlaps: ``(pair, sum of (2 l + 1)**2)``, see :func:`density_overlaps`
        :returns: ``(pair, 1, 2 o3_lambda + 1, 2 o3_lambda + 1)``
        """
        grid = _grid(self.l_max, self.target[0], self.degree)
        values = []
        for part in overlaps.split(max(1, _AT_ONCE // len(grid.even))):
            same, inverted = rotated_overlaps(part, self.l_max, grid)
            same, inverted = self.function(same), self.function(inverted)
            values.append(_averaged(same, inverted, self.target, grid))
        return torch.cat(values).unsqueeze(1)


@dataclass(frozen=True)
class _Grid:
    """Rotations of a quadrature: their Wigner matrices, where they are needed."""

    even: Tensor
    """``(node, even columns)``, D^l of the even l one after the other, row-major"""
    odd: Tensor
    weighted: Tensor
    """``(node, mu, mu')``, (2 λ + 1) D^λ times the weight of the node"""


@functools.lru_cache(maxsize=8)
def _grid(l_max: int, o3_lambda: int, degree: int) -> _Grid:
    """The quadrature of one degree, kept for the next caller."""
    rotations, weights = so3_quadrature(degree)
    matrices = [wigner_d(l, rotations).flatten(1) for l in range(l_max + 1)]
    none = rotations.new_zeros(len(rotations), 0)
    return _Grid(
        even=torch.cat(matrices[0::2], dim=1),
        odd=torch.cat([none, *matrices[1::2]], dim=1),
        weighted=(2 * o3_lambda + 1) * weights[:, None, None] * wigner_d(o3_lambda, rotations),
    )


@functools.cache
def rotation_table(l_max: int, degree: int) -> tuple[Tensor, Tensor]:
    """
    All nodes of a quadrature over O(3) as the columns of one matrix, kept for the next caller.

    :returns: ``(sum of (2 l + 1)**2, node)``, which turns overlaps into S(R), and weights
        ``(node,)`` that add up to 1
    """
    rotations, weights = so3_quadrature(degree)
    matrices = [wigner_d(l, rotations).flatten(1).T for l in range(l_max + 1)]
    inverted = [(-1) ** l * matrix for l, matrix in enumerate(matrices)]
    table = torch.cat([torch.cat(matrices), torch.cat(inverted)], dim=1)
    return table, torch.cat([weights, weights]) / 2


def rotated_overlaps(overlaps: Tensor, l_max: int, grid: _Grid) -> tuple[Tensor, Tensor]:
    """Overlaps E + O with one density rotated, and E - O, inverted too, ``(pair, node)`` each."""
    sizes = [(2 * l + 1) ** 2 for l in range(l_max + 1)]
    blocks = overlaps.split(sizes, dim=1)
    even = torch.cat(blocks[0::2], dim=1) @ grid.even.to(overlaps).T
    none = overlaps.new_zeros(len(overlaps), 0)
    odd = torch.cat([none, *blocks[1::2]], dim=1) @ grid.odd.to(overlaps).T
    return even + odd, even - odd


def _averaged(same: Tensor, inverted: Tensor, target: tuple[int, int], grid: _Grid) -> Tensor:
    """Average over O(3) of values ``(pair, node)`` of rotations with and without inversion."""
    o3_lambda, o3_sigma = target
    values = (same + o3_sigma * (-1) ** o3_lambda * inverted) / 2
    return torch.einsum("pg,guv->puv", values, grid.weighted.to(values))
