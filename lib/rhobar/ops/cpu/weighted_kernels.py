"""Weighted sums of Wigner kernels for each environment, with their derivatives, compiled."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rhobar.ops.rotation_powers import RotationPowers
from rhobar.ops.weighted_kernels import check_weights
from rhobar.ops.wigner_iteration import CgIteration

from .chunks import in_portions
from .compilation import compiled
from .kernel_engine import KernelEngine, kernel_engine
from .lanes import WIDTH
from .pair_lanes import PAIRS
from .pair_scratch import aligned_zeros, pair_scratch
from .pair_sides import PairColumns, PairRows, pair_columns, pair_overlaps, pair_rows
from .slope_engine import SlopeEngine, run_slopes, slope_engine, slope_scratch
from .slope_lanes import gather_lanes, scale_lanes
from .summed_kernels import run_engine

Array = NDArray[np.float64]


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
    Compiled form of :class:`rhobar.ops.WeightedKernels`: values and derivatives.

    Cost: about three times that of the kernels alone. Memory: the result and a copy of ``right``.

    :returns: ``(i,)``, and ``(i, lm, channel)``, zero in channels where an environment is empty
    :raises ValueError: as :func:`rhobar.ops.weighted_kernels.check_weights`
    """
    check_weights(iteration, left, right, weights, nu_weights)
    rows, columns, scale = _sides(left, right, weights)
    engine, orders = slope_engine(iteration), nu_weights.detach().contiguous().numpy()
    values, slopes = np.zeros(len(left)), np.zeros(tuple(left.shape))

    def loop(first: int, last: int) -> None:
        _weighted_rows(engine, rows, columns, scale, orders, values, slopes, first, last)

    in_portions(loop, np.arange(len(left) + 1), num_threads)
    return torch.from_numpy(values), torch.from_numpy(slopes)


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
    check_weights(iteration, left, right, weights, nu_weights)
    rows, columns, scale = _sides(left, right, weights)
    engine, orders = kernel_engine(iteration), nu_weights.detach().contiguous().numpy()
    values = np.zeros(len(left))

    def loop(first: int, last: int) -> None:
        _value_rows(engine, rows, columns, scale, orders, values, first, last)

    in_portions(loop, np.arange(len(left) + 1), num_threads)
    return torch.from_numpy(values)


def _sides(left: Tensor, right: Tensor, weights: Tensor) -> tuple[PairRows, PairColumns, Array]:
    """Both sides as the loops read them, and the weights of whole tiles of columns."""
    nothing = torch.zeros(max(len(left), len(right)), dtype=torch.int64)
    rows = pair_rows(left, nothing[: len(left)])
    columns = pair_columns(right, nothing[: len(right)])
    scale = np.zeros(-(-len(right) // PAIRS) * PAIRS)
    scale[: len(right)] = weights.detach().numpy()
    return rows, columns, scale


@compiled
def _value_rows(
    engine: KernelEngine,
    rows: PairRows,
    columns: PairColumns,
    scale: Array,
    nu_weights: Array,
    values: Array,
    first: int,
    last: int,
) -> None:
    """Values of the environments ``first:last``."""
    scratch = pair_scratch(engine.grid, engine.n_slots, engine.one)
    slots = scratch.slots
    for row in range(first, last):
        for tile in range(len(scale) // PAIRS):
            run_engine(engine, rows, row, columns, tile, scratch)
            for k in range(engine.n_results):
                place = (engine.result + k) * PAIRS
                total = 0.0
                for pair in range(PAIRS):
                    total += scale[tile * PAIRS + pair] * slots[place + pair]
                values[row] += nu_weights[k] * total


@compiled
def _weighted_rows(
    engine: SlopeEngine,
    rows: PairRows,
    columns: PairColumns,
    scale: Array,
    nu_weights: Array,
    values: Array,
    slopes: Array,
    first: int,
    last: int,
) -> None:
    """Values and derivatives of the environments ``first:last``."""
    forward = engine.forward
    scratch = slope_scratch(engine, nu_weights)
    slots, bar = scratch.slots, forward.n_slots * PAIRS
    by_row = aligned_zeros(rows.stride * WIDTH)
    total = (engine.n_slots - 1) * PAIRS
    for row in range(first, last):
        start, stop = rows.range_ptr[row], rows.range_ptr[row + 1]
        by_row[:] = 0.0
        for tile in range(len(scale) // PAIRS):
            pair_overlaps(rows, row, columns, tile, forward.orders, slots)
            run_slopes(engine, nu_weights, scratch)
            for pair in range(PAIRS):
                values[row] += scale[tile * PAIRS + pair] * slots[total + pair]
            scale_lanes(slots, bar, bar + engine.n_overlaps * PAIRS, scale, tile * PAIRS)
            gather_lanes(
                slots,
                bar,
                columns.values,
                tile * columns.stride,
                columns.n_channels,
                rows.ranges,
                start,
                stop,
                forward.orders,
                by_row,
            )
        sums = by_row.reshape(slopes.shape[1], slopes.shape[2], WIDTH)
        for lm in range(slopes.shape[1]):
            for channel in range(slopes.shape[2]):
                slopes[row, lm, channel] = sums[lm, channel].sum()
