"""A target of four bodies: how the faces of a tetrahedron are turned to each other."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def face_alignments(vertices: Array) -> Array:
    r"""
    Sum over the pairs of faces of a tetrahedron of their squared cosine.

    .. math:: t = \sum_{f < g} (\hat n_f \cdot \hat n_g)^2

    with the normals n of the four faces. 2/3 for a regular tetrahedron, 6 for a flat one; the same
    for any size, and for any order of the vertices. It depends on all four at once, so that it
    varies where pairs of them seem not to.

    :param vertices: ``(..., 4, 3)``, such as the hydrogens of methane
    :returns: ``(...)``, without unit

    >>> corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    >>> bool(abs(face_alignments(corners) - 2 / 3) < 1e-14)
    True
    """
    first, second, third = (
        vertices[..., corners, :] for corners in np.array([*combinations(range(4), 3)]).T
    )
    normals = np.cross(second - first, third - first)  # (..., face, 3)
    normals = normals / np.linalg.norm(normals, axis=-1, keepdims=True)
    cosines = normals @ np.swapaxes(normals, -1, -2)
    above = cosines[..., *np.triu_indices(4, k=1)]
    result: Array = np.square(above).sum(axis=-1)
    return result
