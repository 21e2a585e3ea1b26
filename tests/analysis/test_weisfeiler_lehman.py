"""Verdicts of refinement of colors on the counterexamples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
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
from rhobar.counterexamples import (
    CageIsomers,
    CongruentControl,
    DistanceTetrahedra,
    EquiangularAxes,
    Family,
    PolyhedronSubsets,
    RingOrTriangles,
    RingPair,
    ThreeAxes,
    ThreePlanes,
    catalogue,
    presets,
)
from tests import structures
from tests.analysis.moved_copy import moved_copy

CUTOFFS = [1.75, 2.5, 3.2, 4.0, 6.0, 8.0]
STRONGER = [folklore_weisfeiler_lehman, node_marked_weisfeiler_lehman, angle_weisfeiler_lehman]
EXACT = 1e-9  # tolerance in Å for coordinates that are computed, in full precision
Test = Callable[..., ColorRefinement]

SHELLS = ((0.5, "subset"), (1.0, "complement"), (1.5, "all"))
N_COLORS = [
    # what distances do not tell apart, and how many stable colors it has
    (ThreeAxes(), 1),
    (ThreeAxes(symbols=("B", "C", "N"), center="S"), 4),
    (ThreeAxes(radii=(1.1, 1.3, 1.5)), 3),
    (ThreePlanes(), 3),
    (RingOrTriangles(radii=(1.4,), symbols=("C",)), 1),
    (RingOrTriangles(), 2),
    (EquiangularAxes(), 1),
    (PolyhedronSubsets("do-6"), 2),
    (PolyhedronSubsets("do-8"), 2),
    (PolyhedronSubsets("do-10a"), 1),
    (PolyhedronSubsets("do-10b"), 3),
    (PolyhedronSubsets("do-12"), 4),
    (PolyhedronSubsets("do-14"), 4),
    *((PolyhedronSubsets(name, b), 2) for name in ("co-6", "co-8", "cc-8") for b in (0.5, 1.3)),
    *(
        (PolyhedronSubsets(name, shells=SHELLS), 4 if name == "do-10a" else 12)
        for name in ("do-6", "do-8", "do-10a", "do-10b", "do-14")
    ),
    *((presets()[name], n) for name, n in (("water_dimer", 3), ("mx6", 2), ("benzene_stack", 2))),
]


@pytest.mark.parametrize(("family", "n_colors"), N_COLORS, ids=str)
def test_number_of_stable_colors(family: Family, n_colors: int) -> None:
    found = weisfeiler_lehman(*family.pair(), tol=EXACT)
    assert found.equal
    assert found.n_colors == n_colors


WL1 = [ThreeAxes, ThreePlanes, RingOrTriangles, EquiangularAxes, PolyhedronSubsets]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("family", WL1)
def test_distances_do_not_separate_and_more_does(family: type[Family], seed: int) -> None:
    a, b = family.sample(np.random.default_rng(seed)).pair()
    assert a.info["equal_for"] == "wl1"
    for cutoff in (None, *CUTOFFS):
        found = weisfeiler_lehman(a, b, cutoff=cutoff, tol=EXACT)
        assert found.equal
        assert found.iteration_of_separation is None
    iterations = [test(a, b, tol=EXACT).iteration_of_separation for test in STRONGER]
    assert iterations == [1, 2, 0]


@pytest.mark.parametrize("halfway", [False, True])
@pytest.mark.parametrize("periodic", ["x", "y", "z", "xy", "xz", "yz", "xyz"])
def test_periodic_planes_are_equal_with_all_images(periodic: str, halfway: bool) -> None:
    for seed in range(20 if len(periodic) == 3 else 10):
        drawn = ThreePlanes.sample(np.random.default_rng(seed), periodic=periodic)
        if halfway:
            x, y, z = (axis in periodic for axis in "xyz")
            drawn = replace(drawn, halfway=(z, y, x))
        a, b = drawn.pair()
        for cutoff in CUTOFFS[1:]:
            assert weisfeiler_lehman(a, b, cutoff=cutoff, tol=EXACT).equal
        for test in STRONGER:
            assert not test(a, b, cutoff=5.0, tol=EXACT).equal


@pytest.mark.parametrize("name", ["c6_bulk", "c6_slab", "c6_chain"])
def test_plausible_carbon_is_equal_at_each_cutoff(name: str) -> None:
    a, b = presets()[name].pair()
    for cutoff in (1.75, 2.5, 4.0, 6.0, 9.0, 12.0):
        assert weisfeiler_lehman(a, b, cutoff=cutoff, tol=EXACT).equal
    for cutoff in (1.75, 2.5, 4.0):
        angles = angle_weisfeiler_lehman(a, b, cutoff=cutoff, tol=EXACT)
        assert angles.iteration_of_separation == 0
    for test in STRONGER:
        assert not test(a, b, cutoff=4.0, tol=EXACT).equal


@pytest.mark.parametrize("vector", [1, 2])
def test_a_sheared_cell_lifts_the_degeneracy(vector: int) -> None:
    members = presets()["c6_bulk"].pair()
    for atoms in members:
        cell = atoms.cell.array.copy()
        cell[vector, 0] += 0.4  # Å: b, or c, is no longer perpendicular to a
        atoms.set_cell(cell)
    assert weisfeiler_lehman(*members, cutoff=2.0, tol=EXACT).equal
    for cutoff in (4.0, 6.0):
        assert not weisfeiler_lehman(*members, cutoff=cutoff, tol=EXACT).equal


def test_supercells_have_the_verdict_and_colors_of_their_cells() -> None:
    for test, cutoff in ((weisfeiler_lehman, 4.0), (angle_weisfeiler_lehman, 2.5)):
        cells = presets()["c6_bulk"].pair()
        doubled = [atoms.repeat((2, 1, 1)) for atoms in cells]
        small = test(*cells, cutoff=cutoff, tol=EXACT)
        large = test(*doubled, cutoff=cutoff, tol=EXACT)
        assert small.iteration_of_separation == large.iteration_of_separation
        assert small.n_colors == large.n_colors


@pytest.mark.parametrize("hydrogens", [False, True])
def test_cages_differ_by_second_neighbors_only(hydrogens: bool) -> None:
    prism, dodecahedron = CageIsomers(hydrogens=hydrogens).pair()
    bonds = discrete_weisfeiler_lehman(prism, dodecahedron, cutoff=1.7)
    assert bonds.equal
    assert bonds.n_colors == 1 + hydrogens
    assert weisfeiler_lehman(prism, dodecahedron, cutoff=1.7).equal
    for cutoff in (2.3, 3.0, None):
        assert not weisfeiler_lehman(prism, dodecahedron, cutoff=cutoff).equal
    # cycles of four bonds, which the prism has and the dodecahedron has not
    for test in STRONGER[:2]:
        assert not test(prism, dodecahedron, cutoff=1.7).equal


def test_families_say_what_distances_see() -> None:
    for family in catalogue():
        found = weisfeiler_lehman(*family.pair(), tol=EXACT)
        assert found.equal == (family.equal_for in ("wl1", "everything")), family
        for test in STRONGER:
            equal = test(*family.pair(), tol=EXACT).equal
            assert equal == (family.equal_for == "everything"), family


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(
    "family", [type(f) for f in catalogue() if f.equal_for.startswith(("env", "global"))]
)
def test_neighbors_separate_environments_of_equal_centers(family: type[Family], seed: int) -> None:
    """Degenerate around one center is not degenerate on the whole: neighbors see each other."""
    a, b = family.sample(np.random.default_rng(seed)).pair()
    for test in (weisfeiler_lehman, *STRONGER):
        assert not test(a, b, tol=EXACT).equal


def test_atoms_separate_what_has_the_same_list_of_distances() -> None:
    a, b = DistanceTetrahedra().pair()
    sorted_distances = [np.sort(atoms.get_all_distances().ravel()) for atoms in (a, b)]
    np.testing.assert_allclose(*sorted_distances, atol=1e-12)
    assert weisfeiler_lehman(a, b).iteration_of_separation == 1


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


@pytest.mark.parametrize("test", [weisfeiler_lehman, *STRONGER])
@pytest.mark.parametrize("mirror_image", [False, True])
def test_congruent_structures_are_never_separated(test: Test, mirror_image: bool) -> None:
    for number, atoms in enumerate(structures.everything()):
        copy = moved_copy(atoms, number, mirror=mirror_image)
        cutoff = 4.0 if atoms.pbc.any() else None
        found = test(atoms, copy, cutoff=cutoff, tol=EXACT, strict=False)
        assert found.equal
        assert set(found.colors_a) == set(found.colors_b)
    for seed in range(20):
        assert test(*CongruentControl(seed, mirror=mirror_image).pair(), tol=EXACT).equal


@pytest.mark.parametrize("test", [weisfeiler_lehman, *STRONGER])
def test_order_of_atoms_and_structures_does_not_matter(test: Test) -> None:
    for family in (ThreeAxes(), presets()["c6_slab"], CageIsomers(), RingPair()):
        a, b = family.pair()
        expected = test(a, b, cutoff=2.5, tol=EXACT)
        found = test(moved_copy(b, 4), moved_copy(a, 5), cutoff=2.5, tol=EXACT)
        assert found.iteration_of_separation == expected.iteration_of_separation
        assert found.n_colors == expected.n_colors


def test_types_are_the_first_colors() -> None:
    a, b = ThreeAxes().pair()
    b.numbers[0] = 14
    for test in (weisfeiler_lehman, *STRONGER):
        assert test(a, b).iteration_of_separation == 0
    # types that differ within a pair of opposite atoms are two nodes at different distances
    a, b = ThreeAxes().pair()
    for atoms in (a, b):
        atoms.numbers[[0, 2, 4]] = [14, 15, 16]
    assert not weisfeiler_lehman(a, b).equal
