"""Weighted sums of Wigner kernels for each environment, with their derivatives, on a device."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from rhobar.ops.rotation_powers import RotationPowers
from rhobar.ops.weighted_kernels import check_weights
from rhobar.ops.wigner_iteration import CgIteration

from .pair_values import PairValues, channels_in_use, check_alike, pair_values


def weighted_kernels(
    iteration: CgIteration | RotationPowers,
    left: Tensor,
    right: Tensor,
    weights: Tensor,
    nu_weights: Tensor,
    *,
    num_threads: int = 1,
) -> tuple[Tensor, Tensor]:
    """
    CUDA form of :class:`rhobar.ops.WeightedKernels`: values and derivatives.

    Derivatives by the overlaps, 0.7 kB a pair, go through the memory of the device to the matrix
    products of its library, which takes a percent of its bandwidth. Memory: results, and 1 GB.

    :returns: ``(i,)``, and ``(i, lm, channel)``, zero in channels where an environment is empty
    """
    del num_threads  # of a CPU
    check_weights(iteration, left, right, weights, nu_weights)
    check_alike(left, right)
    left, right = left.detach(), right.detach()
    values, slopes = torch.zeros_like(left[:, 0, 0]), torch.zeros_like(left)
    if not (len(left) and len(right)):
        return values, slopes
    engine = pair_values(iteration, True, left.dtype, left.device)
    used = channels_in_use(left, right)
    left, right = left[:, :, used], right[:, :, used]
    weights, nu_weights = (w.detach().to(left).contiguous() for w in (weights, nu_weights))
    for rows, found in _portions(engine, left, right, weights, nu_weights):
        values[rows] = found[-1].sum(dim=1)
        slopes[rows, :, used] = _gathered(found[:-1], right)
    slopes[:, :, used] *= (left != 0).any(dim=1, keepdim=True)
    return values, slopes


def weighted_values(
    iteration: CgIteration | RotationPowers,
    left: Tensor,
    right: Tensor,
    weights: Tensor,
    nu_weights: Tensor,
    *,
    num_threads: int = 1,
) -> Tensor:
    """The values of :func:`weighted_kernels` alone, ``(i,)``, at a third of its cost."""
    del num_threads  # of a CPU
    check_weights(iteration, left, right, weights, nu_weights)
    check_alike(left, right)
    left, right = left.detach(), right.detach()
    values = torch.zeros_like(left[:, 0, 0])
    if not (len(left) and len(right)):
        return values
    engine = pair_values(iteration, False, left.dtype, left.device)
    used = channels_in_use(left, right)
    left, right = left[:, :, used], right[:, :, used]
    weights, nu_weights = (w.detach().to(left).contiguous() for w in (weights, nu_weights))
    for rows, found in _portions(engine, left, right, weights):
        values[rows] = nu_weights @ found.sum(dim=2)
    return values


def _portions(
    engine: PairValues,
    left: Tensor,
    right: Tensor,
    weights: Tensor,
    nu_weights: Tensor | None = None,
) -> Iterator[tuple[slice, Tensor]]:
    """Rows, and their results ``(result, i, j)``, as many as fit at once."""
    at_once = engine.rows_at_once(len(right))
    for first in range(0, len(left), at_once):
        rows = slice(first, first + at_once)
        yield rows, engine.of_sides(left[rows], right, weights=weights, nu_weights=nu_weights)


def _gathered(by_overlap: Tensor, right: Tensor) -> Tensor:
    """Derivatives ``(i, lm, channel)`` from those ``(overlap, i, j)``."""
    blocks, start, l = [], 0, 0
    while start < len(by_overlap):
        size = 2 * l + 1
        part = by_overlap[start : start + size * size].unflatten(0, (size, size))
        blocks.append(torch.einsum("mnij,jnq->imq", part, right[:, l * l : (l + 1) ** 2]))
        start, l = start + size * size, l + 1
    return torch.cat(blocks, dim=1)
