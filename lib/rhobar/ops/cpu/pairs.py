"""Neighbors in many small structures at once, isolated or periodic."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compilation import compiled, compiled_part

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

# The reach is widened by this part of a lattice vector: rounding must not lose a pair.
_MARGIN = 1e-9


class PairsWithin(NamedTuple):
    """Directed pairs, ordered by center, neighbor and shift."""

    center: Integers
    """``(pair,)``, atom of the batch"""
    neighbor: Integers
    """``(pair,)``, atom of the batch"""
    shifts: NDArray[np.int32]
    """``(pair, 3)``, how many lattice vectors the neighbor's image is away"""
    vectors: Array
    """``(pair, 3)``, from center to neighbor, Å"""
    shortest: float
    """length of the shortest vector, Å; infinite without pairs"""


class _Lattices(NamedTuple):
    """Cells of all structures, and their reciprocals."""

    cells: Array
    """``(system, 3, 3)``, rows are lattice vectors; zero where not periodic"""
    inverse: Array
    """``(system, 3, 3)``, vectors to fractions; zero where not periodic"""
    reach: Integers
    """``(system, 3)``, lattice vectors between the nearest image and the farthest to look at"""


def pairs_within(
    positions: Array,
    system_ptr: Integers,
    cutoff: float,
    *,
    cells: Array | None = None,
    pbc: NDArray[np.bool_] | None = None,
) -> PairsWithin:
    """
    All pairs of atoms of the same structure with a distance below ``cutoff`` (Å), both ways.

    Images are neighbors of their own, also those of the center itself. Compares all atoms of a
    structure with each other, and only those images that may be near: the fastest way up to some
    hundred atoms, quadratic beyond.

    :param positions: ``(atom, 3)``, Å, structures one after the other, wrapped or not
    :param system_ptr: ``(system + 1,)``, first atom of each structure, and the end
    :param cells: ``(system, 3, 3)``, Å; rows along directions without periodicity do not count
    :param pbc: ``(system, 3)``; None for isolated structures
    """
    positions = np.ascontiguousarray(positions, dtype=np.float64)
    system_ptr = np.ascontiguousarray(system_ptr, dtype=np.int64)
    lattices = _lattices(len(system_ptr) - 1, cutoff, cells, pbc)
    room = _expected_pairs(system_ptr, cutoff, lattices)
    while True:
        found = PairsWithin(
            center=np.empty(room, np.int64),
            neighbor=np.empty(room, np.int64),
            shifts=np.empty((room, 3), np.int32),
            vectors=np.empty((room, 3)),
            shortest=math.inf,
        )
        count, shortest = _search(positions, system_ptr, lattices, cutoff * cutoff, found)
        if count <= room:
            return PairsWithin(
                found.center[:count],
                found.neighbor[:count],
                found.shifts[:count],
                found.vectors[:count],
                math.sqrt(shortest),
            )
        room = count


def _lattices(
    n_systems: int, cutoff: float, cells: Array | None, pbc: NDArray[np.bool_] | None
) -> _Lattices:
    """Reciprocals of the cells, and how far the cutoff reaches in them."""
    none = np.zeros((n_systems, 3, 3))
    if cells is None or pbc is None or not pbc.any():
        return _Lattices(none, none, np.zeros((n_systems, 3), np.int64))
    used = np.where(pbc[:, :, None], cells, 0.0)
    # for vectors that span a line or a plane the pseudo-inverse is the reciprocal within it
    inverse = np.linalg.pinv(used)
    # an image k planes from the nearest is at least k - 1/2 planes away
    planes = cutoff * np.linalg.norm(inverse, axis=1)
    reach = np.where(pbc, np.floor(planes + 0.5 + _MARGIN), 0.0)
    return _Lattices(used, inverse, reach.astype(np.int64))


def _expected_pairs(system_ptr: Integers, cutoff: float, lattices: _Lattices) -> int:
    """A guess that is seldom too small: all pairs, or those at the mean density of a cell."""
    sizes = np.diff(system_ptr)
    everything = sizes * (sizes - 1)
    if not lattices.inverse.any():
        return int(everything.sum())
    volume = np.abs(np.linalg.det(lattices.cells))
    sphere = 4 / 3 * math.pi * cutoff**3
    crystal = volume > 0
    around = np.divide(1.2 * sphere * sizes, volume, where=crystal, out=np.zeros(len(sizes)))
    return int(np.where(crystal, sizes * (around + 8), everything).sum())


@compiled
def _search(
    positions: Array,
    system_ptr: Integers,
    lattices: _Lattices,
    squared_cutoff: float,
    found: PairsWithin,
) -> tuple[int, float]:
    """Write as many pairs as there is room for; their number, and the least squared distance."""
    count, smallest = 0, np.inf
    for system in range(len(system_ptr) - 1):
        start, stop = system_ptr[system], system_ptr[system + 1]
        periodic = np.any(lattices.inverse[system] != 0.0)
        for i in range(start, stop):
            if periodic:
                count, smallest = _periodic_neighbors(
                    positions,
                    i,
                    start,
                    stop,
                    lattices,
                    system,
                    squared_cutoff,
                    found,
                    count,
                    smallest,
                )
            else:
                count, smallest = _neighbors(
                    positions, i, start, stop, squared_cutoff, found, count, smallest
                )
    return count, smallest


@compiled_part
def _neighbors(
    positions: Array,
    i: int,
    start: int,
    stop: int,
    squared_cutoff: float,
    found: PairsWithin,
    count: int,
    smallest: float,
) -> tuple[int, float]:
    """Pairs of one atom of an isolated structure, added to ``count``."""
    for j in range(start, stop):
        x = positions[j, 0] - positions[i, 0]
        y = positions[j, 1] - positions[i, 1]
        z = positions[j, 2] - positions[i, 2]
        squared = x * x + y * y + z * z
        if squared < squared_cutoff and i != j:
            if count < len(found.center):
                _write(found, count, (i, j), (0, 0, 0), (x, y, z))
            smallest = min(smallest, squared)
            count += 1
    return count, smallest


@compiled_part
def _periodic_neighbors(
    positions: Array,
    i: int,
    start: int,
    stop: int,
    lattices: _Lattices,
    system: int,
    squared_cutoff: float,
    found: PairsWithin,
    count: int,
    smallest: float,
) -> tuple[int, float]:
    """Pairs of one atom of a periodic structure, added to ``count``."""
    cell, inverse = lattices.cells[system], lattices.inverse[system]
    reach = lattices.reach[system]
    for j in range(start, stop):
        x = positions[j, 0] - positions[i, 0]
        y = positions[j, 1] - positions[i, 1]
        z = positions[j, 2] - positions[i, 2]
        # the nearest image along each lattice vector, then those about it
        a = -_rounded(x * inverse[0, 0] + y * inverse[1, 0] + z * inverse[2, 0])
        b = -_rounded(x * inverse[0, 1] + y * inverse[1, 1] + z * inverse[2, 1])
        c = -_rounded(x * inverse[0, 2] + y * inverse[1, 2] + z * inverse[2, 2])
        for k in range(a - reach[0], a + reach[0] + 1):
            for l in range(b - reach[1], b + reach[1] + 1):
                for m in range(c - reach[2], c + reach[2] + 1):
                    u = x + (k * cell[0, 0] + l * cell[1, 0] + m * cell[2, 0])
                    v = y + (k * cell[0, 1] + l * cell[1, 1] + m * cell[2, 1])
                    w = z + (k * cell[0, 2] + l * cell[1, 2] + m * cell[2, 2])
                    squared = u * u + v * v + w * w
                    itself = i == j and k == 0 and l == 0 and m == 0
                    if squared < squared_cutoff and not itself:
                        if count < len(found.center):
                            _write(found, count, (i, j), (k, l, m), (u, v, w))
                        smallest = min(smallest, squared)
                        count += 1
    return count, smallest


@compiled_part
def _rounded(x: float) -> int:
    """The nearest integer."""
    return math.floor(x + 0.5)


@compiled_part
def _write(
    found: PairsWithin,
    place: int,
    atoms: tuple[int, int],
    shift: tuple[int, int, int],
    vector: tuple[float, float, float],
) -> None:
    """One pair."""
    found.center[place], found.neighbor[place] = atoms
    for axis in range(3):
        found.shifts[place, axis] = shift[axis]
        found.vectors[place, axis] = vector[axis]
