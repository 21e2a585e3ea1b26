"""Families that messages along distances cannot tell apart: at no cutoff, with all images."""

from __future__ import annotations

from pathlib import Path

import ase
import ase.io
import numpy as np
import pytest
import torch
from ase.neighborlist import neighbor_list

from rhobar.counterexamples import (
    EquiangularAxes,
    Family,
    PolyhedronSubsets,
    RingOrTriangles,
    ThreeAxes,
    ThreePlanes,
    congruent,
    polyhedron_subsets,
    presets,
)
from rhobar.descriptors import Bispectrum, Gaussian, Gto, SoapPowerSpectrum
from tests.counterexamples.refinement import COMPLETE, same_colors
from tests.counterexamples.test_three_body_pair import relative_difference

FINITE = [ThreeAxes, ThreePlanes, RingOrTriangles, EquiangularAxes, PolyhedronSubsets]
SAMPLED = [family.sample(np.random.default_rng(seed)) for family in FINITE for seed in range(20)]
SUBSETS = [PolyhedronSubsets(name, b) for name in polyhedron_subsets() for b in (0.5, 1.3)]
SHELLS = ((0.5, "subset"), (1.0, "complement"), (1.5, "all"))
AUGMENTED = [
    PolyhedronSubsets(name, shells=SHELLS) for name in ("do-6", "do-8", "do-10a", "do-10b", "do-14")
]
DECORATED = [
    ThreeAxes(center="S"),
    ThreePlanes(symbols=("O", "H", "H"), center="C"),
    RingOrTriangles((1.0, 1.9, 2.7), ("B", "C", "N")),
]
PERIODIC = [
    ThreePlanes.sample(np.random.default_rng(seed), periodic=axes)
    for axes in ("x", "y", "z", "xy", "xz", "yz", "xyz")
    for seed in range(20 if axes == "xyz" else 10)
]
HALFWAY = [
    ThreePlanes(periods=(0.0, 0.0, 4.2), halfway=(True, False, False)),
    ThreePlanes(periods=(0.0, 4.6, 4.2), halfway=(True, True, False)),
    ThreePlanes(periods=(4.0, 4.6, 5.2), halfway=(True, True, True)),
    ThreePlanes(periods=(4.0, 4.6, 5.2), halfway=(False, True, False), center="N"),
]
CUTOFFS = [1.2, 1.75, 2.5, 4.0, 6.0]


def spectrum_difference(pair: Family) -> float:
    """Of the summed power spectra of all atoms, over their length; 0 for congruent members."""
    soap = SoapPowerSpectrum(
        5.0,
        l_max=4,
        radial=Gto(4),
        density=Gaussian(0.3),
        atomic_types=sorted(set(pair.structure(1).numbers.tolist())),
    )
    first, second = (
        torch.cat([block.values.sum(dim=0) for block in soap.compute(member).blocks()])
        for member in pair.pair()
    )
    return float((first - second).norm() / first.norm())


@pytest.mark.parametrize("pair", SAMPLED + SUBSETS + AUGMENTED + DECORATED, ids=str)
def test_finite_members_are_degenerate_and_not_congruent(pair: Family) -> None:
    first, second = pair.pair()
    assert first.numbers.tolist() == second.numbers.tolist()
    assert not congruent(first, second, tolerance=1e-4)
    for cutoff in (*CUTOFFS, COMPLETE):
        assert same_colors(first, second, cutoff), cutoff


@pytest.mark.parametrize("pair", PERIODIC + HALFWAY, ids=str)
def test_periodic_members_are_degenerate_and_not_congruent(pair: ThreePlanes) -> None:
    first, second = pair.pair()
    for cutoff in (2.5, 4.0, 6.0):
        assert same_colors(first, second, cutoff), cutoff
    assert spectrum_difference(pair) > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("cutoff", [8.0, 12.0])
@pytest.mark.parametrize("pair", PERIODIC[::5] + HALFWAY, ids=str)
def test_periodic_members_far_out(pair: ThreePlanes, cutoff: float) -> None:
    assert same_colors(*pair.pair(), cutoff)


def test_refinement_sees_what_is_no_degenerate_pair() -> None:
    """The method of these tests can fail: a member and its distorted self, types exchanged."""
    first, second = ThreeAxes().pair()
    second.positions[0] += 1e-3
    assert not same_colors(first, second)
    exchanged = ThreeAxes(symbols=("F", "F", "Cl")).structure(+1)
    exchanged.symbols = ["F", "Cl", "F", "Cl", "F", "F"]
    assert not same_colors(ThreeAxes(symbols=("F", "F", "Cl")).structure(-1), exchanged)


@pytest.mark.parametrize("sheared", [(1, 0), (2, 0)])
def test_shear_lifts_the_degeneracy(sheared: tuple[int, int]) -> None:
    """Beyond the first neighbors, which still look alike."""
    pair = presets()["c6_bulk"].pair()
    for member in pair:
        cell = member.cell.array.copy()
        cell[sheared] += 0.4
        member.set_cell(cell)
    assert same_colors(*pair, 2.0)
    assert not same_colors(*pair, 4.0)
    assert not same_colors(*pair, 6.0)


@pytest.mark.parametrize("pair", SAMPLED[:20] + SAMPLED[60:80], ids=str)
def test_axes_have_their_cosines(pair: ThreeAxes | EquiangularAxes) -> None:
    for sign, member in zip((-1, 1), pair.pair(), strict=True):
        positions = member.positions
        axes = positions[::2] if isinstance(pair, ThreeAxes) else positions[:3]
        products = axes @ axes.T
        lengths = np.sqrt(np.diag(products))
        cosines = (products / np.outer(lengths, lengths))[np.triu_indices(3, 1)]
        np.testing.assert_allclose(positions.sum(axis=0), 0.0, atol=1e-12)
        assert np.sign(np.prod(cosines)) == sign
        if isinstance(pair, ThreeAxes):
            np.testing.assert_allclose(np.abs(cosines), pair.cosines, atol=1e-12)
            np.testing.assert_allclose(lengths, pair.radii, atol=1e-12)
        else:
            np.testing.assert_allclose(np.abs(cosines), pair.cosine, atol=1e-12)
            np.testing.assert_allclose(lengths, pair.radius, atol=1e-12)


@pytest.mark.parametrize(
    ("cosine", "vertex", "center"), [(0.05, 7e-4, 9e-4), (0.2, 0.044, 0.062), (0.5, 0.44, 0.49)]
)
def test_a_center_sees_less_than_a_vertex(cosine: float, vertex: float, center: float) -> None:
    """Two neighbors (ν = 2) tell vertices apart, the center only three; by about cosine³."""
    pair = ThreeAxes(cosines=(cosine, cosine, cosine), center="S")
    hypers = {"density": Gaussian(0.3, center_weight=0.0), "atomic_types": [9, 16]}
    soap = SoapPowerSpectrum(4.0, l_max=4, radial=Gto(4), **hypers)
    bispectrum = Bispectrum(4.0, l_max=4, radial=Gto(3), **hypers)
    assert relative_difference(soap, pair, atom=6) < 1e-14
    assert relative_difference(bispectrum, pair, atom=6) > center
    assert relative_difference(soap, pair, atom=0) > vertex


@pytest.mark.parametrize("pair", SAMPLED[40:60], ids=str)
def test_one_member_is_flat(pair: RingOrTriangles) -> None:
    ring, triangles = (np.linalg.svd(member.positions)[1][2] for member in pair.pair())
    assert ring < 1e-12
    assert triangles > 0.3 * pair.radii[0]


def test_hexagon_is_where_equiangular_axes_end() -> None:
    for sign in (-1, 1):
        axes = EquiangularAxes(radius=1.39, cosine=0.5).structure(sign)
        assert congruent(axes, RingOrTriangles((1.39,), ("C",)).structure(sign))


@pytest.mark.mirror
def test_default_axes_are_those_of_the_icosahedron_file(mirror: Path) -> None:
    frames = ase.io.read(mirror / "degenerate" / "distance_wl_icosahedron_pairs.xyz", index=":")
    found = {frame.info["label"]: frame for frame in frames}
    # the file calls the two opposite faces 0
    assert congruent(EquiangularAxes().structure(+1), found[0], tolerance=1e-6)
    assert congruent(EquiangularAxes().structure(-1), found[1], tolerance=1e-6)


@pytest.mark.parametrize("name", presets())
def test_presets_are_degenerate(name: str) -> None:
    pair = presets()[name]
    for cutoff in (1.75, 2.5, 4.0, 6.0):
        assert same_colors(*pair.pair(), cutoff), cutoff
    assert spectrum_difference(pair) > 1e-3


@pytest.mark.parametrize(
    ("name", "shortest", "coordination"),
    [("c6_bulk", 1.476, 2), ("c6_slab", 1.345, 3), ("c6_chain", 1.448, 3)],
)
def test_bonds_of_carbon(name: str, shortest: float, coordination: int) -> None:
    for member in presets()[name].pair():
        centers, distances = neighbor_list("id", member, 1.75)
        assert distances.min() == pytest.approx(shortest, abs=1e-3)
        assert np.bincount(centers).tolist() == [coordination] * 6


def test_bonds_of_water() -> None:
    for member in presets()["water_dimer"].pair():
        distances = member.get_all_distances()
        np.testing.assert_allclose(
            np.sort(distances[:2, 2:])[:, :2], [[0.985, 0.994]] * 2, atol=1e-3
        )
        # atoms 0, 2, 4 are one molecule, or 0, 2, 5: the shortest contact is between hydrogens
        assert distances[2:4, 4:].min() == pytest.approx(1.467, abs=1e-3)
    angles = [member.get_angle(2, 0, 4) for member in presets()["water_dimer"].pair()]
    np.testing.assert_allclose(angles, [118.6, 95.7], atol=0.05)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: ThreeAxes(cosines=(0.3, 0.0, 0.3)), "each has to be positive"),
        (lambda: ThreeAxes(cosines=(0.7, 0.7, 0.7)), "one of them does not exist"),
        (lambda: EquiangularAxes(cosine=0.6), "cosine = 0.6"),
        (lambda: ThreePlanes(first=(0.0, 1.0)), "makes the members congruent"),
        (lambda: ThreePlanes(periods=(1.8, 0.0, 0.0)), "makes the members congruent"),
        (lambda: ThreePlanes(halfway=(True, False, False)), "needs a period"),
        (lambda: RingOrTriangles((1.0,), ("C", "H")), "one symbol for each radius"),
        (lambda: PolyhedronSubsets("do-7"), "subsets are co-6"),
        (lambda: PolyhedronSubsets(shells=((1.0, "all"),)), "make the members equal"),
    ],
)
def test_bad_parameters_are_refused(wrong: object, message: str) -> None:
    assert callable(wrong)
    with pytest.raises(ValueError, match=message):
        wrong()
