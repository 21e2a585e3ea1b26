"""Products of a density with itself, one factor after the other: the readable reference."""

import torch
from torch import Tensor

from .coupling import Coupling, couple


def correlations(density: list[Tensor], steps: list[list[Coupling]]) -> list[Tensor]:
    r"""
    Couple a density to itself, step by step.

    .. math:: \rho^{\nu + 1} = C \, \rho^{\nu} \otimes \rho^{1}

    The left blocks of a step are the results of the one before, at first the density; the right
    blocks are always the density. Work goes through chunks of centers, so that only the results
    of the last step are held for all of them.

    :param density: per l ``(center, 2 l + 1, feature)``
    :returns: blocks of the last step, ``(center, 2 λ + 1, product)``
    :raises ValueError: as :func:`couple`
    """
    chunks: list[list[Tensor]] = []
    size = centers_at_once(steps)
    n_centers = density[0].shape[0]
    for start in range(0, max(n_centers, 1), size):
        part = [block[start : start + size] for block in density]
        left = part
        for step in steps:
            left = couple(left, part, step, n_blocks(step))
        chunks.append(left)
    if len(chunks) == 1:
        return chunks[0]
    return [torch.cat([chunk[k] for chunk in chunks]) for k in range(len(chunks[0]))]


def correlation_slopes(
    density: list[Tensor], slopes: list[Tensor], steps: list[list[Coupling]]
) -> list[Tensor]:
    """
    How :func:`correlations` change where the density changes by ``slopes``: the product rule.

    :param density: per l ``(row, 2 l + 1, feature)``
    :param slopes: likewise
    :returns: as :func:`correlations`, for all rows at once: see :func:`centers_at_once`
    """
    left, change = density, slopes
    for number, step in enumerate(steps):
        n_out = n_blocks(step)
        of_left = couple(change, density, step, n_out)
        of_right = couple(left, slopes, step, n_out)
        change = [of_left[k] + of_right[k] for k in range(n_out)]
        if number < len(steps) - 1:
            left = couple(left, density, step, n_out)
    return change


def n_blocks(step: list[Coupling]) -> int:
    """How many output blocks couplings have."""
    count = 0
    for c in step:
        count = max(count, c.out + 1)
    return count


def centers_at_once(steps: list[list[Coupling]]) -> int:
    """So many that all their products take no more than 16 MiB in float64; at least one."""
    width = 1
    for step in steps:
        for c in step:
            width += (2 * c.o3_lambda + 1) * c.first.shape[0]
    return max(1, 2_097_152 // width)
