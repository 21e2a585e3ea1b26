"""Sums of Wigner kernels over pairs of environments, compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from rhobar.ops.rotation_powers import RotationPowers
from rhobar.ops.wigner_iteration import CgIteration

from .bilinear_program import run_program
from .chunks import in_portions
from .compilation import compiled, compiled_part
from .kernel_engine import KernelEngine, kernel_engine
from .pair_lanes import PAIRS
from .pair_scratch import PairScratch, pair_scratch
from .pair_sides import PairColumns, PairRows, pair_columns, pair_overlaps, pair_rows
from .rotation_grid import run_grid

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_ROWS = 64  # environments that share a visit of 32 others, whose coefficients are then in the cache
_SUMS = 2**21  # numbers of the sums of these rows, at most, where there are 8 rows or more


def summed_kernels(
    iteration: CgIteration | RotationPowers,
    left: Tensor,
    left_group: Tensor,
    right: Tensor,
    right_group: Tensor,
    out: Tensor,
    *,
    symmetric: bool = False,
    num_threads: int = 1,
) -> None:
    """
    Compiled form of :func:`rhobar.ops.summed_kernels`.

    A number of the result does not depend on which others are computed in the same call, nor on
    the number of threads.
    """
    rows, columns = pair_rows(left, left_group), pair_columns(right, right_group)
    engine = kernel_engine(iteration)
    target = out.detach().numpy().reshape(len(out), out.shape[1], -1)
    starts = np.searchsorted(rows.group, np.arange(len(out) + 1))
    cost = np.diff(starts)
    if symmetric:
        cost = cost * (len(columns.group) - np.searchsorted(columns.group, np.arange(len(out))))
    cost_ptr = np.concatenate([[0], np.cumsum(cost)]).astype(np.int64)

    def loop(first: int, last: int) -> None:
        _add_rows(engine, rows, columns, target, symmetric, starts[first], starts[last])

    in_portions(loop, cost_ptr, num_threads)
    if symmetric:
        square = out.shape[3] if out.ndim > 3 else 1
        _mirror(target, square)


@compiled_part
def run_engine(
    engine: KernelEngine,
    rows: PairRows,
    row: int,
    columns: PairColumns,
    tile: int,
    scratch: PairScratch,
) -> None:
    """Kernels of one environment with the 32 of a tile, in the slots of ``scratch``."""
    slots = scratch.slots
    pair_overlaps(rows, row, columns, tile, engine.orders, slots)
    run_program(engine.program, slots)
    n_powers = len(engine.grid.powers)
    if n_powers > 0:
        start = engine.grid_result * PAIRS
        for k in range(start, start + n_powers * PAIRS):
            slots[k] = 0.0
        run_grid(engine.grid, slots, scratch.fourier, scratch.turned, start)


@compiled
def _add_rows(
    engine: KernelEngine,
    rows: PairRows,
    columns: PairColumns,
    out: Array,
    symmetric: bool,
    first: int,
    last: int,
) -> None:
    """
    Add the kernels of the environments ``first:last`` to their rows of ``out``.

    Sums run first over the environments of a column, in order, then over those of a row.
    """
    scratch = pair_scratch(engine.grid, engine.n_slots, engine.one)
    slots = scratch.slots
    n_columns, n_results = out.shape[1], engine.n_results
    at_once = min(_ROWS, max(8, _SUMS // max(1, n_columns * n_results)))
    sums = np.zeros((at_once, n_columns, n_results))
    for begin in range(first, last, at_once):
        end = min(begin + at_once, last)
        lowest = rows.group[begin] if symmetric else 0
        first_column = np.searchsorted(columns.group, lowest)
        for tile in range(first_column // PAIRS, -(-len(columns.group) // PAIRS)):
            start = tile * PAIRS
            count = min(PAIRS, len(columns.group) - start)
            for row in range(begin, end):
                run_engine(engine, rows, row, columns, tile, scratch)
                for k in range(n_results):
                    place = (engine.result + k) * PAIRS
                    for pair in range(count):
                        column = columns.group[start + pair]
                        sums[row - begin, column, k] += slots[place + pair]
        for row in range(begin, end):
            group = rows.group[row]
            for column in range(group if symmetric else 0, n_columns):
                for k in range(n_results):
                    out[group, column, k] += sums[row - begin, column, k]
            sums[row - begin, :, :] = 0.0


@compiled
def _mirror(out: Array, square: int) -> None:
    """Copy what is above the diagonal below it, with μ and μ' exchanged."""
    n_nu = out.shape[2] // (square * square)
    for row in range(len(out)):
        for column in range(row):
            for nu in range(n_nu):
                for mu in range(square):
                    for other in range(square):
                        source = (nu * square + mu) * square + other
                        target = (nu * square + other) * square + mu
                        out[row, column, target] = out[column, row, source]
