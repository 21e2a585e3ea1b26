"""Pairs as a model can take them: within its cutoff, of types it knows, in a box."""

from __future__ import annotations

from collections.abc import Sequence

import ase
import numpy as np
from numpy.typing import NDArray

_INSIDE = 0.95  # of the cutoff: a margin for noise, and off the end of smooth cutoffs
_BOX = 30.0  # Å


def scaled_inside(
    pair: Sequence[ase.Atoms], cutoff: float | None, *, nearest: bool = False
) -> list[ase.Atoms]:
    """
    Both members scaled by one factor, so that a cutoff hides nothing; periodic ones as they are.

    :param cutoff: Å; None: no scaling
    :param nearest: instead of the largest distance, the largest of those between any atom and its
        nearest neighbor comes to 0.95 of the cutoff: neighbors only see each other
    """
    if cutoff is None or pair[0].pbc.any():
        return [atoms.copy() for atoms in pair]
    largest = max(_lengths(atoms).max() for atoms in pair)
    factor = min(1.0, _INSIDE * cutoff / largest)
    if nearest:
        factor = _INSIDE * cutoff / max(_nearest(atoms).max() for atoms in pair)
    scaled = [atoms.copy() for atoms in pair]
    for atoms in scaled:
        atoms.positions *= factor
    return scaled


def closest(atoms: ase.Atoms) -> float:
    """The shortest distance between two atoms, periodic images included, Å."""
    return float(_nearest(atoms).min())


def _nearest(atoms: ase.Atoms) -> NDArray[np.float64]:
    """``(atom,)``, distance to the nearest other atom, Å."""
    lengths = _lengths(atoms)
    np.fill_diagonal(lengths, np.inf)
    return np.asarray(lengths.min(axis=1))


def _lengths(atoms: ase.Atoms) -> NDArray[np.float64]:
    return np.asarray(atoms.get_all_distances(mic=bool(atoms.pbc.any())))


def known_types(found: Sequence[int], known: Sequence[int]) -> dict[int, int]:
    """
    For each type that occurs one that a model knows, the nearest in atomic number.

    Known types stay. Others take the nearest one that is still free, so that different types stay
    different while there are enough.

    >>> known_types([5, 6, 7, 8], known=[1, 6, 8])
    {5: 1, 6: 6, 7: 6, 8: 8}
    """
    types = sorted(set(found))
    chosen = {number: number for number in types if number in known}
    for number in types:
        if number not in chosen:
            free = [one for one in known if one not in chosen.values()]
            chosen[number] = min(free or known, key=lambda one: (abs(one - number), one))
    return dict(sorted(chosen.items()))


def with_types(pair: Sequence[ase.Atoms], known: Sequence[int] | None) -> list[ase.Atoms]:
    """Both members with :func:`known_types`; None: all are known."""
    copies = [atoms.copy() for atoms in pair]
    if known is not None:
        types = known_types(pair[0].numbers.tolist(), known)
        for atoms in copies:
            atoms.numbers = [types[number] for number in atoms.numbers.tolist()]
    return copies


def boxed(atoms: ase.Atoms) -> ase.Atoms:
    """A finite structure in the middle of a periodic cube of 30 Å; a periodic one as it is."""
    if atoms.pbc.any():
        return atoms
    copy = atoms.copy()
    copy.positions += 0.5 * _BOX - copy.positions.mean(axis=0)
    copy.cell, copy.pbc = [_BOX] * 3, True
    return copy
