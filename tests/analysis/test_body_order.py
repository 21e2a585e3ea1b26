"""Linear models hold what their correlation order allows, and no more."""

from __future__ import annotations

import itertools

import ase
import numpy as np
import pytest
import torch

from rhobar.analysis import (
    BodyOrderError,
    body_order_errors,
    many_body_energies,
    random_environments,
)


@pytest.fixture(scope="module")
def errors() -> dict[tuple[int, str, int], float]:
    """By target, model and size, with the training set of the published criterion."""
    found = body_order_errors([4, 5, 8], largest_bispectrum=5, n_train=4000, n_test=500, seed=0)
    return {(error.target, error.model, error.size): error.relative_rmse for error in found}


def test_every_combination_once(errors: dict[tuple[int, str, int], float]) -> None:
    low = set(itertools.product([2, 3, 4], ["nu1", "nu2"], [4, 5, 8]))
    assert set(errors) == low | set(itertools.product([2, 3, 4], ["nu3"], [4, 5]))


def test_three_bodies_are_learned_by_two_neighbors(
    errors: dict[tuple[int, str, int], float],
) -> None:
    assert errors[3, "nu2", 8] < 2e-3
    assert errors[3, "nu2", 8] < 0.5 * errors[3, "nu2", 4]


def test_four_bodies_are_not(errors: dict[tuple[int, str, int], float]) -> None:
    assert errors[4, "nu2", 8] > 10 * errors[3, "nu2", 8]
    assert errors[4, "nu2", 8] > 0.5 * errors[4, "nu2", 4]


def test_four_bodies_are_learned_by_three_neighbors(
    errors: dict[tuple[int, str, int], float],
) -> None:
    assert errors[4, "nu3", 5] < 1e-2
    assert errors[4, "nu2", 8] > 10 * errors[4, "nu3", 5]
    assert errors[4, "nu3", 5] < 0.8 * errors[4, "nu3", 4]


def test_two_bodies_are_learned_by_one_neighbor_and_three_are_not(
    errors: dict[tuple[int, str, int], float],
) -> None:
    assert errors[2, "nu1", 8] < 2e-3
    assert errors[2, "nu1", 8] < 0.5 * errors[2, "nu1", 4]
    assert errors[3, "nu1", 8] > 100 * errors[2, "nu1", 8]
    assert errors[2, "nu2", 8] < errors[2, "nu1", 8]


def test_the_seed_decides() -> None:
    def run(seed: int) -> list[BodyOrderError]:
        return body_order_errors([2], largest_bispectrum=2, n_train=40, n_test=20, seed=seed)

    assert run(1) == run(1) != run(2)


def test_environments() -> None:
    environments = random_environments(200, seed=3)
    for atoms in environments:
        assert atoms.numbers.tolist() == [6, 1, 1, 1, 1, 1]
        assert atoms.positions[0].tolist() == [0.0, 0.0, 0.0]
    distances = np.linalg.norm([atoms.positions[1:] for atoms in environments], axis=-1)
    assert 0.8 <= distances.min() < 0.85
    assert 3.95 < distances.max() <= 4.0
    directions = np.concatenate([atoms.positions[1:] for atoms in environments])
    directions /= distances.reshape(-1, 1)
    assert np.abs(directions.mean(axis=0)).max() < 0.06  # three standard errors


def test_targets_by_loops_over_atoms() -> None:
    atoms = random_environments(2, seed=5)[1]
    vectors = atoms.positions[1:]
    r = np.linalg.norm(vectors, axis=1)
    smooth = np.where(r > 3.5, 0.5 * (1 + np.cos(np.pi * (r - 3.5) / 0.5)), 1.0)
    g, u = np.exp(-r) * smooth, vectors / r[:, None]
    expected = dict.fromkeys([2, 3, 4], 0.0)
    for j in range(5):
        expected[2] += g[j] * np.sin(2 * r[j])
        for k in range(5):
            expected[3] += g[j] * g[k] * (u[j] @ u[k] - 0.3) ** 2
            for l in range(5):
                expected[4] += g[j] * g[k] * g[l] * np.dot(u[j], np.cross(u[k], u[l])) ** 2
    found = many_body_energies([atoms])
    assert {bodies: float(values) for bodies, values in found.items()} == pytest.approx(
        expected, rel=1e-12
    )


def test_targets_do_not_turn_and_vanish_smoothly() -> None:
    (atoms,) = random_environments(1, seed=6)
    turned = atoms.copy()
    turned.rotate(40.0, "x")
    turned.rotate(70.0, "y")
    far = ase.Atoms("CH5", atoms.positions / np.linalg.norm(atoms.positions[1:], axis=1).min() * 4)
    both = many_body_energies([atoms, turned, far])
    for values in both.values():
        torch.testing.assert_close(values[0], values[1], rtol=1e-12, atol=0.0)
        assert float(values[2]) == 0.0
