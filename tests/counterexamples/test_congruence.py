"""Congruence of finite structures."""

from __future__ import annotations

import ase
import numpy as np
import pytest
from ase.build import molecule
from scipy.stats import ortho_group

from rhobar.counterexamples import congruent


def moved(atoms: ase.Atoms, seed: int, *, determinant: float = 1.0) -> ase.Atoms:
    """A copy turned at random (mirrored where ``determinant`` is -1), shifted and renumbered."""
    rng = np.random.default_rng(seed)
    matrix = ortho_group.rvs(3, random_state=rng)
    matrix[0] *= np.sign(np.linalg.det(matrix)) * determinant
    order = rng.permutation(len(atoms))
    positions = atoms.positions @ matrix.T + rng.normal(size=3)
    return ase.Atoms(atoms.numbers[order], positions[order])


def cloud(seed: int, count: int = 7) -> ase.Atoms:
    rng = np.random.default_rng(seed)
    return ase.Atoms(rng.choice([1, 6], count), rng.normal(size=(count, 3)))


@pytest.mark.parametrize("seed", range(20))
def test_moved_copies(seed: int) -> None:
    atoms = cloud(seed)
    assert congruent(atoms, moved(atoms, seed), improper=False)
    mirrored = moved(atoms, seed, determinant=-1.0)
    assert congruent(atoms, mirrored)
    assert not congruent(atoms, mirrored, improper=False)


@pytest.mark.parametrize("seed", range(20))
def test_one_moved_atom_is_seen(seed: int) -> None:
    atoms = cloud(seed)
    changed = moved(atoms, seed)
    changed.positions[seed % len(atoms)] += 1e-4
    assert not congruent(atoms, changed)
    exchanged = moved(atoms, seed)
    exchanged.numbers = np.where(exchanged.numbers == 1, 6, 1)
    assert not congruent(atoms, exchanged)


@pytest.mark.parametrize("name", ["H", "N2", "CO2", "H2O", "C6H6", "CH4"])
@pytest.mark.parametrize("determinant", [-1.0, 1.0])
def test_symmetric_and_flat_molecules(name: str, determinant: float) -> None:
    """None is chiral, so that mirror images are proper copies."""
    atoms = molecule(name)
    copy = moved(atoms, 0, determinant=determinant)
    assert congruent(atoms, copy, improper=False)
    if len(atoms) > 1:
        copy.positions[0] *= 1.01
        assert not congruent(atoms, copy)


def test_atoms_of_other_types_do_not_meet() -> None:
    square = [[1.0, 0, 0], [0, 1.0, 0], [-1.0, 0, 0], [0, -1.0, 0]]
    assert not congruent(ase.Atoms("H2O2", square), ase.Atoms("HOHO", square))


def test_a_center_stays() -> None:
    """The atoms of a line, seen from an end and from the middle."""
    first = ase.Atoms("H3", [[0.0, 0, 0], [1.0, 0, 0], [2.0, 0, 0]])
    second = ase.Atoms("H3", [[1.0, 0, 0], [0.0, 0, 0], [2.0, 0, 0]])
    assert congruent(first, second)
    assert not congruent(first, second, center=0)
    assert congruent(first, second, center=2)


def test_periodic_structures_are_refused() -> None:
    atoms = cloud(0)
    periodic = ase.Atoms(atoms, cell=[9.0, 9.0, 9.0], pbc=[False, True, False])
    with pytest.raises(ValueError, match="only finite ones can be compared"):
        congruent(atoms, periodic)
