"""How far two structures are apart, and copies of one that are as far away, or not away at all."""

from __future__ import annotations

import itertools

import ase
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from .placement import closest

LEAST_NOISE = 0.05
"""Å, of the noise that a difference is compared with"""

_SHRUNK = 0.9  # noise that makes atoms collide is made smaller by this
_COLLISION = 0.5  # of the shortest distance
_ITERATIONS = 10  # of matching atoms and rotating onto them

Array = NDArray[np.float64]


def aligned_rmsd(first: ase.Atoms, second: ase.Atoms, *, center: int | None = None) -> float:
    r"""
    Root mean square distance of atoms after the best rotation, reflection and renumbering, Å.

    .. math:: \min_{R, π} \Big( \frac1n \sum_i |r_i - R\, r'_{π(i)}|^2 \Big)^{1/2}

    From 48 orientations, matching atoms and rotating onto them in turn until nothing changes; the
    smallest value found is an upper bound of the true one. Periodic structures are not rotated, but
    mirrored along their axes; atoms are matched over nearest images.

    :param center: an atom that stays at the origin and is matched with itself; None: the mean does
    """
    if first.pbc.any():
        return _periodic_rmsd(first, second)
    from_points, to_points = (
        atoms.positions - (atoms.positions.mean(axis=0) if center is None else _of(atoms, center))
        for atoms in (first, second)
    )
    forbidden = np.where(first.numbers[:, None] == second.numbers[None, :], 0.0, np.inf)
    return min(
        _matched_rmsd(from_points, to_points @ start.T, forbidden) for start in _orientations()
    )


def _of(atoms: ase.Atoms, center: int) -> Array:
    return np.asarray(atoms.positions[center])


def _orientations() -> list[Array]:
    """The 48 signed permutations of the axes."""
    signs = itertools.product((1.0, -1.0), repeat=3)
    return [np.diag(s)[list(p)] for s in signs for p in itertools.permutations(range(3))]


def _matched_rmsd(points: Array, others: Array, forbidden: Array) -> float:
    """The nearest local minimum of :func:`aligned_rmsd`."""
    best = np.inf
    for _ in range(_ITERATIONS):
        partner = _partners(points, others, forbidden)
        left, _, right = np.linalg.svd(points.T @ others[partner])
        others = others @ (left @ right).T
        rmsd = float(np.sqrt(np.square(points - others[partner]).sum(axis=1).mean()))
        if rmsd > best - 1e-9:
            break
        best = rmsd
    return min(best, rmsd)


def _partners(points: Array, others: Array, forbidden: Array) -> NDArray[np.intp]:
    """For each point another one of its type, with the least sum of squared distances."""
    from scipy.optimize import linear_sum_assignment

    squares = np.square(points[:, None] - others[None, :]).sum(axis=-1)
    large = 1e6 * (1.0 + squares.max())
    return np.asarray(linear_sum_assignment(np.where(forbidden > 0, large, squares))[1])


def _periodic_rmsd(first: ase.Atoms, second: ase.Atoms) -> float:
    from ase.geometry import get_distances
    from scipy.optimize import linear_sum_assignment

    alike = first.numbers[:, None] == second.numbers[None, :]
    found = []
    for signs in itertools.product((1.0, -1.0), repeat=3):  # keep an orthorhombic lattice
        mirrored = second.positions * signs
        _, lengths = get_distances(first.positions, mirrored, cell=first.cell, pbc=first.pbc)
        squares = np.where(alike, lengths**2, 1e6 * (1.0 + lengths.max() ** 2))
        found.append(squares[linear_sum_assignment(squares)].mean())
    return float(np.sqrt(min(found)))


def moved_copy(
    atoms: ase.Atoms, rng: np.random.Generator, *, center: int | None
) -> tuple[ase.Atoms, int | None]:
    """A random congruent copy, rotated, shifted and renumbered, and where its center went."""
    matrix = Rotation.from_quat(rng.normal(size=4)).as_matrix()
    order = rng.permutation(len(atoms))
    copy = atoms[order]
    copy.positions = copy.positions @ matrix.T + rng.normal(size=3)
    copy.cell = copy.cell.array @ matrix.T
    return copy, None if center is None else int(np.flatnonzero(order == center)[0])


def displaced(atoms: ase.Atoms, rng: np.random.Generator, noise: float) -> ase.Atoms:
    """
    A copy with Gaussian noise on every coordinate.

    Where that brings two atoms closer than half the shortest distance, smaller noise is drawn, as
    energies of colliding atoms measure nothing.

    :param noise: standard deviation, Å
    """
    least = _COLLISION * closest(atoms)
    while True:
        copy = atoms.copy()
        copy.positions += rng.normal(scale=noise, size=copy.positions.shape)
        if closest(copy) > least:
            return copy
        noise *= _SHRUNK
