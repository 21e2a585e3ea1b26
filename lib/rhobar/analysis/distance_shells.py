"""Which distances are one and the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_WIDEST = 10
"""widest shell and narrowest gap between shells that leave no doubt, in units of ``tol``"""
_SMALLEST = 100
"""the shortest distance is at least this many ``tol``"""


@dataclass(frozen=True)
class DistanceShells:
    """Distances (Å) gathered to shells, numbered from the shortest."""

    shell: NDArray[np.int64]
    """``(distance,)``, which one each distance belongs to"""
    lower: NDArray[np.float64]
    """``(shell,)``, shortest distance of each"""
    upper: NDArray[np.float64]
    """``(shell,)``, longest distance of each"""

    def __len__(self) -> int:
        return len(self.lower)


def distance_shells(
    distances: NDArray[np.float64],
    *,
    tol: float,
    strict: bool = True,
    cutoff: float = np.inf,
) -> DistanceShells:
    """
    Gather distances by single linkage: a shell ends where the next distance is ``tol`` away.

    Rounding to decimals would not do: 1.00049999 and 1.00050001 become 1.000 and 1.001, and a
    difference of rounding would pass for a difference of structures.

    :param distances: of all structures that are compared, Å
    :param tol: Å, well above the error of the coordinates
    :param strict: refuse distances of which it is not clear whether they are equal
    :param cutoff: Å, shells that begin beyond it are not checked
    :raises ValueError: for a ``tol`` that is not positive, or above 1/100 of the shortest
        distance; if ``strict`` for a shell wider than 10 ``tol``, or two shells that are less
        than 10 ``tol`` apart
    """
    check_tol(tol, float(distances.min(initial=np.inf)), "the shortest distance")
    order = np.argsort(distances)
    rising = distances[order]
    begins = np.ones(len(rising), np.bool_)
    begins[1:] = np.diff(rising) > tol
    shell = np.empty(len(rising), np.int64)
    shell[order] = np.cumsum(begins) - 1
    ends = np.roll(begins, -1)
    shells = DistanceShells(shell, lower=rising[begins], upper=rising[ends])
    if strict:
        _refuse_doubt(shells, tol, cutoff)
    return shells


def check_tol(tol: float, length: float, name: str) -> None:
    """
    Refuse a ``tol`` (Å) that is no small part of a length (Å).

    :raises ValueError: saying what the length is
    """
    if not 0 < tol <= length / _SMALLEST:
        raise ValueError(
            f"tol = {tol} Å: distances that differ by less are taken to be equal, so it has to be "
            f"above 0 and at most 1/{_SMALLEST} of {name}, {length:.6g} Å."
        )


def _refuse_doubt(shells: DistanceShells, tol: float, cutoff: float) -> None:
    """Refuse shells below ``cutoff`` that are wide, or close to the next one."""
    checked = shells.lower < cutoff
    wide = checked & (shells.upper - shells.lower > _WIDEST * tol)
    close = checked[:-1] & (shells.lower[1:] - shells.upper[:-1] < _WIDEST * tol)
    for number in np.flatnonzero(wide)[:1]:
        raise ValueError(
            f"ambiguous distances: from {shells.lower[number]:.12g} to "
            f"{shells.upper[number]:.12g} Å each follows the last within tol = {tol} Å, though "
            f"the ends are more than {_WIDEST} tol apart. Give a smaller tol, or strict=False to "
            "take them for equal."
        )
    for number in np.flatnonzero(close)[:1]:
        raise ValueError(
            f"ambiguous distances: {shells.upper[number]:.12g} and "
            f"{shells.lower[number + 1]:.12g} Å differ by more than tol = {tol} Å but less than "
            f"{_WIDEST} tol. Give a smaller tol if coordinates have more digits, a larger one if "
            "they have fewer, or strict=False to take them for different."
        )
