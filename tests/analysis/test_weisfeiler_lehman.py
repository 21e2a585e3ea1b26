"""Verdicts of refinement of colors on pairs that are known."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import ase
import ase.io
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
STRONGER = [folklore_weisfeiler_lehman, node_marked_weisfeiler_lehman, angle_weisfeiler_lehman]
EXACT = 1e-9  # tolerance in Å for coordinates that are computed here, in full precision
Test = Callable[..., ColorRefinement]


VERTICES = {"do-6": 2, "do-8": 2, "do-10a": 1, "do-10b": 3, "do-12": 4, "do-14": 4}
POLYHEDRA = {"co-6": 2, "co-8": 2, "cc-8": 2}
AUGMENTED = {"do-6": 12, "do-8": 12, "do-10a": 4, "do-10b": 12, "do-14": 12}
WL1 = {
    # no graph of distances tells these apart: how to build the pair, number of stable colors
    **{f"axes3-{seed}": (partial(clouds.three_axes, seed), 3) for seed in range(20)},
    **{f"planes-{seed}": (partial(clouds.random_planes, seed, 0), 3) for seed in range(20)},
    "hexagon": (partial(clouds.hexagon, (("C", 1.4),)), 1),
    "benzene": (clouds.hexagon, 2),
    "twograph": (clouds.icosahedron, 1),
    **{name: (partial(clouds.vertices, name), n) for name, n in VERTICES.items()},
    **{
        f"{name}, b = {b}": (partial(clouds.vertices, name, b), n)
        for name, n in POLYHEDRA.items()
        for b in (0.5, 1.3)
    },
    **{f"{name} augmented": (partial(clouds.augmented, name), n) for name, n in AUGMENTED.items()},
}


@pytest.mark.parametrize(("build", "n_colors"), WL1.values(), ids=WL1.keys())
def test_distances_do_not_separate_and_more_does(
    build: Callable[[], clouds.Pair], n_colors: int
) -> None:
    a, b = build()
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
        assert weisfeiler_lehman(a, b, cutoff=cutoff, tol=EXACT).equal
    for test in STRONGER:
        assert not test(a, b, cutoff=4.0, tol=EXACT).equal


def test_many_distances_need_a_smaller_tolerance() -> None:
    """Among thousands of distances some are 1e-5 Å apart by chance, which is no equality."""
    a, b = clouds.random_planes(1, 3)
    with pytest.raises(ValueError, match="ambiguous distances"):
        weisfeiler_lehman(a, b, cutoff=12.0)
    assert weisfeiler_lehman(a, b, cutoff=12.0, tol=EXACT).equal


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


@pytest.mark.mirror
def test_published_pairs_on_an_icosahedron(mirror: Path) -> None:
    frames = ase.io.read(mirror / "degenerate" / "distance_wl_icosahedron_pairs.xyz", index=":")
    assert len(frames) == 2
    found = weisfeiler_lehman(*frames, tol=1e-4)
    assert found.equal
    assert found.n_colors == 1
    for test in STRONGER:
        assert not test(*frames, tol=1e-4).equal


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
