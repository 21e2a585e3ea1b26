"""
Moving atoms seen from one center: each run has a *slot* for every atom in it but the center.

Images of one atom share a slot: moving the atom moves them all. Images of the center have none,
their vectors do not change when it moves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .compilation import compiled_part

Integers = NDArray[np.int64]


@compiled_part
def run_slots(
    run_ptr: Integers, neighbor: Integers, first: int, last: int, center_atom: int
) -> tuple[Integers, Integers, Integers]:
    """
    Slots of the runs ``first:last`` of one center.

    :returns: the atom of each slot, increasing within a run; ``(run + 1,)`` the first slot of
        each run; ``(pair,)`` the slot of each pair, -1 for images of the center
    """
    start, stop = run_ptr[first], run_ptr[last]
    slot_atom, pair_slot = np.empty(stop - start, np.int64), np.empty(stop - start, np.int64)
    slot_ptr = np.zeros(last - first + 1, np.int64)
    count = 0
    for run in range(first, last):
        for pair in range(run_ptr[run], run_ptr[run + 1]):
            atom = neighbor[pair]
            if atom == center_atom:
                pair_slot[pair - start] = -1
                continue
            if count == slot_ptr[run - first] or slot_atom[count - 1] != atom:
                slot_atom[count] = atom
                count += 1
            pair_slot[pair - start] = count - 1
        slot_ptr[run - first + 1] = count
    return slot_atom[:count], slot_ptr, pair_slot


@compiled_part
def merge(
    slot_atom: Integers, slot_ptr: Integers, a: int, b: int, center_atom: int, order: Integers
) -> int:
    """
    Slots of two runs and the center, by increasing atom.

    :param order: filled with slots, and -1 for the center
    :returns: how many there are
    """
    j, j_end = slot_ptr[a], slot_ptr[a + 1]
    k, k_end = slot_ptr[b], slot_ptr[b + 1] if b > a else slot_ptr[b]
    center_is_due = True
    count = 0
    while center_is_due or j < j_end or k < k_end:
        smallest, slot = np.iinfo(np.int64).max, -1
        if center_is_due:
            smallest = center_atom
        if j < j_end and slot_atom[j] < smallest:
            smallest, slot = slot_atom[j], j
        if k < k_end and slot_atom[k] < smallest:
            smallest, slot = slot_atom[k], k
        if slot < 0:
            center_is_due = False
        elif slot < slot_ptr[a + 1]:
            j += 1
        else:
            k += 1
        order[count] = slot
        count += 1
    return count
