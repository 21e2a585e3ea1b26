"""Colors of pairs of atoms, refined by the triangles on them."""

from __future__ import annotations

import ase
import numpy as np
from numpy.typing import NDArray

from .color_refinement import ColorRefinement, multiset_colors, refined, row_colors
from .distance_graph import DistanceGraph, distance_graph


def folklore_weisfeiler_lehman(
    a: ase.Atoms,
    b: ase.Atoms,
    *,
    cutoff: float | None = None,
    tol: float = 1e-6,
    strict: bool = True,
) -> ColorRefinement:
    r"""
    Folklore test of Weisfeiler and Lehman on pairs of atoms (2-FWL), as strong as 3-WL.

    .. math:: c_{ij}^{(t+1)} = \mathrm{id}\big( c_{ij}^{(t)},
              \{\!\{ (c_{iw}^{(t)}, c_{wj}^{(t)}) : w \}\!\} \big)

    A pair starts with both types, whether it is one atom twice, and the multiset of distances
    from i to the images of j within the cutoff: one distance without periodicity. On all
    distances of points in three dimensions, three updates tell apart whatever is not congruent,
    where mirror images are: Rose, Kozachinskiy, Rojas, Petrache, Barceló, arXiv:2303.12853. With a
    cutoff or periodic images, being equal is necessary for congruence and may not be sufficient.

    ``n_colors`` counts colors of pairs. Time O(n³) per update for n atoms, memory some 100 n³
    bytes.

    Arguments and errors are those of :func:`weisfeiler_lehman`.
    """
    graph = distance_graph(a, b, cutoff=cutoff, tol=tol, strict=strict)
    return refined(_pair_colors(graph), lambda colors: _triangle_colors(colors, graph.n_atoms))


def _pair_colors(graph: DistanceGraph) -> NDArray[np.int64]:
    """Colors of pairs ``(structure, i, j)`` before the first update, flat."""
    n = graph.n_atoms
    types = graph.types.reshape(2, n)
    pairs = np.broadcast_arrays(types[:, :, None], types[:, None, :], np.eye(n, dtype=np.int64))
    own = row_colors(np.stack(pairs, axis=-1).reshape(-1, 3))
    # atoms are numbered through both structures: neighbor % n is the one within its structure
    pair = graph.center * n + graph.neighbor % max(n, 1)
    return multiset_colors(own, pair, graph.shell)


def _triangle_colors(colors: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """One update of the colors of pairs ``(structure, i, j)``, flat."""
    c = colors.reshape(2, n, n)
    n_colors = 1 + int(colors.max(initial=0))
    sides = c[:, :, None, :] * n_colors + c.transpose(0, 2, 1)[:, None, :, :]  # c_iw, c_wj
    around = np.sort(sides.reshape(2 * n * n, n), axis=1)
    return row_colors(np.column_stack([colors, around]))
