"""Derivatives of Wigner kernels by the densities they compare."""

from __future__ import annotations

import torch
from torch import Tensor

from .wigner_sums import PairKernel, density_overlaps

_TILE = 32


def kernel_slopes(iteration: PairKernel, left: Tensor, right: Tensor) -> Tensor:
    r"""
    Derivatives of kernels, summed over the right side, by the density of each environment.

    .. math:: g^\nu_{i, lmq} = \frac{\partial}{\partial c^i_{lmq}} \sum_j \kappa^\nu(i, j)

    The reference, by autograd: one reverse pass for each ν, μ and μ'.

    :param left: ``(i, (l_max + 1)**2, channel)``
    :param right: ``(j, (l_max + 1)**2, channel)``
    :returns: ``(nu_max, 2 o3_lambda + 1, 2 o3_lambda + 1, i, (l_max + 1)**2, channel)``
    """
    size = 2 * iteration.target[0] + 1
    slopes = left.new_zeros(iteration.nu_max * size * size, *left.shape)
    for start in range(0, len(left), _TILE):
        rows = slice(start, start + _TILE)
        for columns in right.detach().split(_TILE):
            with torch.enable_grad():
                densities = left[rows].detach().requires_grad_()
                overlaps = density_overlaps(densities, columns).flatten(0, 1)
                sums = iteration.of_pairs(overlaps).sum(dim=0).flatten()
                for k, value in enumerate(sums):
                    (slope,) = torch.autograd.grad(value, densities, retain_graph=True)
                    slopes[k, rows] += slope
    return slopes.unflatten(0, (iteration.nu_max, size, size))
