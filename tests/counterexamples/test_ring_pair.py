"""Rings and caps: no three neighbors tell the members apart."""

from __future__ import annotations

import itertools
from pathlib import Path

import ase
import ase.io
import numpy as np
import pytest

from rhobar.counterexamples import RingPair, congruent, sample_boron8
from rhobar.descriptors import DensityCorrelations, Gaussian, Gto
from tests.counterexamples.test_three_body_pair import relative_difference

SAMPLED = [RingPair.sample(np.random.default_rng(seed)) for seed in range(20)]
LARGER = [
    RingPair(1.2, 0.9, angles, 33.0, caps, ("C", "H", "O"))
    for angles in [(0.0, 80.0, 200.0), (0.0, 70.0, 170.0, 230.0), (0.0, 50, 135, 190, 290)]
    for caps in [(1.6,), (1.6, 2.3), (1.6, -2.3)]
]


def tuples(atoms: ase.Atoms, size: int) -> np.ndarray:
    """
    All unordered neighbor tuples of atom 0, a row each: types, scalar and triple products.

    The products are those of the order of atoms that makes the row smallest.
    """
    vectors, types = atoms.positions[1:] - atoms.positions[0], atoms.numbers[1:]
    rows = []
    for chosen in itertools.combinations(range(len(vectors)), size):
        orders = []
        for order in itertools.permutations(chosen):
            ordered = vectors[list(order)]
            products = (ordered @ ordered.T)[np.triu_indices(size)]
            triples = [np.linalg.det(three) for three in itertools.combinations(ordered, 3)]
            orders.append((*types[list(order)], *np.round(products, 7), *np.round(triples, 7)))
        rows.append(min(orders))
    return np.array(sorted(rows))


@pytest.mark.parametrize("pair", SAMPLED + LARGER, ids=str)
def test_triples_of_neighbors_are_equal_and_quadruples_are_not(pair: RingPair) -> None:
    first, second = pair.pair()
    for size in (1, 2, 3):
        np.testing.assert_allclose(tuples(first, size), tuples(second, size), atol=1e-5)
    assert np.abs(tuples(first, 4) - tuples(second, 4)).max() > 1e-2


@pytest.mark.parametrize(
    ("nu", "l_max", "n_radial"), [(2, 4, 3), (3, 3, 2), (4, 3, 1)], ids=["nu=2", "nu=3", "nu=4"]
)
def test_correlations_of_the_center(nu: int, l_max: int, n_radial: int) -> None:
    """Both parities: equal to rounding up to ν = 3, not at ν = 4."""
    correlations = DensityCorrelations(
        4.0,
        nu=nu,
        l_max=l_max,
        radial=Gto(n_radial),
        density=Gaussian(0.3, center_weight=0.0),
        atomic_types=[5],
    )
    differences = [relative_difference(correlations, pair) for pair in SAMPLED]
    if nu < 4:
        assert max(differences) < 1e-14
    else:
        assert min(differences) > 1e-4


@pytest.mark.parametrize("pair", SAMPLED + LARGER, ids=str)
def test_members_are_not_congruent(pair: RingPair) -> None:
    assert not congruent(*pair.pair(), tolerance=1e-4)
    assert not congruent(*pair.pair(), center=0, tolerance=1e-4)


@pytest.mark.parametrize(
    "pair",
    [RingPair(angles=(0.0, 100.0, 200.0)), RingPair(psi=180.0 + 1e-9), RingPair(psi=1e-9)],
    ids=["mirror line", "psi = 180", "psi = 0"],
)
def test_limits_are_congruent(pair: RingPair) -> None:
    assert congruent(*pair.pair(), center=0)


def test_boron_clusters_obey_their_bounds() -> None:
    clusters = sample_boron8(np.random.default_rng(0), 50)
    assert clusters.shape == (50, 2, 8, 3)
    distances = np.linalg.norm(clusters[..., None, :, :] - clusters[..., :, None, :], axis=-1)
    assert distances[..., 0, 1:].min() > 1.5
    assert distances[..., 0, 1:].max() < 1.8
    assert distances[..., *np.triu_indices(8, 1)].min() > 1.2
    np.testing.assert_array_equal(clusters[:, 0, :7], clusters[:, 1, :7])
    np.testing.assert_array_equal(clusters[:, 0, 7], -clusters[:, 1, 7])
    for upper in clusters[:, 0, 1:4]:
        angles = np.sort(np.rad2deg(np.arctan2(upper[:, 1], upper[:, 0])) % 360.0)
        arcs = np.sort([*np.diff(angles), 360.0 - angles[2] + angles[0]])
        assert np.diff(arcs).min() > 5.0
        assert arcs[0] >= 30.0


@pytest.mark.mirror
def test_the_default_is_the_pair_of_the_file(mirror: Path) -> None:
    lines = (mirror / "degenerate" / "bispectrum_pair_CH6O.xyz").read_text().splitlines()
    rows = [line.split() for line in lines if len(line.split()) == 4]
    symbols = [row[0] for row in rows[:8]]
    positions = np.array([row[1:] for row in rows], dtype=float).reshape(2, 8, 3)
    published = [ase.Atoms(symbols, member) for member in positions]
    for sign, member in zip((1, -1), published, strict=True):
        assert congruent(RingPair().structure(sign), member, center=0, tolerance=1e-5)
    assert not congruent(*published)


@pytest.mark.parametrize(("angles", "psi"), [((0.0, 90.0), 20.0), ((0.0, 100.0, 210.0), 180.0)])
def test_congruent_members_are_refused(angles: tuple[float, ...], psi: float) -> None:
    with pytest.raises(ValueError, match="make the two members congruent"):
        RingPair(angles=angles, psi=psi)
