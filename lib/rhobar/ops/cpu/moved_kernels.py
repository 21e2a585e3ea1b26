"""How Wigner kernels change when the density of one side does, compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from rhobar.ops.rotation_powers import RotationPowers
from rhobar.ops.wigner_iteration import CgIteration

from .chunks import in_portions
from .compilation import compiled
from .pair_lanes import PAIRS
from .pair_scratch import aligned_zeros
from .pair_sides import PairColumns, PairRows, pair_columns, pair_overlaps, pair_rows
from .slope_engine import SlopeEngine, run_slopes, slope_engine, slope_scratch
from .slope_lanes import dot_slots

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


def moved_kernels(
    iteration: CgIteration | RotationPowers,
    left: Tensor,
    left_group: Tensor,
    right: Tensor,
    right_group: Tensor,
    changes: Tensor,
    center: Tensor,
    row: Tensor,
    nu_weights: Tensor,
    out: Tensor,
    *,
    num_threads: int = 1,
) -> None:
    r"""
    Add derivatives of sums of kernels by whatever changes the densities of the left side.

    .. math:: D_{x B} \mathrel{+}= \sum_{i} \sum_{j \in B} \sum_\nu b_\nu \sum_{lmq}
        \frac{\partial \kappa^\nu(i, j)}{\partial c^i_{lmq}} \frac{\partial c^i_{lmq}}{\partial x}

    :param left: ``(i, lm, channel)``
    :param left_group: ``(i,)``, not decreasing; changes of different groups go to different rows
    :param right: ``(j, lm, channel)``
    :param right_group: ``(j,)``, column of the result, not decreasing
    :param changes: ``(change, lm, channel)``, :math:`\partial c^i / \partial x`
    :param center: ``(change,)``, the i of each, not decreasing
    :param row: ``(change,)``, row of the result, the number of x
    :param nu_weights: b of ν = 1 … nu_max
    :param out: ``(row, column)`` float64, contiguous, is added to
    """
    rows, columns = pair_rows(left, left_group), pair_columns(right, right_group)
    moves = pair_rows(changes, row)
    engine = slope_engine(iteration)
    target, orders = out.detach().numpy(), nu_weights.detach().contiguous().numpy()
    ptr = np.searchsorted(center.numpy(), np.arange(len(left) + 1))
    starts = np.flatnonzero(np.diff(rows.group, prepend=-1, append=-1))

    def loop(first: int, last: int) -> None:
        _add_moves(
            engine,
            rows,
            columns,
            moves,
            ptr,
            orders,
            target,
            starts[first],
            starts[last],
        )

    in_portions(loop, starts, num_threads)


@compiled
def _add_moves(
    engine: SlopeEngine,
    rows: PairRows,
    columns: PairColumns,
    moves: PairRows,
    move_ptr: Integers,
    nu_weights: Array,
    out: Array,
    first: int,
    last: int,
) -> None:
    """Derivatives of the kernels of the environments ``first:last``."""
    forward = engine.forward
    scratch = slope_scratch(engine, nu_weights)
    slots, bar = scratch.slots, forward.n_slots * PAIRS
    overlaps, sums = aligned_zeros(engine.n_overlaps * PAIRS), aligned_zeros(PAIRS)
    for tile in range(-(-len(columns.group) // PAIRS)):
        start = tile * PAIRS
        count = min(PAIRS, len(columns.group) - start)
        for i in range(first, last):
            pair_overlaps(rows, i, columns, tile, forward.orders, slots)
            run_slopes(engine, nu_weights, scratch)
            for move in range(move_ptr[i], move_ptr[i + 1]):
                pair_overlaps(moves, move, columns, tile, forward.orders, overlaps)
                dot_slots(slots, bar, overlaps, engine.n_overlaps, sums)
                target = moves.group[move]
                for pair in range(count):
                    out[target, columns.group[start + pair]] += sums[pair]
