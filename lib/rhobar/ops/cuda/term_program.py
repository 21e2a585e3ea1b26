"""Bilinear terms in the order in which the threads of a block read them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rhobar.math import BilinearTerms

Integers = NDArray[np.int32]
Terms = list[tuple[int, int, float]]
"""``(left, right, coefficient)`` of one value"""
Level = dict[int, Terms]
"""values that do not need each other, by slot"""

_SHORT = 8  # terms that are not worth a sum of partial sums
_BATCH = 4  # BATCH of pair_tile.cuh


class TermProgram(NamedTuple):
    """Tables of ``Program`` in pair_tile.cuh."""

    level_ptr: Integers
    value_ptr: Integers
    slot: Integers
    terms: NDArray[np.void]

    @property
    def n_levels(self) -> int:
        """How many there are."""
        return len(self.level_ptr) - 1


def levels_of(
    parts: list[BilinearTerms],
    *,
    given: Collection[int],
    results: Collection[int],
    one: int,
    free: int,
    n_groups: int,
) -> tuple[list[Level], int]:
    """
    Values by what they depend on, those with most terms first.

    A value that is far longer than the share of each of ``n_groups`` workers becomes a sum of
    values. Slots that nothing makes are zero.

    :param given: slots that have their values
    :param results: slots that are wanted, zero or not
    :param one: slot that holds 1
    :param free: first slot that is free
    :returns: levels, and the first slot that is free now
    """
    values: Level = defaultdict(list, {slot: [] for slot in results})
    known = {*given, *(slot for part in parts for slot in part.out.tolist())}
    for part in parts:
        for out, *term in zip(*(column.tolist() for column in part), strict=True):
            if known.issuperset(term[:2]):
                values[out].append((term[0], term[1], term[2]))
    depth = _depths(values)
    work = Counter[int]()
    for slot, terms in values.items():
        work[depth[slot]] += len(terms)
    for slot, terms in list(values.items()):
        share = max(_SHORT, math.ceil(work[depth[slot]] / n_groups))
        if len(terms) > 2 * share:
            n_parts = math.ceil(len(terms) / share)
            for k in range(n_parts):
                values[free + k] = terms[k::n_parts]
            values[slot] = [(one, free + k, 1.0) for k in range(n_parts)]
            free += n_parts
    depth = _depths(values)
    levels: list[Level] = [{} for _ in range(max(depth.values()))]
    for slot, terms in sorted(values.items(), key=lambda item: (-len(item[1]), item[0])):
        levels[depth[slot] - 1][slot] = terms
    return levels, free


def _depths(values: Level) -> dict[int, int]:
    """1 for values that need given slots only, 2 for those that need such values, ...."""
    depths: dict[int, int] = {}

    def depth(slot: int) -> int:
        if slot not in values:
            return 0
        if slot not in depths:
            sources = {source for term in values[slot] for source in term[:2]}
            depths[slot] = 1 + max(map(depth, sources), default=0)
        return depths[slot]

    for slot in values:
        depth(slot)
    return depths


def term_program(levels: list[Level], dtype: type[np.floating]) -> TermProgram:
    """Tables of values, level by level; a value without terms is zero, as padding is."""
    kind = np.dtype(
        {
            "names": ["other", "common", "coefficient"],
            "formats": [np.int32, np.int32, dtype],
            "offsets": [0, 4, 8],
            "itemsize": 16,
        }
    )
    level_ptr, value_ptr, slots = [0], [0], []
    nothing = (0, -1, 0.0)
    rows: list[tuple[int, int, float]] = []
    for level in levels:
        for slot, terms in level.items():
            for common, others in _grouped(terms):
                rows += [(other, -1, coefficient) for other, coefficient in others.items()]
                rows[-1] = (rows[-1][0], common, rows[-1][2])
            rows += [nothing] * (-len(rows) % _BATCH)
            slots.append(slot)
            value_ptr.append(len(rows))
        level_ptr.append(len(slots))
    rows += [nothing] * _BATCH  # read, while the last ones are added
    return TermProgram(
        level_ptr=np.array(level_ptr, dtype=np.int32),
        value_ptr=np.array(value_ptr, dtype=np.int32),
        slot=np.array(slots, dtype=np.int32),
        terms=np.array(rows, dtype=kind),
    )


def _grouped(terms: Terms) -> Iterator[tuple[int, dict[int, float]]]:
    """
    Terms of one value as a common factor and the others of it, greedily large.

    A common factor is read and multiplied with once: 8041 terms of two densities and l ≤ 3 have
    4121 of them.
    """
    partners: dict[int, dict[int, float]] = defaultdict(dict)
    for left, right, coefficient in terms:
        partners[left][right] = partners[right][left] = coefficient
    while partners:
        common = max(partners, key=lambda slot: (len(partners[slot]), -slot))
        others = partners.pop(common)
        for other in others:
            if other != common:
                del partners[other][common]
                if not partners[other]:
                    del partners[other]
        yield common, others
