"""Overlaps of densities, and sums of their Wigner kernels over pairs of environments."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

_TILE = 32
"""environments on each side of a tile: 1024 pairs, about 20 MB on the usual quadratures"""


class PairKernel(Protocol):
    """What makes kernels from overlaps: :class:`CgIteration`, :class:`RotationPowers`, …."""

    @property
    def l_max(self) -> int:
        """Highest order of the densities, included."""

    @property
    def target(self) -> tuple[int, int]:
        """``(o3_lambda, o3_sigma)`` of the kernels."""

    @property
    def nu_max(self) -> int:
        """How many kernels there are."""

    def of_pairs(self, overlaps: Tensor) -> Tensor:
        """``(pair, sum of (2 l + 1)**2)`` to ``(pair, nu_max, mu, mu')``."""


def density_overlaps(left: Tensor, right: Tensor) -> Tensor:
    r"""
    Wigner kernels of ν = 1: overlaps of all pairs of environments.

    .. math:: \kappa^1_{l,mm'}(i, j) = \sum_q c^i_{lmq} c^j_{lm'q}

    Cost ``i * j * sum of (2 l + 1)**2 * channel``; memory that of the result.

    :param left: ``(i, (l_max + 1)**2, channel)``
    :param right: ``(j, (l_max + 1)**2, channel)``
    :returns: ``(i, j, sum of (2 l + 1)**2)``, l by l, each ``(m, m')`` row-major
    """
    l_max = round(left.shape[1] ** 0.5) - 1
    blocks = []
    for l in range(l_max + 1):
        m = slice(l * l, (l + 1) ** 2)
        blocks.append(torch.einsum("imq,jnq->ijmn", left[:, m], right[:, m]).flatten(2))
    return torch.cat(blocks, dim=2)


def summed_kernels(
    iteration: PairKernel,
    left: Tensor,
    left_group: Tensor,
    right: Tensor,
    right_group: Tensor,
    n_rows: int,
    n_columns: int,
    *,
    symmetric: bool = False,
) -> Tensor:
    r"""
    Sum kernels over the pairs of environments of each pair of groups; the reference, in tiles.

    .. math:: K_{A B} = \sum_{i \in A, j \in B} \kappa(i, j)

    Differentiable by autograd. Memory beyond the result is that of one tile.

    :param left: ``(i, (l_max + 1)**2, channel)``, environments of centers of one type
    :param left_group: ``(i,)`` int64, row of the result for each, such as its system
    :param right: ``(j, (l_max + 1)**2, channel)``
    :param right_group: ``(j,)`` int64, column of the result for each
    :param symmetric: both sides are the same: each pair is computed once
    :returns: ``(n_rows, n_columns, nu_max, 2 o3_lambda + 1, 2 o3_lambda + 1)``
    """
    size = 2 * iteration.target[0] + 1
    shape = (n_rows * n_columns, iteration.nu_max, size, size)
    sums = torch.zeros(shape, dtype=left.dtype, device=left.device)
    for start in range(0, len(left), _TILE):
        rows = slice(start, start + _TILE)
        for first in range(start if symmetric else 0, len(right), _TILE):
            columns = slice(first, first + _TILE)
            overlaps = density_overlaps(left[rows], right[columns])
            values = iteration.of_pairs(overlaps.flatten(0, 1))
            place = left_group[rows, None] * n_columns + right_group[None, columns]
            sums.index_add_(0, place.flatten(), values)
            if symmetric and first > start:
                place = right_group[None, columns] * n_columns + left_group[rows, None]
                sums.index_add_(0, place.flatten(), values.transpose(2, 3))
    return sums.unflatten(0, (n_rows, n_columns))
