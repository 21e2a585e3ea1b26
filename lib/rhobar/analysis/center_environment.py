"""One center and what is within its cutoff, as a structure of its own."""

from __future__ import annotations

import ase
import numpy as np

from rhobar.systems import batched, pairs_within_cutoff


def center_environment(atoms: ase.Atoms, center: int, cutoff: float) -> ase.Atoms:
    """
    The center at the origin, then its neighbors in their order; periodic images are atoms.

    :param center: its number in ``atoms``
    :param cutoff: Å
    :raises ValueError: where there is no such atom, or it has no neighbors
    """
    if not 0 <= center < len(atoms):
        raise ValueError(f"center {center} is none of the {len(atoms)} atoms, counted from 0.")
    pairs = pairs_within_cutoff(batched([atoms]), cutoff)
    mine = pairs.center == center
    vectors = pairs.vectors[mine]
    if len(vectors) == 0:
        raise ValueError(f"center {center} has no neighbors within {cutoff} Å.")
    types = atoms.numbers[pairs.neighbor[mine]]
    return ase.Atoms([atoms.numbers[center], *types], np.vstack([np.zeros(3), vectors]))
