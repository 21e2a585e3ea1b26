"""Kernels between densities and their changes, to second order."""

from __future__ import annotations

import torch
from torch import Tensor

from .rotation_powers import rotation_table
from .wigner_sums import density_overlaps


def joint_kernels(
    weights: Tensor,
    left: Tensor,
    left_changes: Tensor,
    right: Tensor,
    right_changes: Tensor,
    right_center: Tensor,
) -> Tensor:
    r"""
    A mixture of invariants of all orders, its derivatives on either side and on both.

    .. math:: \kappa = \int_{O(3)} dR \, F(S(R)), \quad F(S) = \sum_\nu b_\nu S^\nu, \quad
        \partial_x \partial_y \kappa = \int_{O(3)} dR \,
        [F''(S) \, \partial_x S \, \partial_y S + F'(S) \, \partial_x \partial_y S]

    S is bilinear in the densities, so its derivatives are overlaps of their changes. Exact, by
    the quadrature of :class:`RotationPowers`.

    Cost: ``(x + y) * nodes * sum of (2 l + 1)**2`` for each pair of environments.

    :param weights: b of ν = 0 …, ``(nu_max + 1,)``
    :param left: density of one environment, ``(lm, channel)``
    :param left_changes: its derivatives, ``(x, lm, channel)``
    :param right: ``(j, lm, channel)``
    :param right_changes: derivatives of these, ``(y, lm, channel)``
    :param right_center: ``(y,)`` int64, the j that each belongs to
    :returns: ``(1 + x, j + y)``: κ and its derivatives by y in the first row, then by x
    """
    l_max, n = round(left.shape[0] ** 0.5) - 1, len(right)
    table, measure = rotation_table(l_max, max(1, len(weights) - 1) * l_max)
    overlaps = density_overlaps(
        torch.cat([left[None], left_changes]), torch.cat([right, right_changes])
    )
    same = overlaps[0, :n] @ table  # (j, node): S
    by_left = overlaps[1:, :n] @ table  # (x, j, node)
    by_right = overlaps[0, n:] @ table  # (y, node)
    values, first, second = (measure * part for part in _polynomial(weights, same))
    result = overlaps.new_empty(overlaps.shape[:2])
    result[0, :n] = values.sum(dim=1)
    result[0, n:] = (first[right_center] * by_right).sum(dim=1)
    result[1:, :n] = (first * by_left).sum(dim=2)
    curved = second[right_center] * by_right
    result[1:, n:] = torch.einsum("yg,xyg->xy", curved, by_left[:, right_center])
    slopes = first @ table.T  # (j, sum of (2 l + 1)**2)
    result[1:, n:] += (overlaps[1:, n:] * slopes[right_center]).sum(dim=2)
    return result


def _polynomial(weights: Tensor, s: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """F, F' and F'' at each s, by Horner's rule."""
    value, first, second = torch.zeros_like(s), torch.zeros_like(s), torch.zeros_like(s)
    for weight in weights.flip(0):
        second = second * s + 2 * first
        first = first * s + value
        value = value * s + weight
    return value, first, second
