"""Two sheets of methane structures that meet at v = 0."""

from __future__ import annotations

import numpy as np
import pytest

from rhobar.counterexamples import Family, MethaneManifold, ThreeBodyPair, catalogue
from tests.counterexamples.test_three_body_pair import tuples


def test_the_default_sheet_is_the_three_body_pair() -> None:
    manifold, pair = MethaneManifold(u=0.6, v=0.5), ThreeBodyPair()
    for sign in (-1, 1):
        np.testing.assert_array_equal(
            manifold.structure(sign).positions, pair.structure(sign).positions
        )


@pytest.mark.parametrize("plausible", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_sheets_are_degenerate_and_not_congruent(seed: int, plausible: bool) -> None:
    drawn = MethaneManifold.sample(np.random.default_rng(seed))
    first, second = MethaneManifold(u=drawn.u, v=drawn.v, plausible=plausible).pair()
    np.testing.assert_allclose(tuples(first, 2), tuples(second, 2), atol=1e-8)
    assert np.abs(tuples(first, 4) - tuples(second, 4)).max() > 0.05


def test_sheets_meet_at_zero() -> None:
    first, second = MethaneManifold(v=0.0).pair()
    np.testing.assert_array_equal(first.positions, second.positions)


def test_plausible_bonds() -> None:
    for v in (0.0, 0.3, 0.6):
        atoms = MethaneManifold(v=v, plausible=True).structure(-1)
        np.testing.assert_allclose(atoms.get_distances(0, [1, 2, 3, 4]), [1.05, 1.1, 1.1, 1.15])
        assert min(atoms.get_distance(*pair) for pair in ((1, 2), (1, 4), (2, 4), (3, 4))) > 0.9


@pytest.mark.parametrize(("u", "v"), [(0.0, 0.1), (0.6, -0.1)])
def test_bad_parameters_are_refused(u: float, v: float) -> None:
    with pytest.raises(ValueError, match=f"u = {u}, v = {v}"):
        MethaneManifold(u=u, v=v)


def test_the_catalogue_holds_each_family_once() -> None:
    families = catalogue()
    assert {type(family) for family in families} == set(Family.__subclasses__())
    assert len({family.name for family in families}) == len(families)
    for family in families:
        first, second = family.pair()
        assert sorted(first.numbers) == sorted(second.numbers)
        assert bool(first.info["resolved_by"]) == (family.name != "congruent_control")
