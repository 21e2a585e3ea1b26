"""Whether two finite structures are one and the same, moved."""

from __future__ import annotations

from collections.abc import Iterator

import ase
import numpy as np
import scipy.linalg
from numpy.typing import NDArray

_FLAT = 1e-3  # Å: what rises less above a line or plane is tried with either sign


def congruent(
    first: ase.Atoms,
    second: ase.Atoms,
    *,
    center: int | None = None,
    improper: bool = True,
    tolerance: float = 1e-6,
) -> bool:
    """
    Whether a rotation, translation and renumbering of like atoms takes ``first`` to ``second``.

    Up to three atoms that span ``first`` are mapped on all atoms of ``second`` with the same types
    and distances; each map is an orthogonal matrix, tried on all atoms. This uses no descriptor
    and no graph, so it can judge them.

    :param center: an atom that stays in place: environments are compared instead of structures
    :param improper: whether mirror images count as congruent
    :param tolerance: of distances, Å; atoms have to meet within ten times as much
    :raises ValueError: for periodic structures, or a center of two types

    >>> water = ase.Atoms("OHH", [[0, 0, 0], [0.8, 0.6, 0], [-0.8, 0.6, 0]])
    >>> turned = water.copy()
    >>> turned.rotate(50, "x")
    >>> turned.translate(1.0)
    >>> congruent(water, turned[[0, 2, 1]])
    True
    """
    if first.pbc.any() or second.pbc.any():
        raise ValueError(
            "congruent: a structure is periodic, and only finite ones can be compared; compare "
            "descriptors of periodic ones, since a difference proves that they are not congruent."
        )
    if sorted(first.numbers) != sorted(second.numbers):
        return False
    if center is not None and first.numbers[center] != second.numbers[center]:
        return False
    from_points, to_points = (_centered(atoms, center) for atoms in (first, second))
    anchors = _spanning(from_points)
    for images in _images(first, second, from_points, to_points, anchors, 10 * tolerance):
        for matrix in _matrices(from_points[anchors], to_points[images], improper=improper):
            moved = from_points @ matrix.T
            if _meet(moved, first.numbers, to_points, second.numbers, 10 * tolerance):
                return True
    return False


def _centered(atoms: ase.Atoms, center: int | None) -> NDArray[np.float64]:
    """Positions from the mean or the center, which itself stays: it maps to itself."""
    positions = atoms.positions
    return positions - (positions.mean(axis=0) if center is None else positions[center])


def _spanning(points: NDArray[np.float64]) -> list[int]:
    """At most three points, far from parallel, that span the others."""
    _, upper, order = scipy.linalg.qr(points.T, pivoting=True, mode="economic")
    rank = int(np.sum(np.abs(np.diag(upper)) > _FLAT))
    return order[:rank].tolist()


def _images(
    first: ase.Atoms,
    second: ase.Atoms,
    from_points: NDArray[np.float64],
    to_points: NDArray[np.float64],
    anchors: list[int],
    tolerance: float,
) -> Iterator[list[int]]:
    """All ways to choose atoms of ``second`` with the types and distances of the anchors."""
    chosen: list[list[int]] = [[]]
    for count, anchor in enumerate(anchors):
        grown = []
        for images in chosen:
            for image in range(len(second)):
                # distances to the origin and to the earlier anchors
                wanted = _lengths(from_points, anchor, anchors[:count])
                found = _lengths(to_points, image, images)
                alike = first.numbers[anchor] == second.numbers[image]
                if alike and image not in images and np.abs(wanted - found).max() < tolerance:
                    grown.append([*images, image])
        chosen = grown
    yield from chosen


def _lengths(points: NDArray[np.float64], one: int, others: list[int]) -> NDArray[np.float64]:
    ends = np.vstack([np.zeros(3), points[others]])
    return np.linalg.norm(points[one] - ends, axis=1)


def _matrices(
    source: NDArray[np.float64], target: NDArray[np.float64], *, improper: bool
) -> Iterator[NDArray[np.float64]]:
    """Orthogonal matrices that take ``source`` to ``target`` ``(anchor, 3)``; see Kabsch."""
    left, _, right = np.linalg.svd(target.T @ source)
    for sign in (1.0, -1.0) if len(source) < 3 else (1.0,):
        matrix = (left * [1.0, 1.0, sign]) @ right
        if improper or np.linalg.det(matrix) > 0:
            yield matrix


def _meet(
    points: NDArray[np.float64],
    numbers: NDArray[np.int64],
    others: NDArray[np.float64],
    other_numbers: NDArray[np.int64],
    tolerance: float,
) -> bool:
    """Whether each point lies on another one of its type, each on its own."""
    distances = np.linalg.norm(points[:, None] - others[None, :], axis=-1)
    nearest = distances.argmin(axis=1)
    return bool(
        distances.min(axis=1).max() < tolerance
        and len(set(nearest.tolist())) == len(points)
        and (numbers == other_numbers[nearest]).all()
    )
