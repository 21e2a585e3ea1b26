"""Real spherical harmonics: convention, orthonormality, oracle, gradients."""

import math

import numpy as np
import pytest
import torch
from scipy.special import sph_harm_y

from rhobar.math import SphericalHarmonics, spherical_harmonics


@pytest.fixture
def vectors() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(3).normal(size=(50, 3)))


def test_first_orders(vectors):
    """All prefactors positive, order y, z, x."""
    found = spherical_harmonics(vectors, 1)
    unit = vectors / vectors.norm(dim=1, keepdim=True)
    expected = math.sqrt(3 / (4 * math.pi)) * unit[:, [1, 2, 0]]
    torch.testing.assert_close(found[:, 1:], expected, rtol=0.0, atol=1e-15)
    torch.testing.assert_close(
        found[:, 0], torch.full_like(found[:, 0], math.sqrt(1 / (4 * math.pi)))
    )


def test_complex_harmonics(vectors):
    """Y^c_lm = (-1)^m (Y_lm + i Y_l-m) / sqrt2 with scipy's of Condon and Shortley."""
    found = spherical_harmonics(vectors, 12).numpy()
    unit = (vectors / vectors.norm(dim=1, keepdim=True)).numpy()
    theta, phi = np.arccos(unit[:, 2]), np.arctan2(unit[:, 1], unit[:, 0])
    for o3_lambda in range(13):
        middle = o3_lambda * (o3_lambda + 1)
        for m in range(o3_lambda + 1):
            expected = sph_harm_y(o3_lambda, m, theta, phi)
            pair = (-1) ** m * (found[:, middle + m] + 1j * found[:, middle - m]) / math.sqrt(2)
            values = pair if m > 0 else found[:, middle]
            np.testing.assert_allclose(values, expected, rtol=0.0, atol=1e-13)


def test_orthonormal():
    heights, weights = np.polynomial.legendre.leggauss(9)
    angles = 2 * np.pi * np.arange(17) / 17
    z, phi = (grid.ravel() for grid in np.meshgrid(heights, angles, indexing="ij"))
    radius = np.sqrt(1 - z**2)
    points = torch.from_numpy(np.stack([radius * np.cos(phi), radius * np.sin(phi), z], axis=1))
    solid_angles = torch.from_numpy(np.repeat(weights * 2 * np.pi / 17, 17))
    values = spherical_harmonics(points, 8)
    overlaps = (solid_angles[:, None] * values).T @ values
    torch.testing.assert_close(overlaps, torch.eye(81, dtype=torch.float64), rtol=0.0, atol=1e-13)


def test_inversion_and_length(vectors):
    values = spherical_harmonics(vectors, 5)
    signs = torch.tensor([(-1.0) ** l for l in range(6) for _ in range(2 * l + 1)])
    torch.testing.assert_close(spherical_harmonics(-vectors, 5), signs * values)
    torch.testing.assert_close(spherical_harmonics(7.5 * vectors, 5), values)


def test_zero_vector_is_direction_z():
    vectors = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, 2.0]], requires_grad=True)
    values = spherical_harmonics(vectors, 4)
    assert torch.equal(values[0], values[1])
    (gradient,) = torch.autograd.grad((values**3).sum(), vectors, create_graph=True)
    (second,) = torch.autograd.grad(gradient.sum(), vectors)
    assert gradient[0].tolist() == [0.0, 0.0, 0.0]
    assert torch.isfinite(second).all()


def test_gradients(vectors):
    vectors = vectors[:3].clone().requires_grad_(True)
    assert torch.autograd.gradcheck(SphericalHarmonics(4), vectors)
    assert torch.autograd.gradgradcheck(SphericalHarmonics(4), vectors)


def test_scripted(vectors):
    module = SphericalHarmonics(6)
    assert torch.equal(torch.jit.script(module)(vectors), module(vectors))


def test_single_precision(vectors):
    found = spherical_harmonics(vectors.float(), 6)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), spherical_harmonics(vectors, 6), rtol=0.0, atol=2e-6)


def test_no_vectors():
    assert spherical_harmonics(torch.zeros(0, 3), 3).shape == (0, 16)


@pytest.mark.parametrize("l_max", [-1, 2.0])
def test_order_is_refused(l_max):
    with pytest.raises(ValueError, match="l_max has to be a whole number, at least 0"):
        SphericalHarmonics(l_max)
