"""Which Clebsch-Gordan coefficients the loops over products of three factors meet, in order."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rhobar.ops.triple_products import TripleRows, triple_table

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


class TriplePlan(NamedTuple):
    """
    Coefficients that are not zero, by path, then m_2, then m_1, then m_3.

    A *term* is a path and its m_2, a *slot* a term and its m_1. Components m are flat, l*l + l + m.
    """

    entry_ptr: Integers
    """``(slot + 1,)`` coefficients of each slot"""
    entry_m_3: Integers
    """``(entry,)``"""
    entry_value: Array
    """``(entry,)``"""
    slot_ptr: Integers
    """``(term + 1,)`` slots of each term"""
    slot_m_1: Integers
    """``(slot,)``"""
    term_ptr: Integers
    """``(path + 1,)`` terms of each path"""
    term_m_2: Integers
    """``(term,)``"""


class RowPointers(NamedTuple):
    """Rows as the loops read them."""

    first_ptr: Integers
    """``(c + 1,)`` the a of each c"""
    row_ptr: Integers
    """``(a + 1,)`` the rows of each a"""
    second: Integers
    """``(row,)`` the b of each row"""
    cost_ptr: Integers
    """``(c + 1,)`` rows before each c, one more for each: what threads share"""


@functools.lru_cache(maxsize=16)
def triple_plan(paths: tuple[tuple[int, int, int], ...]) -> TriplePlan:
    """The plan for some paths."""
    entries: list[tuple[int, float]] = []
    entry_ptr, slot_ptr, term_ptr = [0], [0], [0]
    slot_m_1: list[int] = []
    term_m_2: list[int] = []
    for l_1, l_2, l_3 in paths:
        table = triple_table(l_1, l_2, l_3).numpy()
        for m_2 in range(2 * l_2 + 1):
            for m_1 in range(2 * l_1 + 1):
                # values that vanish by symmetry are left with the rounding of the sums, 1e-17
                found = np.nonzero(np.abs(table[m_1, m_2]) > 1e-14)[0]
                if len(found):
                    entries += [(l_3 * l_3 + m_3, table[m_1, m_2, m_3]) for m_3 in found.tolist()]
                    entry_ptr.append(len(entries))
                    slot_m_1.append(l_1 * l_1 + m_1)
            slot_ptr.append(len(slot_m_1))
            term_m_2.append(l_2 * l_2 + m_2)
        term_ptr.append(len(term_m_2))
    return TriplePlan(
        entry_ptr=np.array(entry_ptr),
        entry_m_3=np.array([m_3 for m_3, _ in entries]),
        entry_value=np.array([value for _, value in entries]),
        slot_ptr=np.array(slot_ptr),
        slot_m_1=np.array(slot_m_1),
        term_ptr=np.array(term_ptr),
        term_m_2=np.array(term_m_2),
    )


def row_pointers(rows: TripleRows, n_first: int, n_second: int, n_third: int) -> RowPointers:
    """
    Pointers into ``rows``.

    :raises ValueError: where rows are not sorted, or name factors that do not exist
    """
    first, second, third = (column.numpy() for column in rows)
    for name, column, size in (("first", first, n_first), ("third", third, n_third)):
        if np.any(np.diff(column) < 0):
            raise ValueError(f"TripleRows.{name} decreases; sort the rows by it first.")
        _check_range(name, column, size)
    _check_range("second", second, n_second)
    if len(third) != n_first:
        raise ValueError(f"TripleRows.third has {len(third)} entries for {n_first} first factors.")
    first_ptr = np.searchsorted(third, np.arange(n_third + 1))
    row_ptr = np.searchsorted(first, np.arange(n_first + 1))
    cost_ptr = row_ptr[first_ptr] + np.arange(n_third + 1)
    return RowPointers(first_ptr, row_ptr, np.ascontiguousarray(second), cost_ptr)


def _check_range(name: str, column: Integers, size: int) -> None:
    if len(column) and not (column.min() >= 0 and column.max() < size):
        raise ValueError(
            f"TripleRows.{name} runs from {column.min()} to {column.max()}, the factors from 0 to "
            f"{size - 1}."
        )
