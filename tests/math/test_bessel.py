"""Spherical Bessel functions against arbitrary precision and closed forms."""

import math

import mpmath
import numpy as np
import pytest
import torch
from scipy.special import spherical_jn

from rhobar.math import scaled_modified_bessel, spherical_bessel_zeros


def exact_scaled(l_max: int, z: float) -> torch.Tensor:
    if z == 0.0:
        return torch.eye(l_max + 1, dtype=torch.float64)[0]
    with mpmath.workdps(30):
        scale = mpmath.sqrt(mpmath.pi / (2 * mpmath.mpf(z))) * mpmath.exp(-mpmath.mpf(z))
        values = [
            float(scale * mpmath.besseli(o3_lambda + mpmath.mpf("0.5"), mpmath.mpf(z)))
            for o3_lambda in range(l_max + 1)
        ]
    return torch.tensor(values, dtype=torch.float64)


def test_zeros_of_order_zero_are_multiples_of_pi():
    assert spherical_bessel_zeros(0, 3).tolist() == [[math.pi, 2 * math.pi, 3 * math.pi]]


def test_zeros_of_order_one_solve_tan_x_is_x():
    zeros = spherical_bessel_zeros(1, 4)[1]
    np.testing.assert_allclose(np.tan(zeros), zeros, rtol=1e-12)


def test_zeros_are_zeros_and_none_is_left_out():
    zeros = spherical_bessel_zeros(20, 15)
    orders = np.arange(21)[:, None]
    slopes = spherical_jn(orders, zeros, derivative=True)
    assert np.max(np.abs(spherical_jn(orders, zeros) / slopes / zeros)) < 1e-15
    # every zero of one order lies between two of the order before
    assert np.all(zeros[1:] > zeros[:-1])
    assert np.all(zeros[1:, :-1] < zeros[:-1, 1:])


def test_zeros_do_not_change_in_the_hands_of_a_caller():
    spherical_bessel_zeros(2, 2)[:] = 0.0
    assert spherical_bessel_zeros(2, 2).min() > 3.0


@pytest.mark.parametrize("l_max", [0, 3, 8, 20])
def test_scaled_modified_values(l_max):
    for z in [0.0, 1e-12, 1.1e-8, 0.3, 10.0, 49.9, 50.1, 399.0, 401.0, 16000.0]:
        found = scaled_modified_bessel(torch.tensor([z], dtype=torch.float64), l_max)[0]
        torch.testing.assert_close(found, exact_scaled(l_max, z), rtol=1e-14, atol=1e-300)


def test_scaled_modified_derivatives():
    """Against closed forms of l = 0: exp(-z) sinh(z) / z and what follows from it."""
    z = torch.tensor([1e-3, 0.4, 3.0, 48.0, 60.0], dtype=torch.float64, requires_grad=True)
    found = scaled_modified_bessel(z, 2)[:, 0]
    expected = -torch.expm1(-2 * z) / (2 * z)
    torch.testing.assert_close(found, expected, rtol=1e-15, atol=0.0)
    for tolerance in [1e-12, 1e-9, 1e-5]:  # the closed form cancels at small z
        (found,) = torch.autograd.grad(found.sum(), z, create_graph=True)
        (expected,) = torch.autograd.grad(expected.sum(), z, create_graph=True)
        torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


def test_scaled_modified_gradcheck():
    z = torch.tensor([0.0, 0.2, 7.0, 49.0, 51.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: scaled_modified_bessel(x, 4), z)
    assert torch.autograd.gradgradcheck(lambda x: scaled_modified_bessel(x, 4), z)
