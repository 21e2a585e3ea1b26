"""Whether a pair of structures is what its family says it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import ase
import numpy as np

from rhobar.counterexamples import Family, congruent

from .color_refinement import ColorRefinement
from .folklore_weisfeiler_lehman import folklore_weisfeiler_lehman
from .node_marked_weisfeiler_lehman import node_marked_weisfeiler_lehman
from .spectrum_difference import spectrum_difference
from .weisfeiler_lehman import discrete_weisfeiler_lehman, weisfeiler_lehman

_TOL = 1e-9  # Å; coordinates are computed in full precision
_EQUAL, _EQUAL_DISTANCES = 1e-10, 1e-12
_DIFFERENT = {1: 1e-3, 2: 1e-3, 3: 1e-3, 4: 1e-4}  # by ν
_DISTINCT_DISTANCES = 1e-2  # Å
_N_CUTOFFS = 6
_PERIODIC_CUTOFFS = (1.75, 2.5, 4.0, 6.0, 8.0, 12.0)  # Å
_BONDED, _BEYOND_BONDS = 1.7, 2.3  # Å, of carbon cages


@dataclass(frozen=True)
class PairCheck:
    """One statement about a pair, and the number that decides it."""

    name: str
    """what is compared"""
    equal: bool
    """whether the members have to be equal in it, or have to differ"""
    value: float
    """by how much they differ; 0 or 1 for verdicts"""
    bound: float
    """up to which ``value`` counts as equal, or from which on as different"""

    @property
    def passed(self) -> bool:
        """Whether it is so."""
        return self.value <= self.bound if self.equal else self.value >= self.bound


def verify_pair(family: Family) -> list[PairCheck]:
    """
    Check what a pair states: what is equal, what tells the members apart, that they differ at all.

    - Finite members are not congruent, by :func:`rhobar.counterexamples.congruent`; periodic ones
      are not because their power spectra differ at two cutoffs. The control is congruent.
    - ``env-ν``: correlations of up to ν neighbors of the centers differ by at most 1e-10 of their
      length, both parities, those of ν + 1 by 1e-3 or more (1e-4 for four); refinement of all atoms
      separates.
    - ``wl1``: one-dimensional refinement by distances finds no difference on the complete graph
      and at six cutoffs, at six with all images if periodic; triangles of distances, marked atoms
      (finite) and power spectra of all atoms separate.
    - ``wl1-discrete``: bonds, with or without lengths, are equal, distances within 2.3 Å are not.
    - ``global-2b``: sorted distances agree to 1e-12 Å, those of single atoms do not.

    :raises ValueError: for a family that states something else

    >>> from rhobar.counterexamples import ThreeAxes
    >>> all(check.passed for check in verify_pair(ThreeAxes()))
    True
    """
    level = family.equal_for.split("-")[0]
    if level not in _STATEMENTS:
        raise ValueError(
            f"{family.name} states equality for {family.equal_for!r}, which nothing here can "
            f"check; known are {', '.join(_STATEMENTS)}, each with what follows a hyphen."
        )
    first, second = family.pair()
    congruence = _congruence(first, second, expected=family.equal_for == "everything")
    return [*congruence, *_STATEMENTS[level](family, first, second)]


def _congruence(first: ase.Atoms, second: ase.Atoms, *, expected: bool) -> Iterator[PairCheck]:
    if first.pbc.any():
        for cutoff in (4.0, 6.0):
            difference = spectrum_difference(first, second, nu=2, cutoff=cutoff)
            yield PairCheck(f"nu=2 of all atoms, {cutoff:g} Å", False, difference, _DIFFERENT[2])
    else:
        found = congruent(first, second, tolerance=1e-6 if expected else 1e-4)
        yield PairCheck("congruence", expected, float(not found), 0.0 if expected else 1.0)


def _global(_: Family, first: ase.Atoms, second: ase.Atoms) -> Iterator[PairCheck]:
    """Lists of distances: of the structure, and of its atoms."""
    distances = [atoms.get_all_distances() for atoms in (first, second)]
    one, two = (np.sort(matrix, axis=None) for matrix in distances)
    yield PairCheck("all distances (Å)", True, float(np.abs(one - two).max()), _EQUAL_DISTANCES)
    rows = [np.sort(matrix, axis=1) for matrix in distances]
    one, two = (sorted_rows[np.lexsort(sorted_rows.T[::-1])] for sorted_rows in rows)
    different = float(np.abs(one - two).max())
    yield PairCheck("distances of each atom (Å)", False, different, _DISTINCT_DISTANCES)
    yield _verdict("distances, complete graph", weisfeiler_lehman(first, second, tol=_TOL), False)


def _environment(family: Family, first: ase.Atoms, second: ase.Atoms) -> Iterator[PairCheck]:
    """Correlations of the centers, by order."""
    for nu in range(1, family.nu_equal + 2):
        equal = nu <= family.nu_equal
        bound = _EQUAL if equal else _DIFFERENT[nu]
        for center in first.info["centers"]:
            difference = spectrum_difference(
                first, second, nu=nu, cutoff=_radius(first, center), center=center
            )
            yield PairCheck(f"nu={nu} of the center", equal, difference, bound)
    yield _verdict("distances, complete graph", weisfeiler_lehman(first, second, tol=_TOL), False)


def _refinement(_: Family, first: ase.Atoms, second: ase.Atoms) -> Iterator[PairCheck]:
    """Colors by distances are equal, whatever the cutoff."""
    periodic = first.pbc.any()
    for cutoff in _PERIODIC_CUTOFFS if periodic else _cutoffs(first):
        found = weisfeiler_lehman(first, second, cutoff=cutoff, tol=_TOL)
        yield _verdict("distances, six cutoffs", found, True)
    if periodic:
        return
    yield _verdict("distances, complete graph", weisfeiler_lehman(first, second, tol=_TOL), True)
    for name, test in (
        ("triangles of distances", folklore_weisfeiler_lehman),
        ("marked atoms", node_marked_weisfeiler_lehman),
    ):
        yield _verdict(name, test(first, second, tol=_TOL), False)
    difference = spectrum_difference(first, second, nu=2, cutoff=_radius(first, None))
    yield PairCheck("nu=2 of all atoms", False, difference, _DIFFERENT[2])


def _bonds(_: Family, first: ase.Atoms, second: ase.Atoms) -> Iterator[PairCheck]:
    bonded = discrete_weisfeiler_lehman(first, second, cutoff=_BONDED)
    yield _verdict("bonds", bonded, True)
    for cutoff, equal in ((_BONDED, True), (_BEYOND_BONDS, False)):
        found = weisfeiler_lehman(first, second, cutoff=cutoff)
        yield _verdict(f"distances within {cutoff} Å", found, equal)


def _control(_: Family, first: ase.Atoms, second: ase.Atoms) -> Iterator[PairCheck]:
    """Nothing may differ."""
    (center,) = first.info["centers"]
    for nu in (1, 2, 3):
        difference = spectrum_difference(
            first, second, nu=nu, cutoff=_radius(first, center), center=center
        )
        yield PairCheck(f"nu={nu} of the center", True, difference, _EQUAL)
    yield _verdict("distances, complete graph", weisfeiler_lehman(first, second, tol=_TOL), True)


_STATEMENTS: dict[str, Callable[[Family, ase.Atoms, ase.Atoms], Iterator[PairCheck]]] = {
    "global": _global,
    "env": _environment,
    "wl1": lambda family, first, second: (
        _bonds if family.equal_for == "wl1-discrete" else _refinement
    )(family, first, second),
    "everything": _control,
}


def _verdict(name: str, found: ColorRefinement, equal: bool) -> PairCheck:
    return PairCheck(name, equal, float(not found.equal), 0.0 if equal else 1.0)


def _cutoffs(atoms: ase.Atoms) -> list[float]:
    """Between the shortest and the longest distance, Å."""
    distances = atoms.get_all_distances()[np.triu_indices(len(atoms), 1)]
    inside = np.linspace(distances.min(), distances.max(), _N_CUTOFFS + 2)[1:-1]
    return [float(cutoff) for cutoff in inside]


def _radius(atoms: ase.Atoms, center: int | None) -> float:
    """Well within which all neighbors are, of a center or of any atom, Å; one of few values."""
    distances = atoms.get_all_distances()
    longest = float((distances if center is None else distances[center]).max())
    return 2.0 * math.ceil(0.6 * longest)
