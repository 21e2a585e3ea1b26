"""A potential of angles, so that structures which distances confuse have different energies."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import ase
import numpy as np
from numpy.typing import NDArray

from rhobar.systems import batched, pairs_within_cutoff

_COSINE = -1.0 / 3.0  # of the angles in a tetrahedron, which cost nothing


def three_body_energies(frames: Sequence[ase.Atoms], *, cutoff: float = 3.0) -> NDArray[np.float64]:
    r"""
    Energies ``(structure,)`` in eV of bonds that want to stand like those of methane.

    .. math:: E = \sum_i \sum_{j<k} f(r_{ij})\, f(r_{ik})\, (\cos\theta_{jik} + \tfrac13)^2, \qquad
              f(r) = \tfrac12 [1 + \cos(\pi r / r_c)]

    The angular part of the potential of Stillinger and Weber (Phys. Rev. B 31, 5262 (1985),
    doi:10.1103/PhysRevB.31.5262) with another radial part. Sums run over all periodic images
    within the cutoff.

    :param cutoff: r_c, Å
    """
    batch = batched(frames)
    pairs = pairs_within_cutoff(batch, cutoff)
    distances = np.linalg.norm(pairs.vectors, axis=1)
    directions = pairs.vectors / distances[:, None]
    weights = 0.5 * (1 + np.cos(np.pi * distances / cutoff))
    atomic = np.zeros(len(batch.types))
    ends = np.searchsorted(pairs.center, np.arange(len(atomic) + 1))
    for i, (start, stop) in enumerate(pairwise(ends)):
        f, u = weights[start:stop], directions[start:stop]
        above = np.triu((u @ u.T - _COSINE) ** 2, k=1)  # j < k
        atomic[i] = f @ above @ f
    return np.bincount(batch.atom_system, atomic, minlength=len(frames)).astype(np.float64)
