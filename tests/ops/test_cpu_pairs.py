"""Pairs of small structures against all distances."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise, product

import ase
import numpy as np
import pytest

from rhobar.ops import cpu
from tests.structures import fcc_one_atom, rock_salt, slab


def all_pairs(positions: np.ndarray, system_ptr: np.ndarray, cutoff: float) -> list[tuple]:
    return [
        (i, j)
        for start, stop in pairwise(system_ptr)
        for i in range(start, stop)
        for j in range(start, stop)
        if i != j and np.linalg.norm(positions[j] - positions[i]) < cutoff
    ]


def test_pairs_are_those_within_the_cutoff() -> None:
    positions = np.random.default_rng(0).uniform(-2, 2, (37, 3))
    system_ptr = np.array([0, 11, 11, 12, 37])
    found = cpu.pairs_within(positions, system_ptr, 1.7)
    expected = all_pairs(positions, system_ptr, 1.7)
    assert 50 < len(expected) < 37 * 36
    assert list(zip(found.center.tolist(), found.neighbor.tolist(), strict=True)) == expected
    np.testing.assert_array_equal(
        found.vectors, positions[found.neighbor] - positions[found.center]
    )
    assert math.isclose(found.shortest, np.linalg.norm(found.vectors, axis=1).min(), rel_tol=1e-15)


def test_the_cutoff_itself_is_outside() -> None:
    positions = np.array([[0.0, 0, 0], [3.0, 4.0, 0.0]])
    assert len(cpu.pairs_within(positions, np.array([0, 2]), 5.0).center) == 0
    assert len(cpu.pairs_within(positions, np.array([0, 2]), np.nextafter(5.0, 6.0)).center) == 2


def test_without_pairs() -> None:
    found = cpu.pairs_within(np.zeros((0, 3)), np.array([0, 0]), 3.0)
    assert found.vectors.shape == (0, 3)
    assert found.shortest == math.inf


def all_images(atoms: ase.Atoms, cutoff: float, most: int = 15) -> list[tuple]:
    """(center, neighbor, shift) for all images up to ``most`` cells away."""
    steps = [range(-most, most + 1) if periodic else [0] for periodic in atoms.pbc]
    shifts = np.array(list(product(*steps)))
    found = []
    for i, j in product(range(len(atoms)), repeat=2):
        vectors = atoms.positions[j] - atoms.positions[i] + shifts @ atoms.cell.array
        near = shifts[np.linalg.norm(vectors, axis=1) < cutoff].tolist()
        found += [(i, j, *shift) for shift in near if i != j or any(shift)]
    return found


def skewed() -> ase.Atoms:
    """Two atoms, unwrapped, in a cell whose shortest vectors are not its edges."""
    cell = [[3.0, 0.0, 0.0], [2.6, 2.9, 0.0], [-2.0, 2.5, 3.1]]
    positions = [[0.1, 0.2, 0.3], [11.5, -7.2, 9.1]]
    return ase.Atoms("NaCl", positions=positions, cell=cell, pbc=True)


def chain() -> ase.Atoms:
    """Periodic along one direction, with a cell vector that does not count."""
    cell = [[0.0, 0.0, 0.0], [0.3, 2.5, 0.2], [0.0, 0.0, 9.0]]
    return ase.Atoms("CH", [[0, 0, 0], [0.9, 0.2, 0.1]], cell=cell, pbc=[False, True, False])


@pytest.mark.parametrize("build", [fcc_one_atom, rock_salt, slab, skewed, chain])
def test_images_are_found(build: Callable[[], ase.Atoms]) -> None:
    atoms = build()
    cutoff = 5.3
    found = cpu.pairs_within(
        atoms.positions,
        np.array([0, len(atoms)]),
        cutoff,
        cells=atoms.cell.array[None],
        pbc=atoms.pbc[None],
    )
    names = np.column_stack([found.center, found.neighbor, found.shifts])
    assert [tuple(name) for name in names.tolist()] == sorted(all_images(atoms, cutoff))
    expected = atoms.positions[found.neighbor] - atoms.positions[found.center]
    expected = expected + found.shifts @ np.where(atoms.pbc[:, None], atoms.cell.array, 0.0)
    np.testing.assert_allclose(found.vectors, expected, rtol=0, atol=1e-14)
    shortest = np.linalg.norm(found.vectors, axis=1).min()
    assert math.isclose(found.shortest, shortest, rel_tol=1e-15)


def test_dense_crystals_need_more_room_than_guessed() -> None:
    """A cluster of atoms in a large cell has more pairs than its mean density says."""
    positions = np.random.default_rng(2).uniform(0, 2, (30, 3))
    arguments = positions, np.array([0, 30]), 4.0
    periodic = cpu.pairs_within(
        *arguments, cells=100 * np.eye(3)[None], pbc=np.ones((1, 3), dtype=bool)
    )
    isolated = cpu.pairs_within(*arguments)
    assert len(periodic.center) == 30 * 29
    for one, other in zip(periodic, isolated, strict=True):
        np.testing.assert_array_equal(one, other)
