"""Statements about pairs are confirmed where they hold, and refuted where they do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import ase
import numpy as np
import pytest

from rhobar.analysis import verify_pair
from rhobar.counterexamples import (
    CongruentControl,
    DistanceTetrahedra,
    Family,
    RingPair,
    ThreeBodyPair,
    ThreePlanes,
    catalogue,
    presets,
)


@pytest.mark.parametrize("family", catalogue(), ids=lambda family: family.name)
def test_the_catalogue_is_what_it_says(family: Family) -> None:
    checks = verify_pair(family)
    assert [check for check in checks if not check.passed] == []
    assert sum(check.equal for check in checks) > 0


@pytest.mark.parametrize("name", presets())
def test_presets_are_what_they_say(name: str) -> None:
    checks = verify_pair(presets()[name])
    assert [check for check in checks if not check.passed] == []
    assert sum(check.name == "distances, six cutoffs" for check in checks) == 6


def failed(family: Family) -> set[str]:
    return {check.name for check in verify_pair(family) if not check.passed}


@dataclass(frozen=True)
class Exaggerated(ThreeBodyPair):
    """Says more than is true."""

    nu_equal: ClassVar[int] = 3


@dataclass(frozen=True)
class Understated(RingPair):
    """Says less than is true."""

    nu_equal: ClassVar[int] = 2


def test_equality_of_a_higher_order_is_refuted() -> None:
    assert failed(Exaggerated()) == {"nu=3 of the center"}


def test_a_difference_that_is_none_is_refuted() -> None:
    assert failed(Understated()) == {"nu=3 of the center"}


@dataclass(frozen=True)
class Sheared(ThreePlanes):
    """In a cell that is not orthorhombic."""

    def structure(self, sign: int) -> ase.Atoms:
        atoms = super().structure(sign)
        cell = atoms.cell.array.copy()
        cell[1, 0] += 0.4
        atoms.set_cell(cell)
        return atoms


@dataclass(frozen=True)
class Distorted(ThreePlanes):
    """With one atom out of place in one member."""

    def structure(self, sign: int) -> ase.Atoms:
        atoms = super().structure(sign)
        atoms.positions[0] += [0.003 * (sign == 1), 0.002 * (sign == 1), 0.005 * (sign == 1)]
        return atoms


def test_a_pair_that_distances_separate_is_refuted() -> None:
    bulk = presets()["c6_bulk"]
    assert isinstance(bulk, ThreePlanes)
    sheared = Sheared(bulk.first, bulk.second, bulk.third, bulk.periods)
    assert failed(sheared) == {"distances, six cutoffs"}
    assert failed(Distorted()) == {"distances, six cutoffs", "distances, complete graph"}


@dataclass(frozen=True)
class Moved(CongruentControl):
    """A control whose second member is another structure."""

    def structure(self, sign: int) -> ase.Atoms:
        return CongruentControl(seed=self.seed + (sign == 1)).structure(sign)


def test_a_control_that_differs_is_refuted() -> None:
    assert failed(Moved()) == {check.name for check in verify_pair(CongruentControl())}


@dataclass(frozen=True)
class Stretched(DistanceTetrahedra):
    """One member larger than the other."""

    def structure(self, sign: int) -> ase.Atoms:
        atoms = super().structure(sign)
        atoms.positions *= 1.0 + 1e-7 * (sign == 1)
        return atoms


def test_other_distances_are_refuted() -> None:
    assert failed(Stretched()) == {"all distances (Å)"}


@dataclass(frozen=True)
class Congruent(RingPair):
    """Both members the same."""

    def structure(self, sign: int) -> ase.Atoms:
        return super().structure(1 if sign else sign)


def test_congruent_members_are_refuted() -> None:
    assert failed(Congruent()) == {
        "congruence",
        "nu=4 of the center",
        "distances, complete graph",
    }


def test_an_unknown_statement_is_refused() -> None:
    class Strange(ThreeBodyPair):
        equal_for: ClassVar[str] = "color"

    with pytest.raises(ValueError, match="states equality for 'color'"):
        verify_pair(Strange())


@pytest.mark.slow
def test_twenty_draws_of_each_family() -> None:
    rng = np.random.default_rng(11)
    for known in catalogue():
        for _ in range(20):
            drawn = type(known).sample(rng)
            assert [check for check in verify_pair(drawn) if not check.passed] == [], drawn
