"""Cages of equal bonds."""

from __future__ import annotations

import numpy as np
import pytest

from rhobar.counterexamples import CageIsomers, congruent
from tests.counterexamples.refinement import same_colors

SAMPLED = [CageIsomers.sample(np.random.default_rng(seed)) for seed in range(20)]


@pytest.mark.parametrize("pair", [CageIsomers(), CageIsomers(hydrogens=False), *SAMPLED], ids=str)
def test_bonds_are_alike_and_longer_distances_are_not(pair: CageIsomers) -> None:
    first, second = pair.pair()
    assert same_colors(first, second, 1.7, lengths=False)
    assert same_colors(first, second, 1.7)
    assert not same_colors(first, second, 2.3 / 1.55 * pair.bond)
    assert not congruent(first, second)


@pytest.mark.parametrize("pair", [CageIsomers(), *SAMPLED], ids=str)
def test_bonds_and_rings(pair: CageIsomers) -> None:
    """Three C-C bonds each; a closed walk of four bonds that is no way back is a ring of four."""
    rings = []
    for member in pair.pair():
        distances = member.get_all_distances()
        np.fill_diagonal(distances, np.inf)
        carbons = distances[:20, :20]
        bonded = carbons < 1.7
        assert bonded.sum(axis=1).tolist() == [3] * 20
        np.testing.assert_allclose(carbons[bonded], pair.bond, rtol=1e-12)
        np.testing.assert_allclose(distances[:20, 20:].min(axis=1), 1.09, rtol=1e-12)
        assert distances[20:, 20:].min() > 1.5
        walks = np.trace(np.linalg.matrix_power(bonded.astype(int), 4))
        there_and_back = 20 * (3 * 3 + 3 * 2)
        rings.append((walks - there_and_back) / 8)
    assert rings == [10.0, 0.0]


def test_second_neighbors() -> None:
    for member, expected in zip(CageIsomers(hydrogens=False).pair(), (2.192, 2.508), strict=True):
        distances = member.get_all_distances()
        assert distances[distances > 1.6].min() == pytest.approx(expected, abs=1e-3)


def test_bad_bond_is_refused() -> None:
    with pytest.raises(ValueError, match="bond = -1"):
        CageIsomers(bond=-1.0)
