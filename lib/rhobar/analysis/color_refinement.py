"""Colors that are refined by the colors around them, until they say no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ColorRefinement:
    """What a refinement of colors says of two structures a and b."""

    iteration_of_separation: int | None
    """updates after which the colors of a and b differ; 0: they differ at once; None: never"""
    colors_a: NDArray[np.int64]
    """stable colors of a, one for each of what is colored; equal numbers are equal colors"""
    colors_b: NDArray[np.int64]
    """stable colors of b, in the same numbers"""

    @property
    def equal(self) -> bool:
        """Whether a and b cannot be told apart."""
        return self.iteration_of_separation is None

    @property
    def n_colors(self) -> int:
        """Stable colors, those of a and of b together."""
        return len(np.union1d(self.colors_a, self.colors_b))


def refined(
    colors: NDArray[np.int64],
    recolored: Callable[[NDArray[np.int64]], NDArray[np.int64]],
    *,
    seen: Callable[[NDArray[np.int64]], NDArray[np.int64]] = lambda colors: colors,
) -> ColorRefinement:
    """
    Refine the colors of two structures together until they are stable.

    Colors are numbered anew at each update, for both structures at once: they compare between
    structures, not between updates.

    :param colors: before the first update; the first half is of a, the second of b
    :param recolored: one update; equal colors stay equal only where all around them is equal
    :param seen: from colors to what is compared
    """
    separation, iteration = None, 0
    while True:
        compared = seen(colors)
        of_a, of_b = np.split(compared, 2)
        if separation is None and not np.array_equal(np.sort(of_a), np.sort(of_b)):
            separation = iteration
        finer = recolored(colors)
        if _count(finer) == _count(colors):  # colors only split: as many are the same ones
            return ColorRefinement(separation, of_a, of_b)
        colors, iteration = finer, iteration + 1


def _count(colors: NDArray[np.int64]) -> int:
    return len(np.unique(colors))


def row_colors(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """
    A number for each row, the same for equal rows: 0, 1, … in an order of their contents.

    Rows are compared as they are, not by a hash.

    :param rows: ``(row, column)``
    """
    if len(rows) == 0:
        return np.zeros(0, np.int64)
    whole = np.ascontiguousarray(rows)
    width = whole.dtype.itemsize * whole.shape[1]
    return np.unique(whole.view(np.dtype((np.void, width))).ravel(), return_inverse=True)[1]


def multiset_colors(
    own: NDArray[np.int64], owner: NDArray[np.int64], members: NDArray[np.int64]
) -> NDArray[np.int64]:
    """
    A number for each pair of an own color and a multiset, the same for equal pairs.

    :param own: ``(node,)``
    :param owner: ``(member,)``, to which node's multiset it belongs
    :param members: ``(member,)``, not negative
    """
    sizes = np.bincount(owner, minlength=len(own))
    order = np.lexsort((members, owner))
    column = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    rows = np.full((len(own), 1 + sizes.max(initial=0)), -1, np.int64)  # -1: no more members
    rows[:, 0] = own
    rows[owner[order], 1 + column] = members[order]
    return row_colors(rows)
