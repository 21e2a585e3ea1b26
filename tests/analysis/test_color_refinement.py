"""Refinement of colors: against the equations, line by line in plain Python."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import ase
import numpy as np
import pytest

from rhobar.analysis import (
    ColorRefinement,
    angle_weisfeiler_lehman,
    folklore_weisfeiler_lehman,
    node_marked_weisfeiler_lehman,
    weisfeiler_lehman,
)
from rhobar.analysis.weisfeiler_lehman import neighbor_colors
from rhobar.counterexamples import RingOrTriangles
from tests.analysis.moved_copy import moved_copy

HEXAGON = RingOrTriangles(radii=(1.39,), symbols=("C",))


def neighbors(atoms: ase.Atoms, cutoff: float, images: int) -> list[list[tuple[int, np.ndarray]]]:
    """For each atom, number and vector of all that is within the cutoff, by comparing all."""
    shifts = itertools.product(*(range(-images * p, images * p + 1) for p in atoms.pbc))
    cells = [np.array(shift) @ atoms.cell.array for shift in shifts]
    found: list[list[tuple[int, np.ndarray]]] = [[] for _ in atoms]
    for i, j, cell in itertools.product(range(len(atoms)), range(len(atoms)), cells):
        vector = atoms.positions[j] + cell - atoms.positions[i]
        if 1e-3 < np.linalg.norm(vector) < cutoff:
            found[i].append((j, vector))
    return found


class Ids(dict):
    """Numbers for contents, in the order in which they come."""

    def of(self, content: object) -> int:
        return self.setdefault(content, len(self))


def explicit_1wl(
    a: ase.Atoms, b: ase.Atoms, cutoff: float, *, images: int = 0, angles: bool = False
) -> tuple[int | None, list[int]]:
    """Iteration of separation and stable colors of both, by the equation of 1-WL."""
    graphs = [neighbors(atoms, cutoff, images) for atoms in (a, b)]
    ids = Ids()
    colors = [
        [
            ids.of((atoms.numbers[i], triangles(atoms, around) if angles else ()))
            for i, around in enumerate(graph)
        ]
        for atoms, graph in zip((a, b), graphs, strict=True)
    ]
    separation = None
    for iteration in range(2 * len(a) + 1):
        if separation is None and sorted(colors[0]) != sorted(colors[1]):
            separation = iteration
        ids = Ids()
        colors = [
            [
                ids.of((c[i], tuple(sorted((length(v), c[j]) for j, v in around))))
                for i, around in enumerate(graph)
            ]
            for graph, c in zip(graphs, colors, strict=True)
        ]
    return separation, colors[0] + colors[1]


def length(vector: np.ndarray) -> float:
    return round(float(np.linalg.norm(vector)), 6)


def triangles(atoms: ase.Atoms, around: list[tuple[int, np.ndarray]]) -> tuple:
    """Types, distances and cosine of each two neighbors, sorted; alone, type and distance."""
    found = [(atoms.numbers[j], length(v)) for j, v in around]
    for (j, v), (k, w) in itertools.combinations(around, 2):
        cosine = round(float(v @ w / np.linalg.norm(v) / np.linalg.norm(w)), 6) + 0.0
        legs = sorted([(atoms.numbers[j], length(v)), (atoms.numbers[k], length(w))])
        found.append((*legs[0], *legs[1], cosine))
    return tuple(sorted(found))


def explicit_2fwl(a: ase.Atoms, b: ase.Atoms) -> tuple[int | None, list[int]]:
    """Iteration of separation and stable colors of all pairs, by the equation of 2-FWL."""
    atoms = range(len(a))
    colors = []
    ids = Ids()
    for s in (a, b):
        d = s.get_all_distances()
        types = s.numbers
        colors.append(
            {(i, j): ids.of((types[i], types[j], round(d[i, j], 6))) for i in atoms for j in atoms}
        )
    separation = None
    for iteration in range(6):
        if separation is None and sorted(colors[0].values()) != sorted(colors[1].values()):
            separation = iteration
        ids = Ids()
        colors = [
            {
                (i, j): ids.of((c[i, j], tuple(sorted((c[i, w], c[w, j]) for w in atoms))))
                for i, j in c
            }
            for c in colors
        ]
    return separation, [*colors[0].values(), *colors[1].values()]


def same_partition(first: list[int], second: list[int]) -> bool:
    """Whether two colorings of the same things differ by names only."""
    return len(set(zip(first, second, strict=True))) == len(set(first)) == len(set(second))


def grid_points(seed: int, n_atoms: int, n_periods: int) -> ase.Atoms:
    """Random points of a coarse grid of 0.8 Å, so that many distances are equal."""
    generator = np.random.default_rng(seed)
    sites = np.array(list(itertools.product(range(3), repeat=3)))
    chosen = sites[generator.permutation(len(sites))[:n_atoms]]
    types = generator.choice(["C", "O"], n_atoms, p=[0.7, 0.3])
    pbc = np.arange(3) < n_periods
    return ase.Atoms(types, 0.8 * chosen, cell=2.4 * np.diag(pbc), pbc=pbc)


def outcomes(
    a: ase.Atoms, b: ase.Atoms, test: Callable[..., ColorRefinement], **arguments: object
) -> tuple:
    found = test(a, b, **arguments)
    return found.iteration_of_separation, [*found.colors_a.tolist(), *found.colors_b.tolist()]


@pytest.mark.parametrize("n_periods", [0, 1, 2, 3])
@pytest.mark.parametrize("cutoff", [1.0, 1.5, 2.5])
@pytest.mark.parametrize("angles", [False, True])
def test_colors_of_atoms_are_those_of_the_equation(
    n_periods: int, cutoff: float, angles: bool
) -> None:
    test = angle_weisfeiler_lehman if angles else weisfeiler_lehman
    separations = set()
    for seed in range(4):
        a = grid_points(seed, 6, n_periods)
        # moved points of a and other points: equal and different pairs
        for b in (a[np.random.default_rng(seed).permutation(6)], grid_points(seed + 9, 6, 0)):
            b.set_cell(a.cell)
            b.pbc = a.pbc
            separation, colors = outcomes(a, b, test, cutoff=cutoff)
            expected, expected_colors = explicit_1wl(a, b, cutoff, images=2, angles=angles)
            assert separation == expected
            assert same_partition(colors, expected_colors)
            separations.add(separation)
    assert None in separations
    assert len(separations) > 1


@pytest.mark.parametrize("seed", range(6))
def test_colors_of_pairs_are_those_of_the_equation(seed: int) -> None:
    a, b = grid_points(seed, 6, 0), grid_points(seed + 9, 6, 0)
    for other in (b, moved_copy(a, seed)):
        separation, colors = outcomes(a, other, folklore_weisfeiler_lehman)
        expected, expected_colors = explicit_2fwl(a, other)
        assert separation == expected
        assert same_partition(colors, expected_colors)
    a, b = HEXAGON.pair()
    assert outcomes(a, b, folklore_weisfeiler_lehman)[0] == explicit_2fwl(a, b)[0] == 1


def test_a_marked_atom_is_an_atom_of_another_type() -> None:
    """The marked test by its definition: 1-WL on all pairs of graphs with one atom changed."""
    a, b = HEXAGON.pair()
    found = node_marked_weisfeiler_lehman(a, b)
    graphs = []
    for atoms in (a, b):
        for mark in range(len(atoms)):
            marked = atoms.copy()
            marked.numbers[mark] = 14
            graphs.append(marked)
    colors = [*found.colors_a.tolist(), *found.colors_b.tolist()]
    for (i, first), (j, second) in itertools.combinations(enumerate(graphs), 2):
        assert weisfeiler_lehman(first, second).equal == (colors[i] == colors[j])


def test_a_color_and_a_distance_are_not_taken_for_others() -> None:
    """Two centers, 0 and 1, of two neighbors each: numbers of equal sums are not the same."""
    colors, neighbor = np.array([0, 0, 6, 7]), np.array([2, 3, 2, 3])
    center, shell = np.array([0, 0, 1, 1]), np.array([1, 1, 2, 0])
    found = neighbor_colors(colors, center, neighbor, shell)
    assert found[0] != found[1]
    assert neighbor_colors(colors, center, neighbor, shell[[0, 1, 0, 1]])[0] == found[0]


def test_a_pair_of_one_atom_is_no_pair_of_two() -> None:
    apart = ase.Atoms("H2", [[0, 0, 0], [9.0, 0, 0]])
    assert folklore_weisfeiler_lehman(apart, apart, cutoff=2.0).n_colors == 2


def test_images_of_an_atom_are_its_neighbors() -> None:
    """Cells of one atom have no other neighbors than its images."""
    cubic = ase.Atoms("Al", cell=3 * [2.0], pbc=True)
    longer = ase.Atoms("Al", cell=[2.0, 2.0, 2.1], pbc=True)
    for test in (
        weisfeiler_lehman,
        folklore_weisfeiler_lehman,
        node_marked_weisfeiler_lehman,
        angle_weisfeiler_lehman,
    ):
        assert test(cubic, cubic, cutoff=2.05).equal
        assert not test(cubic, longer, cutoff=2.05).equal


def test_an_only_neighbor_counts_where_angles_do() -> None:
    near, far = (ase.Atoms("H2", [[0, 0, 0], [d, 0, 0]]) for d in (1.0, 1.1))
    assert angle_weisfeiler_lehman(near, far).iteration_of_separation == 0
