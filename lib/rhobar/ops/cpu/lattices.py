"""Lattices of many structures: which images of an atom may be near another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

# The reach is widened by this part of a lattice vector: rounding must not lose a pair.
_MARGIN = 1e-9


class Lattices(NamedTuple):
    """Cells of all structures, and where atoms are in them."""

    cells: Array
    """``(system, 3, 3)``, rows are lattice vectors; zero where not periodic"""
    reach: Integers
    """``(system, 3)``, lattice vectors between the nearest image and the farthest to look at"""
    periodic: NDArray[np.bool_]
    """``(system,)``, along any direction"""
    fractions: Array
    """``(atom, 3)``, positions in lattice vectors; zero where not periodic"""


def lattices(
    positions: Array,
    system_ptr: Integers,
    cutoff: float,
    cells: Array | None,
    pbc: NDArray[np.bool_] | None,
) -> Lattices:
    """
    Reciprocals of the cells applied to all atoms, and how far the cutoff (Å) reaches.

    :param positions: ``(atom, 3)``, Å
    :param system_ptr: ``(system + 1,)``
    :param cells: ``(system, 3, 3)``, Å; rows along directions without periodicity do not count
    :param pbc: ``(system, 3)``; None for isolated structures
    """
    n_systems = len(system_ptr) - 1
    if cells is None or pbc is None or not pbc.any():
        none = np.zeros((n_systems, 3, 3))
        return Lattices(
            none, np.zeros((n_systems, 3), np.int64), np.zeros(n_systems, np.bool_), positions
        )
    used = np.where(pbc[:, :, None], cells, 0.0)
    # for vectors that span a line or a plane the pseudo-inverse is the reciprocal within it
    inverse = np.linalg.pinv(used)
    # an image k planes from the nearest is at least k - 1/2 planes away
    planes = cutoff * np.linalg.norm(inverse, axis=1)
    reach = np.where(pbc, np.floor(planes + 0.5 + _MARGIN), 0.0).astype(np.int64)
    system = np.repeat(np.arange(n_systems), np.diff(system_ptr))
    fractions = np.einsum("ax,axy->ay", positions, inverse[system])
    return Lattices(used, reach, np.any(pbc, axis=1), fractions)
