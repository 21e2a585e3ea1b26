"""Tetrahedra of equal distances."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from rhobar.counterexamples import DistanceTetrahedra, congruent, tetrahedron_orders

SAMPLED = [DistanceTetrahedra.sample(np.random.default_rng(seed)) for seed in range(20)]
STEPS = (1.0, 1.1, 1.2, 1.3, 1.4, 1.5)


@pytest.mark.parametrize("pair", [DistanceTetrahedra(), *SAMPLED], ids=str)
def test_all_distances_are_equal_and_those_of_atoms_are_not(pair: DistanceTetrahedra) -> None:
    first, second = (member.get_all_distances() for member in pair.pair())
    for member, order in zip((first, second), pair.orders, strict=True):
        wanted = np.array(pair.distances)[list(order)]
        np.testing.assert_allclose(member[np.triu_indices(4, 1)], wanted, rtol=1e-12)
    of_atoms = [np.array(sorted(np.sort(row).tolist() for row in m)) for m in (first, second)]
    assert np.abs(of_atoms[0] - of_atoms[1]).max() > 1e-2
    assert not congruent(*pair.pair(), tolerance=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_pair_potentials_are_blind(seed: int) -> None:
    """Morse potentials of random depth, width and minimum."""
    depth, rate, minimum = np.random.default_rng(seed).uniform(0.5, 2.0, 3)
    for pair in SAMPLED:
        first, second = (
            np.sum(depth * (1.0 - np.exp(-rate * (distances - minimum))) ** 2)
            for distances in (
                member.get_all_distances()[np.triu_indices(4, 1)] for member in pair.pair()
            )
        )
        assert first == pytest.approx(second, rel=1e-12)


def test_thirty_tetrahedra_of_six_distances() -> None:
    orders = tetrahedron_orders(STEPS)
    assert len(orders) == 30
    for first, second in itertools.combinations(orders, 2):
        assert not congruent(*DistanceTetrahedra(STEPS, (first, second)).pair(), tolerance=1e-4)


def test_bad_parameters_are_refused() -> None:
    with pytest.raises(ValueError, match="with its atoms renumbered"):
        # atoms 1 and 2 exchanged
        DistanceTetrahedra(STEPS, ((0, 1, 2, 3, 4, 5), (0, 3, 4, 1, 2, 5)))
    with pytest.raises(ValueError, match="no tetrahedron has the distances"):
        DistanceTetrahedra((1.0, 1.0, 1.0, 1.0, 1.0, 3.0))
