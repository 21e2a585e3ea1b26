"""Colors of atoms that know the angles between their neighbors."""

from __future__ import annotations

import ase
import numpy as np
from numpy.typing import NDArray

from .color_refinement import ColorRefinement, multiset_colors, refined, row_colors
from .distance_graph import DistanceGraph, distance_graph
from .distance_shells import distance_shells
from .weisfeiler_lehman import neighbor_colors


def angle_weisfeiler_lehman(
    a: ase.Atoms,
    b: ase.Atoms,
    *,
    cutoff: float | None = None,
    tol: float = 1e-6,
    strict: bool = True,
) -> ColorRefinement:
    r"""
    Test of Weisfeiler and Lehman on atoms that start with the angles around them.

    .. math:: c_i^{(0)} = \mathrm{id}\big( a_i,
              \{\!\{ (a_j, r_{ij}; a_k, r_{ik}; |\mathbf{r}_{ij} - \mathbf{r}_{ik}|) :
              j < k \}\!\} \big)

    The third side of the triangle stands for its angle: a length has the unit of ``tol``, and
    loses no digits near 0° and 180°. So c⁽⁰⁾ is what the correlations of two neighbors (ν = 2)
    of each atom know, without basis or smearing. Updates are those of :func:`weisfeiler_lehman`.

    Time and memory O(Σ_i n_i²) for n_i neighbors of atom i.

    Arguments and errors are those of :func:`weisfeiler_lehman`; third sides have to be clear too.
    """
    graph = distance_graph(a, b, cutoff=cutoff, tol=tol, strict=strict)
    return refined(
        _angle_colors(graph, tol, strict),
        lambda colors: neighbor_colors(colors, graph.center, graph.neighbor, graph.shell),
    )


def _angle_colors(graph: DistanceGraph, tol: float, strict: bool) -> NDArray[np.int64]:
    """Type of each atom, and the multiset of triangles that its neighbors make with it."""
    edges = np.arange(len(graph.center))
    later = np.searchsorted(graph.center, graph.center, side="right") - edges - 1
    first = np.repeat(edges, later)
    second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(later) - later, later)
    sides = np.linalg.norm(graph.vectors[first] - graph.vectors[second], axis=1)
    third = distance_shells(sides, tol=tol, strict=strict)
    leg = row_colors(np.column_stack([graph.types[graph.neighbor], graph.shell]))
    n_legs = 1 + int(leg.max(initial=0))
    legs = np.minimum(leg[first], leg[second]) * n_legs + np.maximum(leg[first], leg[second])
    own = multiset_colors(graph.types, graph.center, leg)  # an only neighbor makes no triangle
    return multiset_colors(own, graph.center[first], legs * len(third) + third.shell)
