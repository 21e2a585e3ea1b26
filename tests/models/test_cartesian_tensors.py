"""Vectors and matrices by their irreducible parts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rhobar.math import spherical_harmonics, wigner_d
from rhobar.models.cartesian_tensors import cartesian_tensors, spherical_parts
from tests.laws.geometry import random_rotation


@pytest.fixture
def matrices() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(4, 3, 3))


@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 3)])
def test_the_parts_make_the_tensor_again(shape: tuple[int, ...]) -> None:
    tensors = np.random.default_rng(1).normal(size=shape)
    parts = spherical_parts(tensors)
    assert cartesian_tensors(parts) == pytest.approx(tensors, abs=1e-14)
    squares = sum((values**2).sum() for values in parts.values())
    assert squares == pytest.approx((tensors**2).sum(), rel=1e-13)


def test_a_vector_has_the_order_of_spherical_harmonics() -> None:
    vectors = np.random.default_rng(2).normal(size=(5, 3))
    directions = torch.from_numpy(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    harmonics = spherical_harmonics(directions, l_max=1)[:, 1:].numpy()
    found = spherical_parts(directions.numpy())[1, 1]
    assert found == pytest.approx(harmonics * np.sqrt(4 * np.pi / 3), abs=1e-14)


def test_parts_of_a_matrix(matrices: np.ndarray) -> None:
    parts = spherical_parts(matrices)
    trace = np.trace(matrices, axis1=1, axis2=2)
    assert parts[0, 1][:, 0] ** 2 == pytest.approx(trace**2 / 3, rel=1e-12)
    symmetric = spherical_parts(matrices + matrices.transpose(0, 2, 1))
    assert abs(symmetric[1, -1]).max() < 1e-14
    antisymmetric = spherical_parts(matrices - matrices.transpose(0, 2, 1))
    assert max(abs(antisymmetric[0, 1]).max(), abs(antisymmetric[2, 1]).max()) < 1e-14


def test_parts_turn_by_their_own_matrices(matrices: np.ndarray) -> None:
    rotation = random_rotation(seed=3)
    before = spherical_parts(matrices)
    after = spherical_parts(rotation @ matrices @ rotation.T)
    for (o3_lambda, o3_sigma), values in before.items():
        turned = values @ wigner_d(o3_lambda, torch.from_numpy(rotation)).numpy().T
        assert after[o3_lambda, o3_sigma] == pytest.approx(turned, abs=1e-13)


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(4, 2\)"):
        spherical_parts(np.zeros((4, 2)))
    with pytest.raises(ValueError, match="make no tensor"):
        cartesian_tensors({(3, 1): np.zeros((1, 7))})
