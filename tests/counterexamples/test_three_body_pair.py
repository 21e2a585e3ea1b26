"""Environments that two-neighbor correlations cannot tell apart, though they are not congruent."""

from __future__ import annotations

import itertools
from pathlib import Path

import ase
import ase.io
import numpy as np
import pytest
import torch
from metatensor.torch import Labels

from rhobar.counterexamples import Family, ThreeBodyPair
from rhobar.descriptors import Bispectrum, Gaussian, Gto, SoapPowerSpectrum

DRAWS = range(20)


def sampled(seed: int) -> ThreeBodyPair:
    return ThreeBodyPair.sample(np.random.default_rng(seed))


def tuples(atoms: ase.Atoms, size: int) -> np.ndarray:
    """
    All unordered neighbor tuples of atom 0, one sorted row each: types, then scalar products.

    The scalar products are those of a tuple in the order of atoms that makes the row smallest.
    """
    vectors, types = atoms.positions[1:] - atoms.positions[0], atoms.numbers[1:]
    rows = []
    for chosen in itertools.combinations(range(len(vectors)), size):
        orders = []
        for order in itertools.permutations(chosen):
            products = np.round(vectors[list(order)] @ vectors[list(order)].T, 9)
            orders.append((*types[list(order)], *products[np.triu_indices(size)]))
        rows.append(min(orders))
    return np.array(sorted(rows))


@pytest.mark.parametrize("seed", DRAWS)
def test_pairs_of_neighbors_are_equal_and_triples_are_not(seed: int) -> None:
    first, second = sampled(seed).pair()
    for size in (1, 2):
        np.testing.assert_allclose(tuples(first, size), tuples(second, size), atol=1e-8)
    assert np.abs(tuples(first, 3) - tuples(second, 3)).max() > 0.1
    # equal scalar products of all neighbors would be congruence: there are none in any order
    assert np.abs(tuples(first, 4) - tuples(second, 4)).max() > 0.1


TYPES = [1, 6, 7, 8]
DENSITY = Gaussian(0.3, center_weight=0.0)


def relative_difference(descriptor: torch.nn.Module, pair: Family, atom: int = 0) -> float:
    """Distance between the features of ``atom`` in both members over their length."""
    center = Labels("atom", torch.tensor([[atom]]))
    first, second = (
        torch.cat([block.values.flatten() for block in features.blocks()])
        for features in (
            descriptor.compute(atoms, selected_samples=center) for atoms in pair.pair()
        )
    )
    return float((first - second).norm() / first.norm())


@pytest.mark.parametrize("seed", DRAWS)
def test_power_spectrum_of_the_center_is_equal_to_rounding(seed: int) -> None:
    soap = SoapPowerSpectrum(4.0, l_max=4, radial=Gto(4), density=DENSITY, atomic_types=TYPES)
    assert relative_difference(soap, sampled(seed)) < 1e-14


@pytest.mark.parametrize("seed", DRAWS)
def test_bispectrum_of_the_center_differs(seed: int) -> None:
    bispectrum = Bispectrum(4.0, l_max=3, radial=Gto(3), density=DENSITY, atomic_types=TYPES)
    assert relative_difference(bispectrum, sampled(seed)) > 0.15


def test_members_say_what_they_are() -> None:
    pair = ThreeBodyPair.sample(np.random.default_rng(0)).pair()
    for label, atoms in enumerate(pair):
        assert atoms.info["family"] == "env3b"
        assert atoms.info["label"] == label
        assert (atoms.info["equal_for"], atoms.info["nu_equal"]) == ("env-2", 2)
        assert atoms.info["centers"] == [0]
        assert '"z_c": ' in atoms.info["params"]
    assert pair[0].numbers.tolist() == pair[1].numbers.tolist() == [6, 7, 1, 1, 8]


@pytest.mark.parametrize("length", ["a", "b_x", "b_y", "c"])
def test_congruent_members_are_refused(length: str) -> None:
    with pytest.raises(ValueError, match=f"{length} = 0 makes the two members congruent"):
        ThreeBodyPair(**{length: 0.0})  # type: ignore[arg-type]


def test_other_signs_are_refused() -> None:
    with pytest.raises(ValueError, match=r"sign is -1 or \+1.*got 0"):
        ThreeBodyPair().structure(0)


FIVES = ThreeBodyPair(*[5.0] * 7)
PUBLISHED = [[[5.0, 0, 5], [5, 5, 5], [-5, -5, 5], [0, 5, 5]]]
PUBLISHED += [[[5.0, 0, 5], [5, 5, 5], [-5, -5, 5], [0, -5, 5]]]


def test_all_fives_are_the_published_pair() -> None:
    for sign, hydrogens in zip((1, -1), PUBLISHED, strict=True):
        assert FIVES.structure(sign).positions[1:].tolist() == hydrogens


@pytest.mark.mirror
def test_all_fives_are_the_pair_of_the_file(mirror: Path) -> None:
    frames = ase.io.read(mirror / "degenerate" / "prl2020_neighbourhood_pairs.xyz", index=":")
    found = [frame for frame in frames if frame.info["pair"] == "3body"]
    assert len(found) == 2
    for sign, frame in zip((1, -1), found, strict=True):
        assert str(frame.symbols) == "CH4"
        np.testing.assert_array_equal(FIVES.structure(sign).positions, frame.positions)
