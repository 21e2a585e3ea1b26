"""Energies by composition."""

from __future__ import annotations

import ase
import numpy as np
import pytest
import torch
from ase.build import molecule

from rhobar.models import Composition, type_counts

NAMES = ["CH4", "H2O", "NH3", "CH3CH2OH", "CH3OH", "N2"]
ATOMS = {1: -13.6, 6: -1030.0, 7: -1480.0, 8: -2040.0}


@pytest.fixture
def frames() -> list[ase.Atoms]:
    return [molecule(name) for name in NAMES]


def additive(frames: list[ase.Atoms]) -> np.ndarray:
    return np.array([sum(ATOMS[int(number)] for number in frame.numbers) for frame in frames])


def test_additive_energies_are_found(frames: list[ase.Atoms]) -> None:
    composition = Composition.fit(frames, additive(frames))
    assert composition.atomic_types == (1, 6, 7, 8)
    assert composition.energies.tolist() == pytest.approx(list(ATOMS.values()), rel=1e-12)
    others = [molecule("C6H6"), molecule("CH3CONH2")]
    np.testing.assert_allclose(composition.predict(others), additive(others), rtol=1e-12)
    np.testing.assert_allclose(
        composition.atomic_energies(np.array([8, 1])), [ATOMS[8], ATOMS[1]], rtol=1e-12
    )


def test_there_is_no_intercept(frames: list[ase.Atoms]) -> None:
    composition = Composition.fit(frames, additive(frames) + 1.0)
    assert composition.predict([ase.Atoms()]).tolist() == [0.0]


def test_one_composition_is_fitted_exactly() -> None:
    methane = molecule("CH4")
    composition = Composition.fit([methane, methane], [-1.0, -3.0])
    assert composition.predict([methane]).tolist() == pytest.approx([-2.0], rel=1e-12)


def test_counts(frames: list[ase.Atoms]) -> None:
    assert type_counts(frames[:2], [6, 1, 8]).tolist() == [[1.0, 4.0, 0.0], [0.0, 2.0, 1.0]]
    assert type_counts([], [1]).shape == (0, 1)


def test_a_type_outside_the_fit_is_named(frames: list[ase.Atoms]) -> None:
    composition = Composition.fit(frames, additive(frames))
    with pytest.raises(ValueError, match=r"Frame 1, atom 0 has type 16"):
        composition.predict([frames[0], molecule("SH2")])


@pytest.mark.parametrize("energies", [[], [1.0], [1.0] * 7, [[1.0] * 6]])
def test_one_energy_for_each_structure(frames: list[ase.Atoms], energies: list[float]) -> None:
    with pytest.raises(ValueError, match="one energy in eV for each structure"):
        Composition.fit(frames, energies)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_energies_are_finite(frames: list[ase.Atoms], wrong: float) -> None:
    energies = additive(frames)
    energies[3] = wrong
    with pytest.raises(ValueError, match="energy of structure 3"):
        Composition.fit(frames, energies)


def test_no_structures() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Composition.fit([], [])


def test_counts_and_frames_give_one_fit(frames: list[ase.Atoms]) -> None:
    energies = additive(frames) + np.arange(6)
    one = Composition.fit(frames, energies)
    counts = type_counts(frames, one.atomic_types)
    other = Composition.from_counts(counts, torch.from_numpy(energies), one.atomic_types)
    assert torch.equal(one.energies, other.energies)
