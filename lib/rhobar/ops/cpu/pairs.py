"""Pairs of atoms in many small structures at once, isolated or periodic."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .neighbor_search import neighbors_within

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


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

    See :func:`.neighbors_within`; here all atoms are of one channel.
    """
    found, shortest = neighbors_within(
        positions,
        system_ptr,
        cutoff,
        channels=np.zeros(len(positions), np.int64),
        n_channels=1,
        cells=cells,
        pbc=pbc,
    )
    sizes = np.diff(found.neighborhoods.run_ptr.numpy())
    return PairsWithin(
        center=np.repeat(found.center_atom.numpy(), sizes),
        neighbor=found.neighbor.numpy(),
        shifts=found.shifts.numpy(),
        vectors=found.neighborhoods.vectors.numpy(),
        shortest=shortest,
    )
