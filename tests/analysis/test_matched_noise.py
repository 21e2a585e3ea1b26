"""How far structures are apart, and copies that are as far away or not away at all."""

from __future__ import annotations

import ase
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from rhobar.analysis.completeness.matched_noise import aligned_rmsd, displaced, moved_copy
from rhobar.analysis.completeness.placement import (
    boxed,
    closest,
    known_types,
    scaled_inside,
    with_types,
)
from rhobar.analysis.completeness.readout import linear_readout, nonlinear_readout
from rhobar.counterexamples import CongruentControl, ThreeBodyPair, ThreePlanes, congruent


def test_rmsd_of_a_moved_copy_is_zero() -> None:
    rng = np.random.default_rng(0)
    for seed in range(5):
        first, second = CongruentControl(seed=seed, mirror=seed % 2 == 0).pair()
        assert aligned_rmsd(first, second) < 1e-9
        copy, center = moved_copy(first, rng, center=0)
        assert congruent(first, copy)
        assert copy.numbers[center] == first.numbers[0]
        axes = [atoms.positions - atoms.positions[at] for atoms, at in ((first, 0), (copy, center))]
        assert np.linalg.norm(axes[0].sum(axis=0) - axes[1].sum(axis=0)) > 1e-2  # turned
        assert np.abs(copy.positions[center] - first.positions[0]).max() > 1e-2  # and shifted


def test_moved_copy_of_a_crystal_turns_its_cell() -> None:
    crystal, _ = ThreePlanes(periods=(4.0, 5.0, 6.0)).pair()
    copy, _ = moved_copy(crystal, np.random.default_rng(0), center=None)
    np.testing.assert_allclose(copy.cell.lengths(), [4.0, 5.0, 6.0])
    assert np.abs(copy.cell.array - crystal.cell.array).max() > 0.1
    shortest = [np.sort(a.get_all_distances(mic=True), axis=None) for a in (crystal, copy)]
    np.testing.assert_allclose(*shortest, atol=1e-9)
    assert (copy.numbers != crystal.numbers).any() or (copy.positions != crystal.positions).any()


def test_rmsd_of_one_moved_atom() -> None:
    """A neighbor of a fixed center moved outwards by 0.3 Å, one of four atoms."""
    first = ase.Atoms("CHNO", [[0, 0, 0], [1, 0, 0], [0, 1.2, 0], [0, 0, 1.4]])
    second = first.copy()
    second.positions[1, 0] += 0.3
    turned = Rotation.from_euler("xyz", [1.0, 0.4, 2.0]).as_matrix()
    second.positions = second.positions @ turned.T
    assert aligned_rmsd(first, second, center=0) == pytest.approx(0.15, abs=1e-9)


def test_rmsd_of_periodic_structures_matches_images() -> None:
    first, _ = ThreePlanes(periods=(4.0, 5.0, 6.0)).pair()
    second = first.copy()
    second.positions = second.positions * [1, -1, 1] + second.cell.array[0]
    assert aligned_rmsd(first, second[::-1]) < 1e-9


def test_noise_has_its_size_and_no_collisions() -> None:
    first, _ = ThreeBodyPair().pair()
    rng = np.random.default_rng(1)
    moves = [displaced(first, rng, 0.05).positions - first.positions for _ in range(200)]
    assert np.std(moves) == pytest.approx(0.05, rel=0.05)
    crowded = [displaced(first, rng, 5.0) for _ in range(20)]
    assert min(closest(atoms) for atoms in crowded) > 0.5 * closest(first)


def test_scale_brings_all_within_the_cutoff_and_pairs_alike() -> None:
    pair = ThreeBodyPair().pair()
    largest = max(atoms.get_all_distances().max() for atoms in pair)
    scaled = scaled_inside(pair, 1.5)
    assert max(a.get_all_distances().max() for a in scaled) == pytest.approx(0.95 * 1.5)
    for atoms, before in zip(scaled, pair, strict=True):
        np.testing.assert_allclose(atoms.positions, before.positions * 0.95 * 1.5 / largest)
    assert (scaled_inside(pair, 9.0)[0].positions == pair[0].positions).all()  # never larger
    assert (scaled_inside(pair, None)[0].positions == pair[0].positions).all()


def test_scale_to_nearest_neighbors() -> None:
    pair = ThreePlanes().pair()
    for atoms in scaled_inside(pair, 3.0, nearest=True):
        lengths = atoms.get_all_distances() + 10.0 * np.eye(len(atoms))
        assert lengths.min(axis=1).max() == pytest.approx(0.95 * 3.0)
    periodic = ThreePlanes(periods=(4.0, 5.0, 6.0)).pair()
    assert (scaled_inside(periodic, 1.0)[0].positions == periodic[0].positions).all()


@pytest.mark.parametrize(
    ("found", "known", "chosen"),
    [
        ([6, 1], [1, 6, 8], {1: 1, 6: 6}),
        ([5, 6, 7], [1, 6, 8], {5: 8, 6: 6, 7: 1}),
        ([5, 6, 7], [29], {5: 29, 6: 29, 7: 29}),
        ([16, 9], [1, 6, 7, 8], {9: 8, 16: 7}),
    ],
)
def test_types_stay_different_while_there_are_enough(
    found: list[int], known: list[int], chosen: dict[int, int]
) -> None:
    assert known_types(found, known) == chosen


def test_types_are_replaced_alike_in_both_members() -> None:
    pair = with_types(ThreeBodyPair(symbols=("C", "N", "H", "O")).pair(), [13, 29, 79])
    assert (pair[0].numbers == pair[1].numbers).all()
    assert set(pair[0].numbers) <= {13, 29, 79}


def test_box_leaves_the_structure_as_it_is() -> None:
    first, _ = ThreeBodyPair().pair()
    inside = boxed(first)
    assert inside.pbc.all()
    np.testing.assert_allclose(inside.get_all_distances(mic=True), first.get_all_distances())
    periodic, _ = ThreePlanes(periods=(4.0, 5.0, 6.0)).pair()
    assert boxed(periodic) is periodic


def test_readouts() -> None:
    """Equal sums of different atoms: only the nonlinear readout tells them apart."""
    rows = np.array([[1.0, 0.0], [-1.0, 2.0], [0.5, 1.0], [-0.5, 1.0]])
    frame = np.array([0, 0, 1, 1])
    linear = linear_readout(rows, frame, 2)
    np.testing.assert_allclose(linear, [[0.0, 2.0], [0.0, 2.0]])
    bent = nonlinear_readout(rows, frame, 2)
    assert bent.shape == (2, 64)
    assert np.abs(bent[0] - bent[1]).max() > 0.1
    swapped = nonlinear_readout(rows[[1, 0, 3, 2]], frame, 2)
    np.testing.assert_allclose(swapped, bent, atol=1e-14)
    assert nonlinear_readout(np.zeros((0, 2)), np.zeros(0, int), 1).tolist() == [[0.0] * 64]
