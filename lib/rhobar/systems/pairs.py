"""Which atoms see each other, in a batch of structures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from vesin import NeighborList

from .batch import Batch
from .validation import MINIMUM_DISTANCE, refuse_overlaps

if TYPE_CHECKING:
    from rhobar.ops import cpu

_COMPARED = 1000
"""atoms up to which comparing all of them is faster than a cell list"""


@dataclass(frozen=True)
class Pairs:
    """Directed pairs, ordered by center; atoms are counted through the batch."""

    center: NDArray[np.int64]
    neighbor: NDArray[np.int64]
    shifts: NDArray[np.int32]
    """``(pair, 3)``, how many lattice vectors the neighbor's image is away"""
    vectors: NDArray[np.float64]
    """``(pair, 3)``, r_neighbor - r_center + shifts @ cell, Å"""
    shortest: float
    """length of the shortest vector, Å; infinite without pairs"""


def periodic_pairs(
    positions: NDArray[np.float64], cell: NDArray[np.float64], pbc: NDArray[np.bool_], cutoff: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
    """
    Center, neighbor, shifts and vectors of one structure: full, strict, self images included.

    Ordered by center, neighbor and shift, so that results do not depend on the search.
    """
    search = NeighborList(cutoff=cutoff, full_list=True, n_threads=1)
    center, neighbor, shifts = search.compute(
        positions, np.where(pbc[:, None], cell, 0.0), pbc, quantities="ijS"
    )
    center, neighbor = center.astype(np.int64), neighbor.astype(np.int64)
    # vectors from unwrapped positions, as documented, whatever the search did with the cell
    vectors = positions[neighbor] - positions[center] + shifts @ cell
    inside = np.einsum("px,px->p", vectors, vectors) < cutoff**2
    order = np.lexsort((*shifts.T[::-1], neighbor, center))
    order = order[inside[order]]
    return center[order], neighbor[order], shifts[order].astype(np.int32), vectors[order]


def pairs_within_cutoff(batch: Batch, cutoff: float, *, first: int = 0) -> Pairs:
    """
    All pairs of a batch with ``|vector| < cutoff`` (Å).

    Small structures are searched all at once by comparing all their atoms, which costs less than
    calling a search for each; all others by vesin.

    :param first: number of the first structure, for errors
    :raises ValueError: if two different atoms are closer than 1e-3 Å
    """
    small = np.diff(batch.system_ptr) <= _COMPARED
    found = [] if not small.any() else [_compared(batch, small, cutoff)]
    for system in np.nonzero(~small)[0]:
        start, stop = batch.system_ptr[system : system + 2]
        center, neighbor, shifts, vectors = periodic_pairs(
            batch.positions[start:stop], batch.cells[system], batch.pbc[system], cutoff
        )
        shortest = np.linalg.norm(vectors, axis=1).min(initial=np.inf)
        found.append(Pairs(center + start, neighbor + start, shifts, vectors, float(shortest)))
    pairs = found[0] if len(found) == 1 else _merged(found)
    if pairs.shortest < MINIMUM_DISTANCE:
        lengths = np.linalg.norm(pairs.vectors, axis=1)
        refuse_overlaps(lengths, pairs.center, pairs.neighbor, batch.system_ptr, first=first)
    return pairs


def neighborhoods_within_cutoff(
    batch: Batch,
    cutoff: float,
    *,
    channels: NDArray[np.int64],
    n_channels: int,
    centers: NDArray[np.int64] | None,
    num_threads: int,
) -> cpu.Grouped:
    """
    The same pairs as the compiled ops read them: by center, neighbor channel and neighbor.

    :param channels: ``(atom,)``, channel of each atom: 0 … n_channels - 1
    :param centers: atoms that become centers, increasing; None for all
    :raises ValueError: as :func:`pairs_within_cutoff`
    """
    from rhobar.ops import cpu

    if (np.diff(batch.system_ptr) <= _COMPARED).all():
        grouped, shortest = cpu.neighbors_within(
            batch.positions,
            batch.system_ptr,
            cutoff,
            channels=channels,
            n_channels=n_channels,
            centers=centers,
            cells=batch.cells,
            pbc=batch.pbc,
            num_threads=num_threads,
        )
        if centers is not None:
            pairs_within_cutoff(batch, MINIMUM_DISTANCE)  # refuses what is too close elsewhere
        if shortest >= MINIMUM_DISTANCE:
            return grouped
    pairs = pairs_within_cutoff(batch, cutoff)  # which says what is too close
    return cpu.group(
        pairs.center,
        pairs.neighbor,
        pairs.vectors,
        pairs.shifts,
        channels=channels,
        n_channels=n_channels,
        centers=centers,
    )


def _compared(batch: Batch, chosen: NDArray[np.bool_], cutoff: float) -> Pairs:
    """Pairs of the chosen structures, by comparing all atoms of each."""
    from rhobar.ops import cpu

    if chosen.all():
        return Pairs(
            *cpu.pairs_within(
                batch.positions, batch.system_ptr, cutoff, cells=batch.cells, pbc=batch.pbc
            )
        )
    atoms = np.nonzero(chosen[batch.atom_system])[0]
    found = cpu.pairs_within(
        batch.positions[atoms],
        np.append(0, np.cumsum(np.diff(batch.system_ptr)[chosen])),
        cutoff,
        cells=batch.cells[chosen],
        pbc=batch.pbc[chosen],
    )
    center, neighbor = atoms[found.center], atoms[found.neighbor]
    return Pairs(center, neighbor, found.shifts, found.vectors, found.shortest)


def _merged(parts: list[Pairs]) -> Pairs:
    """Pairs of several searches, ordered by center again."""
    if not parts:
        none = np.zeros(0, np.int64)
        return Pairs(none, none, np.zeros((0, 3), np.int32), np.zeros((0, 3)), np.inf)
    center = np.concatenate([part.center for part in parts])
    order = np.argsort(center, kind="stable")
    return Pairs(
        center=center[order],
        neighbor=np.concatenate([part.neighbor for part in parts])[order],
        shifts=np.concatenate([part.shifts for part in parts])[order],
        vectors=np.concatenate([part.vectors for part in parts])[order],
        shortest=min(part.shortest for part in parts),
    )
