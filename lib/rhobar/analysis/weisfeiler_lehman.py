"""What message passing on distances can tell apart."""

from __future__ import annotations

import ase
import numpy as np
from numpy.typing import NDArray

from .color_refinement import ColorRefinement, multiset_colors, refined
from .distance_graph import DistanceGraph, distance_graph


def weisfeiler_lehman(
    a: ase.Atoms,
    b: ase.Atoms,
    *,
    cutoff: float | None = None,
    tol: float = 1e-6,
    strict: bool = True,
) -> ColorRefinement:
    r"""
    Test of Weisfeiler and Lehman (1-WL) on the graph of interatomic distances.

    .. math:: c_i^{(0)} = a_i, \qquad c_i^{(t+1)} = \mathrm{id}\big( c_i^{(t)},
              \{\!\{ (c_j^{(t)}, r_{ij}) : r_{ij} < r_\mathrm{cut} \}\!\} \big)

    Atoms start with their type; each update joins to an atom's color the multiset of colors and
    distances around it, every periodic image within the cutoff counted. What this cannot tell
    apart no network that passes messages along distances can, of any depth and width, with sums
    or with anything else. Pozdnyakov, Ceriotti, Mach. Learn.: Sci. Technol. 3, 045020 (2022),
    doi:10.1088/2632-2153/aca1f8. Equal at one cutoff does not mean equal at another: try several.

    Time O(t E log E) for t updates of E edges.

    :param a: one structure
    :param b: another one with as many atoms; periodic or not, like ``a``
    :param cutoff: Å; None: the complete graph, of structures that are not periodic
    :param tol: distances that differ by less are equal, Å; 1e-4 suits files of few decimals. With
        thousands of different distances, give less: 1e-9 for coordinates in full precision
    :param strict: refuse distances of which it is not clear whether they are equal; else those
        linked by steps of at most ``tol`` are equal
    :raises ValueError: for different numbers of atoms, a cutoff that is not positive or missing
        for a periodic structure, a ``tol`` that is not positive or above 1/100 of the shortest
        distance, and if ``strict`` for distances more than one but less than ten ``tol`` apart,
        or linked over more than ten

    >>> square = ase.Atoms("H4", [[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]])
    >>> rectangle = ase.Atoms("H4", [[1, 0, 0], [0.6, 0.8, 0], [-1, 0, 0], [-0.6, -0.8, 0]])
    >>> test = weisfeiler_lehman(square, rectangle)
    >>> test.equal, test.iteration_of_separation, test.n_colors
    (False, 1, 2)
    """
    return _refined_atoms(distance_graph(a, b, cutoff=cutoff, tol=tol, strict=strict))


def discrete_weisfeiler_lehman(
    a: ase.Atoms, b: ase.Atoms, *, cutoff: float, tol: float = 1e-6, strict: bool = True
) -> ColorRefinement:
    """
    Test of Weisfeiler and Lehman on bonds alone: :func:`weisfeiler_lehman` without lengths.

    Atoms closer than ``cutoff`` (Å) are bonded, and colors know nothing else. Other arguments,
    and errors, are those of :func:`weisfeiler_lehman`.
    """
    graph = distance_graph(a, b, cutoff=cutoff, tol=tol, strict=strict)
    return _refined_atoms(graph, lengths=False)


def _refined_atoms(graph: DistanceGraph, *, lengths: bool = True) -> ColorRefinement:
    shell = graph.shell if lengths else np.zeros_like(graph.shell)
    return refined(
        graph.types,
        lambda colors: neighbor_colors(colors, graph.center, graph.neighbor, shell),
    )


def neighbor_colors(
    colors: NDArray[np.int64],
    center: NDArray[np.int64],
    neighbor: NDArray[np.int64],
    shell: NDArray[np.int64],
) -> NDArray[np.int64]:
    """
    One update: the color of a node, and the multiset of colors and distances around it.

    :param colors: ``(node,)``, not negative
    :param center: ``(edge,)``, node; ``neighbor`` likewise
    :param shell: ``(edge,)``, number of the distance
    """
    n_shells = 1 + int(shell.max(initial=0))
    return multiset_colors(colors, center, colors[neighbor] * n_shells + shell)
