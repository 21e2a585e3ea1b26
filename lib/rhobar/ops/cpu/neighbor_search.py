"""Neighbors in many small structures at once, isolated or periodic, sorted by channel."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from rhobar.ops.neighborhoods import Neighborhoods

from .chunks import in_portions
from .compilation import compiled, compiled_part
from .grouping import Grouped
from .lattices import Lattices, lattices

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

# Comparisons of atoms (2 ns) that have to be due before a second thread is woken (0.1 ms).
_FEW = 100_000


def neighbors_within(
    positions: Array,
    system_ptr: Integers,
    cutoff: float,
    *,
    channels: Integers,
    n_channels: int,
    centers: Integers | None = None,
    cells: Array | None = None,
    pbc: NDArray[np.bool_] | None = None,
    num_threads: int = 1,
) -> tuple[Grouped, float]:
    """
    Neighbors of each center with a distance below ``cutoff`` (Å), by channel, atom and shift.

    What :func:`.group` makes of a list of pairs, without the list. Images are neighbors of their
    own, also those of the center itself. Compares all atoms of a structure with each other, and
    only those images that may be near: the fastest way up to some hundred atoms, quadratic beyond.
    Pairs are counted first and written then, each where it stays.

    :param positions: ``(atom, 3)``, Å, structures one after the other, wrapped or not
    :param system_ptr: ``(system + 1,)``, first atom of each structure, and the end
    :param channels: ``(atom,)``, channel of each atom: 0 … n_channels - 1
    :param centers: atoms that become centers, increasing; None for all
    :param cells: ``(system, 3, 3)``, Å; rows along directions without periodicity do not count
    :param pbc: ``(system, 3)``; None for isolated structures
    :returns: the neighbors, and the least distance of a pair in Å, infinite without pairs
    """
    positions = np.ascontiguousarray(positions, dtype=np.float64)
    system_ptr, channels = (np.ascontiguousarray(a, dtype=np.int64) for a in (system_ptr, channels))
    sizes = np.diff(system_ptr)
    system = np.repeat(np.arange(len(sizes)), sizes)
    atom = np.arange(len(positions)) if centers is None else np.asarray(centers, dtype=np.int64)
    search = _Search(
        positions=positions,
        system_ptr=system_ptr,
        lattices=lattices(positions, system_ptr, cutoff, cells, pbc),
        squared_cutoff=cutoff * cutoff,
        channels=channels,
        atom=atom,
        system=system if centers is None else system[atom],
        place=np.zeros((len(atom), n_channels), np.int64),
        shortest=np.empty(len(atom)),
    )
    visit = functools.partial(_in_threads, search, sizes, num_threads)
    visit(_Pairs.of(0), False)
    runs = _runs(search.place, channels[atom])
    run_ptr, run_center, run_channel, run_self = (torch.from_numpy(array) for array in runs)
    pairs = _Pairs.of(int(run_ptr[-1]))
    visit(pairs, True)
    vectors, neighbor, shifts = (torch.from_numpy(array) for array in pairs)
    grouped = Grouped(
        neighborhoods=Neighborhoods(vectors, run_ptr, run_center, run_channel, run_self),
        neighbor=neighbor,
        shifts=shifts,
        center_atom=torch.from_numpy(atom),
    )
    return grouped, math.sqrt(search.shortest.min(initial=math.inf))


class _Pairs(NamedTuple):
    """Pairs in their order."""

    vectors: Array
    neighbor: Integers
    shifts: NDArray[np.int32]

    @classmethod
    def of(cls, count: int) -> _Pairs:
        """Room for ``count`` pairs."""
        return cls(np.empty((count, 3)), np.empty(count, np.int64), np.empty((count, 3), np.int32))


class _Search(NamedTuple):
    """What is compared, and what is known of each center."""

    positions: Array
    system_ptr: Integers
    lattices: Lattices
    squared_cutoff: float
    channels: Integers
    atom: Integers
    """``(center,)``"""
    system: Integers
    """``(center,)``"""
    place: Integers
    """``(center, channel)``, the number of pairs at first; then where the next one goes"""
    shortest: Array
    """``(center,)``, squared distance of the nearest neighbor"""


def _in_threads(
    search: _Search, sizes: Integers, num_threads: int, pairs: _Pairs, store: bool
) -> None:
    """Visit the neighbors of all centers, of structures of these ``sizes``."""
    cost_ptr = np.concatenate([[0], np.cumsum(sizes[search.system])])
    threads = min(num_threads, 1 + int(cost_ptr[-1]) // _FEW)

    def loop(first: int, last: int) -> None:
        _search(search, pairs, first, last, store)

    in_portions(loop, cost_ptr, threads, even=True)


@compiled
def _search(search: _Search, pairs: _Pairs, first: int, last: int, store: bool) -> None:
    """Count the neighbors of the centers ``first:last``, and if wanted ``store`` them."""
    for center in range(first, last):
        if search.lattices.periodic[search.system[center]]:
            _visit_images(search, pairs, center, store)
        else:
            _visit_atoms(search, pairs, center, store)


@compiled_part
def _visit_atoms(search: _Search, pairs: _Pairs, center: int, store: bool) -> None:
    """Neighbors of one center of an isolated structure."""
    positions, i, system = search.positions, search.atom[center], search.system[center]
    shortest = np.inf
    for j in range(search.system_ptr[system], search.system_ptr[system + 1]):
        x = positions[j, 0] - positions[i, 0]
        y = positions[j, 1] - positions[i, 1]
        z = positions[j, 2] - positions[i, 2]
        squared = x * x + y * y + z * z
        if squared < search.squared_cutoff and i != j:
            shortest = min(shortest, squared)
            _visit(search, pairs, center, j, (0.0, 0.0, 0.0), (x, y, z), store)
    search.shortest[center] = shortest


@compiled_part
def _visit_images(search: _Search, pairs: _Pairs, center: int, store: bool) -> None:
    """Neighbors of one center of a periodic structure."""
    positions, i, system = search.positions, search.atom[center], search.system[center]
    fractions = search.lattices.fractions
    cell, reach = search.lattices.cells[system], search.lattices.reach[system]
    shortest = np.inf
    for j in range(search.system_ptr[system], search.system_ptr[system + 1]):
        x = positions[j, 0] - positions[i, 0]
        y = positions[j, 1] - positions[i, 1]
        z = positions[j, 2] - positions[i, 2]
        # the nearest image along each lattice vector, then those about it
        a = np.rint(fractions[i, 0] - fractions[j, 0])
        b = np.rint(fractions[i, 1] - fractions[j, 1])
        c = np.rint(fractions[i, 2] - fractions[j, 2])
        for p in range(-reach[0], reach[0] + 1):
            for q in range(-reach[1], reach[1] + 1):
                for r in range(-reach[2], reach[2] + 1):
                    k, l, m = a + p, b + q, c + r
                    u = x + (k * cell[0, 0] + l * cell[1, 0] + m * cell[2, 0])
                    v = y + (k * cell[0, 1] + l * cell[1, 1] + m * cell[2, 1])
                    w = z + (k * cell[0, 2] + l * cell[1, 2] + m * cell[2, 2])
                    squared = u * u + v * v + w * w
                    itself = i == j and k == 0.0 and l == 0.0 and m == 0.0
                    if squared < search.squared_cutoff and not itself:
                        shortest = min(shortest, squared)
                        _visit(search, pairs, center, j, (k, l, m), (u, v, w), store)
    search.shortest[center] = shortest


@compiled_part
def _visit(
    search: _Search,
    pairs: _Pairs,
    center: int,
    neighbor: int,
    shift: tuple[float, float, float],
    vector: tuple[float, float, float],
    store: bool,
) -> None:
    """Count one pair, or write it in its place."""
    channel = search.channels[neighbor]
    pair = search.place[center, channel]
    search.place[center, channel] = pair + 1
    if store:
        pairs.neighbor[pair] = neighbor
        for axis in range(3):
            pairs.shifts[pair, axis] = np.int32(shift[axis])
            pairs.vectors[pair, axis] = vector[axis]


@compiled
def _runs(place: Integers, own: Integers) -> tuple[Integers, Integers, Integers, Array]:
    """Runs with these numbers of pairs, in whose ``place`` comes where they begin."""
    n_runs, run, end = 0, 0, 0
    for center in range(place.shape[0]):
        for channel in range(place.shape[1]):
            n_runs += place[center, channel] > 0 or channel == own[center]
    run_ptr, run_center = np.empty(n_runs + 1, np.int64), np.empty(n_runs, np.int64)
    run_channel, run_self = np.empty(n_runs, np.int64), np.empty(n_runs)
    for center in range(place.shape[0]):
        for channel in range(place.shape[1]):
            count = place[center, channel]
            place[center, channel] = end
            if count > 0 or channel == own[center]:
                run_ptr[run], run_center[run], run_channel[run] = end, center, channel
                run_self[run] = 1.0 if channel == own[center] else 0.0
                run += 1
            end += count
    run_ptr[run] = end
    return run_ptr, run_center, run_channel, run_self
