"""Which displacements of an environment keep its symmetry."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_SAME_PLACE = 1e-6  # Å

Array = NDArray[np.float64]


def rotations(vectors: Array) -> Array:
    r"""
    Displacements :math:`\omega \times r_j` of all neighbors, an orthonormal basis in columns.

    :param vectors: from the center, ``(neighbor, 3)``
    :returns: ``(3 * neighbor, 3)``, two columns where all neighbors lie on one line
    """
    turned = [np.cross(axis, vectors).ravel() for axis in np.eye(3)]
    basis, sizes, _ = np.linalg.svd(np.column_stack(turned), full_matrices=False)
    result: Array = basis[:, sizes > 1e-10 * sizes[0]]
    return result


def symmetric_displacements(vectors: Array, types: NDArray[np.integer]) -> Array:
    r"""
    Displacements that keep every symmetry of the environment and do not turn it.

    Any invariant has no derivative along all others: a symmetry operation maps the environment
    to itself and such a displacement to different ones, whose derivatives add to zero.

    .. math:: P = \frac{1}{|G|} \sum_{Q \in G} Q \otimes \pi_Q

    with :math:`\pi_Q` the permutation of neighbors that the rotation or reflection Q makes.

    :param vectors: from the center, ``(neighbor, 3)``, Å
    :param types: ``(neighbor,)``
    :returns: orthonormal columns, ``(3 * neighbor, direction)``; without symmetry
        3 neighbors - 3 of them
    """
    n = len(vectors)
    projector = np.zeros((3 * n, 3 * n))
    order = 0
    for matrix, image in _operations(vectors, types):
        blocks = projector.reshape(n, 3, n, 3)
        blocks[image, :, np.arange(n)] += matrix
        order += 1
    projector /= order
    turning = rotations(vectors)
    projector -= turning @ (turning.T @ projector)
    basis, sizes, _ = np.linalg.svd(projector)
    result: Array = basis[:, sizes > 0.5]
    return result


def _operations(
    vectors: Array, types: NDArray[np.integer]
) -> Iterator[tuple[Array, NDArray[np.intp]]]:
    """
    Rotations and reflections that map neighbors to neighbors, and the image of each neighbor.

    Where the neighbors span a plane or a line only, the reflections through it stand for all
    operations that leave them where they are.
    """
    _, sizes, axes = np.linalg.svd(vectors)
    rank = int((sizes > _SAME_PLACE).sum())
    inside, outside = axes[:rank], axes[rank:]
    points = vectors @ inside.T  # (neighbor, rank)
    frame = _independent(points)
    signs = (1.0,) if rank == 3 else (1.0, -1.0)
    for images in _matches(points, types, frame):
        matrix = np.linalg.solve(points[frame], points[images]).T
        moved = points @ matrix.T
        distances = np.linalg.norm(moved[:, None] - points[None], axis=-1)
        distances[types[:, None] != types[None]] = np.inf
        image = distances.argmin(axis=1)
        if distances[np.arange(len(points)), image].max() < _SAME_PLACE:
            for sign in signs:
                yield inside.T @ matrix @ inside + sign * outside.T @ outside, image


def _independent(points: Array) -> list[int]:
    """As many points as there are dimensions, each far from the span of those before."""
    chosen: list[int] = []
    rest = points.copy()
    for _ in range(points.shape[1]):
        lengths = np.linalg.norm(rest, axis=1)
        chosen.append(int(lengths.argmax()))
        axis = rest[chosen[-1]] / lengths.max()
        rest -= np.outer(rest @ axis, axis)
    return chosen


def _matches(points: Array, types: NDArray[np.integer], frame: list[int]) -> Iterator[list[int]]:
    """Tuples of points with the types, lengths and scalar products of those of ``frame``."""
    products = points @ points.T
    scale = _SAME_PLACE * np.sqrt(products.max())
    partial: list[list[int]] = [[]]
    for k, point in enumerate(frame):
        partial = [
            [*images, j]
            for images in partial
            for j in range(len(points))
            if types[j] == types[point]
            and abs(products[j, j] - products[point, point]) < scale
            and all(
                abs(products[j, image] - products[point, frame[i]]) < scale
                for i, image in enumerate(images[:k])
            )
        ]
    yield from partial
