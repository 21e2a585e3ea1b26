"""Vectorised spherical harmonics against sphericart, by a compiled loop around them."""

from __future__ import annotations

import numpy as np
import pytest
import sphericart.torch
import torch

from rhobar.ops.cpu.compilation import compiled
from rhobar.ops.cpu.harmonics import harmonics, harmonics_with_gradients


@compiled
def one_block(geometry, values, gradients, orders):
    harmonics_with_gradients(geometry, 0, 8, values, gradients, 0, orders)


@compiled
def one_block_of_values(geometry, values, orders):
    harmonics(geometry, 0, 8, values, 0, orders)


@pytest.mark.parametrize("l_max", [0, 3, 12])
def test_values_and_gradients_are_those_of_sphericart(l_max: int) -> None:
    vectors = np.random.default_rng(l_max).standard_normal((8, 3))
    vectors[0] = [0.0, 0.0, -1.3]
    lengths = np.linalg.norm(vectors, axis=1)
    geometry = np.concatenate([(vectors / lengths[:, None]).T, [1 / lengths, lengths]])
    n_lm = (l_max + 1) ** 2
    values, again = np.full(n_lm * 8, np.nan), np.full(n_lm * 8, np.nan)
    gradients = np.full(3 * n_lm * 8, np.nan)
    orders = (0,) * (l_max + 1)
    one_block(geometry.reshape(-1), values, gradients, orders)
    one_block_of_values(geometry.reshape(-1), again, orders)
    oracle = sphericart.torch.SphericalHarmonics(l_max)
    expected, slopes = oracle.compute_with_gradients(torch.from_numpy(vectors))
    np.testing.assert_allclose(values.reshape(n_lm, 8).T, expected, rtol=0, atol=2e-14)
    np.testing.assert_array_equal(values, again)
    found = gradients.reshape(3, n_lm, 8).transpose(2, 0, 1)
    scale = np.abs(slopes.numpy()).max()
    np.testing.assert_allclose(found, slopes, rtol=0, atol=1e-14 * max(scale, 1.0))
