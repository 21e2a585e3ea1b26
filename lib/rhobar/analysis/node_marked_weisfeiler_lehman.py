"""Colors of atoms in graphs where one atom is marked."""

from __future__ import annotations

import ase
import numpy as np

from .color_refinement import ColorRefinement, multiset_colors, refined
from .distance_graph import distance_graph
from .weisfeiler_lehman import neighbor_colors


def node_marked_weisfeiler_lehman(
    a: ase.Atoms,
    b: ase.Atoms,
    *,
    cutoff: float | None = None,
    tol: float = 1e-6,
    strict: bool = True,
) -> ColorRefinement:
    """
    Test of Weisfeiler and Lehman once for each atom, which starts with a color of its own.

    The color of an atom is the multiset of all colors in the graph where it is marked, and the
    multisets of these are compared. It is what networks on one marked graph per atom can tell
    apart: Zhang, Feng, Du, He, Wang, arXiv:2302.07090. With periodic images all images of the
    atom are marked.

    Time O(t n E log(n E)) for t updates of E edges between n atoms.

    Arguments and errors are those of :func:`weisfeiler_lehman`.
    """
    graph = distance_graph(a, b, cutoff=cutoff, tol=tol, strict=strict)
    n = graph.n_atoms
    copy = np.repeat(np.arange(2 * n), n)  # of each node: copy k has atom k of both marked
    atom = copy // max(n, 1) * n + np.tile(np.arange(n), 2 * n)
    marks = np.arange(n)
    # nodes of copy k are k n … k n + n - 1; an edge of structure s is in its n copies, s n + mark
    first = graph.center // max(n, 1) * n * n + graph.center % max(n, 1)
    center = (first[:, None] + marks * n).ravel()
    neighbor = (first - graph.center + graph.neighbor)[:, None] + marks * n
    shell = np.repeat(graph.shell, n)
    return refined(
        2 * graph.types[atom] + (copy == atom),
        lambda colors: neighbor_colors(colors, center, neighbor.ravel(), shell),
        seen=lambda colors: multiset_colors(np.zeros(2 * n, np.int64), copy, colors),
    )
