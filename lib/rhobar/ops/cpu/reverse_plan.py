"""Couplings backwards: from derivatives by products to those by the features they are made of."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .center_tiles import TILE
from .compilation import compiled
from .coupling_plan import CouplingPlan
from .lane_sums import reverse_lanes

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


class ReversePlan(NamedTuple):
    """The entries of a :class:`CouplingPlan` by term instead of by sum."""

    entry_ptr: Integers
    """``(term + 1,)``"""
    entry_sum: Integers
    """``(entry,)``, number of the sum within its group"""
    entry_weight: Array
    """``(entry,)``"""


def reverse_plan(plan: CouplingPlan) -> ReversePlan:
    """The plan backwards."""
    group_of_sum = np.repeat(np.arange(len(plan.scalar)), np.diff(plan.sum_ptr))
    number = np.repeat(np.arange(len(plan.sum_place)), np.diff(plan.entry_ptr))
    group = group_of_sum[number]
    term = plan.term_ptr[group] + plan.entry_term // TILE
    order = np.argsort(term, kind="stable")
    sizes = np.bincount(term, minlength=len(plan.term_left))
    return ReversePlan(
        entry_ptr=np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)]),
        entry_sum=(number - plan.sum_ptr[group])[order],
        entry_weight=plan.entry_weight[order],
    )


def most_sums(plan: CouplingPlan) -> int:
    """Sums that a pair is in."""
    return int(np.max(np.diff(plan.sum_ptr), initial=0))


@compiled
def reverse_tile(
    plan: CouplingPlan,
    reverse: ReversePlan,
    left: Array,
    right: Array,
    gradient: Array,
    d_left: Array,
    d_right: Array,
    places: Integers,
) -> None:
    """
    Add what derivatives by the products of a tile are by its features.

    :param gradient: by the products
    :param places: scratch memory, see :func:`most_sums`
    """
    for group in range(len(plan.pair_ptr) - 1):
        start, first_sum = plan.pair_ptr[group], plan.sum_ptr[group]
        for pair in range(start, plan.pair_ptr[group + 1]):
            for s in range(first_sum, plan.sum_ptr[group + 1]):
                places[s - first_sum] = plan.sum_place[s] + (pair - start) * plan.sum_step[s]
            for t in range(plan.term_ptr[group], plan.term_ptr[group + 1]):
                reverse_lanes(
                    gradient,
                    places,
                    reverse.entry_sum,
                    reverse.entry_weight,
                    reverse.entry_ptr[t],
                    reverse.entry_ptr[t + 1],
                    left,
                    plan.first[pair] + plan.term_left[t],
                    right,
                    plan.second[pair] + plan.term_right[t],
                    d_left,
                    d_right,
                )
