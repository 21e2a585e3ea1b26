"""Refinement of colors: against plain Python, and the verdicts on pairs that are known."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import ase
import numpy as np
import pytest

from rhobar.analysis import (
    ColorRefinement,
    angle_weisfeiler_lehman,
    discrete_weisfeiler_lehman,
    folklore_weisfeiler_lehman,
    node_marked_weisfeiler_lehman,
    weisfeiler_lehman,
)
from rhobar.counterexamples import ThreeBodyPair
from tests import structures
from tests.analysis import degenerate_clouds as clouds

CUTOFFS = [1.75, 2.5, 3.2, 4.0, 6.0, 8.0]
STRONGER = [
    folklore_weisfeiler_lehman,
    node_marked_weisfeiler_lehman,
    angle_weisfeiler_lehman,
]
EXACT = 1e-9  # tolerance in Å for coordinates that are computed here, in full precision
Test = Callable[..., ColorRefinement]


# ---------------------------------------------------------------- the algorithms, line by line


def neighbors(atoms: ase.Atoms, cutoff: float, images: int) -> list[list[tuple[int, float]]]:
    """For each atom, number and distance of all that is within the cutoff, by comparing all."""
    shifts = itertools.product(*(range(-images * p, images * p + 1) for p in atoms.pbc))
    cells = [np.array(shift) @ atoms.cell.array for shift in shifts]
    found: list[list[tuple[int, float]]] = [[] for _ in atoms]
    for i, j, cell in itertools.product(range(len(atoms)), range(len(atoms)), cells):
        distance = float(np.linalg.norm(atoms.positions[j] + cell - atoms.positions[i]))
        if 1e-3 < distance < cutoff:
            found[i].append((j, distance))
    return found


class Ids(dict):
    """Numbers for contents, in the order in which they come."""

    def of(self, content: object) -> int:
        return self.setdefault(content, len(self))


def explicit_1wl(
    a: ase.Atoms, b: ase.Atoms, cutoff: float, images: int = 0
) -> tuple[int | None, list[int]]:
    """Iteration of separation and stable colors of both, by the equation of 1-WL."""
    graphs = [neighbors(atoms, cutoff, images) for atoms in (a, b)]
    colors = [atoms.numbers.tolist() for atoms in (a, b)]
    separation = None
    for iteration in range(2 * len(a) + 1):
        if separation is None and sorted(colors[0]) != sorted(colors[1]):
            separation = iteration
        ids = Ids()
        colors = [
            [
                ids.of((c[i], tuple(sorted((round(d, 6), c[j]) for j, d in around))))
                for i, around in enumerate(graph)
            ]
            for graph, c in zip(graphs, colors, strict=True)
        ]
    return separation, colors[0] + colors[1]


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


def outcomes(a: ase.Atoms, b: ase.Atoms, test: Test, **arguments: object) -> tuple:
    found = test(a, b, **arguments)
    return found.iteration_of_separation, [*found.colors_a.tolist(), *found.colors_b.tolist()]


@pytest.mark.parametrize("n_periods", [0, 1, 2, 3])
@pytest.mark.parametrize("cutoff", [1.0, 1.5, 2.7])
def test_colors_of_atoms_are_those_of_the_equation(n_periods: int, cutoff: float) -> None:
    separations = set()
    for seed in range(6):
        a = grid_points(seed, 6, n_periods)
        # moved points of a and other points: equal and different pairs
        for b in (a[np.random.default_rng(seed).permutation(6)], grid_points(seed + 9, 6, 0)):
            b.set_cell(a.cell)
            b.pbc = a.pbc
            separation, colors = outcomes(a, b, weisfeiler_lehman, cutoff=cutoff)
            expected, expected_colors = explicit_1wl(a, b, cutoff, images=2)
            assert separation == expected
            assert same_partition(colors, expected_colors)
            separations.add(separation)
    assert None in separations
    assert len(separations) > 1


@pytest.mark.parametrize("seed", range(6))
def test_colors_of_pairs_are_those_of_the_equation(seed: int) -> None:
    a, b = grid_points(seed, 6, 0), grid_points(seed + 9, 6, 0)
    for other in (b, clouds.congruent(a, seed)):
        separation, colors = outcomes(a, other, folklore_weisfeiler_lehman)
        expected, expected_colors = explicit_2fwl(a, other)
        assert separation == expected
        assert same_partition(colors, expected_colors)
    a, b = clouds.hexagon((("C", 1.4),))
    assert outcomes(a, b, folklore_weisfeiler_lehman)[0] == explicit_2fwl(a, b)[0] == 1


def test_a_marked_atom_is_an_atom_of_another_type() -> None:
    """The marked test by its definition: 1-WL on all pairs of graphs with one atom changed."""
    a, b = clouds.hexagon((("C", 1.39),))
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


# ------------------------------------------------------------------------- verdicts


def wl1_pairs() -> list:
    """Pairs that no graph of distances tells apart, and their number of stable colors."""
    pairs = [pytest.param(*clouds.three_axes(seed), 3, id=f"axes3-{seed}") for seed in range(20)]
    pairs += [
        pytest.param(*clouds.random_planes(seed, 0), 3, id=f"planes-{seed}") for seed in range(20)
    ]
    pairs += [
        pytest.param(*clouds.hexagon((("C", 1.4),)), 1, id="hexagon"),
        pytest.param(*clouds.hexagon(), 2, id="benzene"),
        pytest.param(*clouds.icosahedron(), 1, id="twograph"),
        pytest.param(*clouds.augmented("do-6"), 12, id="do-6 augmented"),
        pytest.param(*clouds.augmented("do-10a"), 4, id="do-10a augmented"),
    ]
    return [
        *pairs,
        *(pytest.param(*clouds.vertices(name), id=name) for name in clouds.VERTICES),
    ]


@pytest.mark.parametrize(("a", "b", "n_colors"), wl1_pairs())
def test_distances_do_not_separate_and_more_does(a: ase.Atoms, b: ase.Atoms, n_colors: int) -> None:
    for cutoff in (None, *CUTOFFS):
        found = weisfeiler_lehman(a, b, cutoff=cutoff, tol=EXACT)
        assert found.equal
        assert found.iteration_of_separation is None
    assert weisfeiler_lehman(a, b, tol=EXACT).n_colors == n_colors
    iterations = [test(a, b, tol=EXACT).iteration_of_separation for test in STRONGER]
    assert iterations == [1, 2, 0]


@pytest.mark.parametrize("n_periods", [1, 2, 3])
@pytest.mark.parametrize("seed", range(20))
def test_periodic_planes_are_equal_with_all_images(seed: int, n_periods: int) -> None:
    a, b = clouds.random_planes(seed, n_periods)
    for cutoff in CUTOFFS:
        # up to 8 Å in three dimensions there are about a thousand distances: 1e-9 Å between
        # two of them by chance is improbable, 1e-6 Å is not
        assert weisfeiler_lehman(a, b, cutoff=cutoff, tol=1e-10, strict=False).equal
    for test in STRONGER:
        assert not test(a, b, cutoff=4.0, tol=EXACT, strict=False).equal


@pytest.mark.parametrize("name", list(clouds.CARBON))
def test_plausible_carbon_is_equal_at_each_cutoff(name: str) -> None:
    a, b = clouds.carbon(name)
    for cutoff in (1.75, 2.5, 4.0, 6.0, 9.0, 12.0):
        assert weisfeiler_lehman(a, b, cutoff=cutoff, tol=EXACT).equal
        assert (
            angle_weisfeiler_lehman(
                a, b, cutoff=min(cutoff, 4.0), tol=EXACT
            ).iteration_of_separation
            == 0
        )
    for test in STRONGER:
        assert not test(a, b, cutoff=4.0, tol=EXACT).equal


@pytest.mark.parametrize("axis", [0, 2])
def test_a_sheared_cell_lifts_the_degeneracy(axis: int) -> None:
    members = clouds.carbon("bulk")
    for atoms in members:
        cell = atoms.cell.array.copy()
        cell[1 if axis == 0 else 2, 0] += 0.4  # b or c is no longer perpendicular to a
        atoms.set_cell(cell)
    assert weisfeiler_lehman(*members, cutoff=2.0, tol=EXACT).equal
    for cutoff in (4.0, 6.0):
        assert not weisfeiler_lehman(*members, cutoff=cutoff, tol=EXACT).equal


def test_supercells_have_the_verdict_and_colors_of_their_cells() -> None:
    for tests, cutoff in ((weisfeiler_lehman, 4.0), (angle_weisfeiler_lehman, 2.5)):
        cells = clouds.carbon("bulk")
        doubled = [atoms.repeat((2, 1, 1)) for atoms in cells]
        small = tests(*cells, cutoff=cutoff, tol=EXACT)
        large = tests(*doubled, cutoff=cutoff, tol=EXACT)
        assert small.iteration_of_separation == large.iteration_of_separation
        assert small.n_colors == large.n_colors


def test_prism_and_dodecahedron_differ_by_second_neighbors_only() -> None:
    prism, dodecahedron = clouds.c20h20()
    bonds = discrete_weisfeiler_lehman(prism, dodecahedron, cutoff=1.7)
    assert bonds.equal
    assert bonds.n_colors == 2  # carbon and hydrogen
    assert weisfeiler_lehman(prism, dodecahedron, cutoff=1.7).equal
    for cutoff in (2.3, 3.0, None):
        assert not weisfeiler_lehman(prism, dodecahedron, cutoff=cutoff).equal
    # cycles of four bonds, which the prism has and the dodecahedron has not
    for test in (folklore_weisfeiler_lehman, node_marked_weisfeiler_lehman):
        assert not test(prism, dodecahedron, cutoff=1.7).equal


def test_bonds_know_less_than_distances() -> None:
    a = ase.Atoms("H3", [[0, 0, 0], [1.0, 0, 0], [2.0, 0, 0]])
    b = ase.Atoms("H3", [[0, 0, 0], [1.1, 0, 0], [2.2, 0, 0]])
    assert discrete_weisfeiler_lehman(a, b, cutoff=1.5).equal
    assert weisfeiler_lehman(a, b, cutoff=1.5).iteration_of_separation == 1
    bent = ase.Atoms("H3", [[0, 0, 0], [1.0, 0, 0], [0.5, 0.8, 0]])
    assert not discrete_weisfeiler_lehman(a, bent, cutoff=1.5).equal


@pytest.mark.parametrize("seed", range(20))
def test_neighbors_separate_environments_of_equal_pairs(seed: int) -> None:
    """Degenerate around one center is not degenerate on the whole: neighbors see each other."""
    for test in (weisfeiler_lehman, *STRONGER):
        a, b = ThreeBodyPair.sample(np.random.default_rng(seed)).pair()
        assert not test(a, b, tol=EXACT).equal


def test_the_same_distances_in_another_tetrahedron_are_separated() -> None:
    edges = np.array([1.0, 1.1, 1.2, 1.3, 1.4, 1.5])
    members = []
    for chosen in ([0, 1, 2, 3, 4, 5], [5, 1, 2, 3, 4, 0]):
        squares = np.zeros((4, 4))
        squares[np.triu_indices(4, 1)] = edges[chosen] ** 2
        centered = np.eye(4) - 0.25
        gram = -0.5 * centered @ (squares + squares.T) @ centered
        members.append(ase.Atoms("C4", clouds.from_gram(gram)))
    sorted_distances = [np.sort(atoms.get_all_distances().ravel()) for atoms in members]
    np.testing.assert_allclose(*sorted_distances, atol=1e-12)
    assert weisfeiler_lehman(*members).iteration_of_separation == 1


@pytest.mark.parametrize("test", [weisfeiler_lehman, *STRONGER])
@pytest.mark.parametrize("mirror", [False, True])
def test_congruent_structures_are_never_separated(test: Test, mirror: bool) -> None:
    for number, atoms in enumerate(structures.everything()):
        copy = clouds.congruent(atoms, number, mirror=mirror)
        cutoff = 4.0 if atoms.pbc.any() else None
        found = test(atoms, copy, cutoff=cutoff, tol=EXACT, strict=False)
        assert found.equal
        assert set(found.colors_a) == set(found.colors_b)


@pytest.mark.parametrize("test", [weisfeiler_lehman, *STRONGER])
def test_order_of_atoms_and_structures_does_not_matter(test: Test) -> None:
    for a, b in (clouds.three_axes(3), clouds.carbon("slab"), clouds.c20h20()):
        expected = test(a, b, cutoff=2.5, tol=EXACT)
        found = test(clouds.congruent(b, 4), clouds.congruent(a, 5), cutoff=2.5, tol=EXACT)
        assert found.iteration_of_separation == expected.iteration_of_separation
        assert found.n_colors == expected.n_colors


def test_types_are_the_first_colors() -> None:
    a, b = clouds.three_axes(0)
    b.numbers[0] = 14
    for test in (weisfeiler_lehman, *STRONGER):
        assert test(a, b).iteration_of_separation == 0
    # types that differ within an inversion pair are two nodes at different distances
    a, b = clouds.three_axes(0)
    for atoms in (a, b):
        atoms.numbers[[0, 2, 4]] = [14, 15, 16]
    assert not weisfeiler_lehman(a, b).equal


# ------------------------------------------------------------------------- quantisation


def test_noise_below_the_tolerance_changes_nothing_and_above_it_separates() -> None:
    a, b = clouds.three_axes(1)
    b.positions += 1e-9 * np.random.default_rng(0).normal(size=(6, 3))
    assert weisfeiler_lehman(a, b).equal
    b.positions += 1e-3 * np.random.default_rng(1).normal(size=(6, 3))
    assert not weisfeiler_lehman(a, b).equal


def test_distances_on_both_sides_of_a_rounding_boundary_are_equal() -> None:
    a = ase.Atoms("H2", [[0, 0, 0], [1.00049999, 0, 0]])
    b = ase.Atoms("H2", [[0, 0, 0], [1.00050001, 0, 0]])
    assert round(1.00049999, 3) != round(1.00050001, 3)
    assert weisfeiler_lehman(a, b).equal


def test_a_shell_at_the_cutoff_is_inside_as_a_whole() -> None:
    a = ase.Atoms("H2", [[0, 0, 0], [2.0 - 1e-12, 0, 0]])
    b = ase.Atoms("H2", [[0, 0, 0], [2.0 + 1e-12, 0, 0]])
    for test in ALL:
        assert test(a, b, cutoff=2.0).equal
    # nothing of the graph lies beyond: distances there need not be clear
    b.positions[1, 0] = 2.0 - 5e-6
    with pytest.raises(ValueError, match="ambiguous"):
        weisfeiler_lehman(a, b, cutoff=2.0)
    assert weisfeiler_lehman(a, b, cutoff=1.9).equal


def line(*distances: float) -> tuple[ase.Atoms, ase.Atoms]:
    """Two structures: hydrogen pairs far from each other, with these distances."""
    positions = [[x, 100.0 * k, 7.0 * k**2] for k, d in enumerate(distances) for x in (0.0, d)]
    atoms = ase.Atoms(len(positions) * "H", positions)
    return atoms, atoms.copy()


@pytest.mark.parametrize("test", [weisfeiler_lehman, discrete_weisfeiler_lehman, *STRONGER])
def test_close_distances_are_refused_by_name(test: Test) -> None:
    pair = line(1.1, 1.100004)
    with pytest.raises(ValueError, match=r"ambiguous distances: 1\.1 and 1\.100004 Å .* smaller"):
        test(*pair, cutoff=2.0)
    assert test(*pair, cutoff=2.0, strict=False).equal


def test_strict_or_not_decides_nothing_but_doubt() -> None:
    pair = line(1.1, 1.100004)
    assert weisfeiler_lehman(*pair, cutoff=2.0, strict=False).n_colors == 2
    assert weisfeiler_lehman(*pair, cutoff=2.0, tol=1e-5).n_colors == 1
    assert weisfeiler_lehman(*pair, cutoff=2.0, tol=EXACT).n_colors == 2


def test_a_chain_of_distances_is_refused_with_its_ends() -> None:
    pair = line(*(1.1 + 0.9e-6 * np.arange(15)))
    with pytest.raises(ValueError, match=r"from 1\.1 to 1\.1000126 Å .* more than 10 tol apart"):
        weisfeiler_lehman(*pair, cutoff=2.0)
    assert weisfeiler_lehman(*pair, cutoff=2.0, strict=False).n_colors == 1


def test_third_sides_have_to_be_clear_too() -> None:
    a = ase.Atoms("H3", [[0, 0, 0], [1.0, 0, 0], [0, 1.0, 0]])
    b = a.copy()
    b.positions[2] = [np.sin(5e-6), np.cos(5e-6), 0]
    assert weisfeiler_lehman(a, b, cutoff=1.2).equal
    with pytest.raises(ValueError, match=r"ambiguous distances: 1\.41421"):
        angle_weisfeiler_lehman(a, b, cutoff=1.2)


# ------------------------------------------------------------------------- bad input

ALL = [weisfeiler_lehman, discrete_weisfeiler_lehman, *STRONGER]


@pytest.mark.parametrize("test", ALL)
def test_bad_arguments_are_refused(test: Test) -> None:
    a = structures.methane()
    with pytest.raises(ValueError, match=r"5 and 9 atoms: .* of the same size"):
        test(a, structures.ethanol(), cutoff=3.0)
    for cutoff in (0.0, -1.0, np.inf, np.nan):
        with pytest.raises(ValueError, match=r"cutoff = .*: give a positive length"):
            test(a, a, cutoff=cutoff)
    for tol in (0.0, -1e-6, np.nan, 1.0):
        with pytest.raises(ValueError, match=r"tol = .* at most 1/100 of the cutoff, 3 Å"):
            test(a, a, cutoff=3.0, tol=tol)
    with pytest.raises(ValueError, match=r"at most 1/100 of the shortest distance, 1\.0"):
        test(a, a, cutoff=3.0, tol=0.02)


def test_the_complete_graph_is_of_finite_structures() -> None:
    for test in (weisfeiler_lehman, *STRONGER):
        with pytest.raises(ValueError, match="no end of distances: give a cutoff"):
            test(structures.rock_salt(), structures.rock_salt())


def test_two_atoms_at_one_place_are_refused() -> None:
    with pytest.raises(ValueError, match="atoms 0 and 1 are 0"):
        weisfeiler_lehman(ase.Atoms("H2"), ase.Atoms("H2"))
