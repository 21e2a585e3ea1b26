"""Two structures as graphs whose edges know a distance and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import ase
import numpy as np
from numpy.typing import NDArray

from rhobar.systems import Batch, batched, pairs_within_cutoff

from .distance_shells import check_tol, distance_shells

_BEYOND = 30
"""how far beyond the cutoff is searched, in ``tol``: room for a shell and the gap behind it"""


@dataclass(frozen=True)
class DistanceGraph:
    """
    Directed edges of two structures of equal size, the atoms of the second after the first.

    Periodic images within the cutoff are edges of their own, those of an atom to itself included.
    """

    types: NDArray[np.int64]
    """``(atom,)``, atomic numbers of both structures"""
    center: NDArray[np.int64]
    """``(edge,)``, atom; edges are ordered by it"""
    neighbor: NDArray[np.int64]
    """``(edge,)``, atom"""
    shell: NDArray[np.int64]
    """``(edge,)``, number of the distance, the same in both structures"""
    vectors: NDArray[np.float64]
    """``(edge, 3)``, from the center to the neighbor, Å"""

    @property
    def n_atoms(self) -> int:
        """Atoms of one structure."""
        return len(self.types) // 2


def distance_graph(
    a: ase.Atoms, b: ase.Atoms, *, cutoff: float | None, tol: float, strict: bool
) -> DistanceGraph:
    """
    Edges shorter than ``cutoff``, with distances that are equal within ``tol``.

    A shell of equal distances is inside as a whole or not at all: if some of it is shorter than
    the cutoff, the rest is inside as well.

    :param cutoff: Å; None: all distances, of structures that are not periodic
    :param tol: Å; see :func:`distance_shells`
    :param strict: see :func:`distance_shells`
    :raises ValueError: for structures of different numbers of atoms, a cutoff that is not
        positive or missing for a periodic structure, and what :func:`distance_shells` refuses
    """
    batch = batched([a, b])
    if len(a) != len(b):
        raise ValueError(
            f"{len(a)} and {len(b)} atoms: structures of different size are told apart by "
            "counting. Give two of the same size, e.g. supercells."
        )
    cutoff = _radius(batch) if cutoff is None else cutoff
    if not 0 < cutoff < np.inf:
        raise ValueError(f"cutoff = {cutoff} Å: give a positive length, or None for no cutoff.")
    check_tol(tol, cutoff, "the cutoff")
    pairs = pairs_within_cutoff(batch, cutoff + _BEYOND * tol)
    distances = np.linalg.norm(pairs.vectors, axis=1)
    shells = distance_shells(distances, tol=tol, strict=strict, cutoff=cutoff)
    inside = shells.lower[shells.shell] < cutoff
    return DistanceGraph(
        types=batch.types.astype(np.int64),
        center=pairs.center[inside],
        neighbor=pairs.neighbor[inside],
        shell=shells.shell[inside],
        vectors=pairs.vectors[inside],
    )


def _radius(batch: Batch) -> float:
    """More than the largest distance, Å."""
    if batch.pbc.any():
        raise ValueError(
            "a periodic structure has no end of distances: give a cutoff (Å), and try several."
        )
    return 1.0 + float(np.linalg.norm(np.ptp(batch.positions, axis=0))) if batch.types.size else 1.0
