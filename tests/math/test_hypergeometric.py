"""Kummer's function against arbitrary precision, and its derivatives."""

import mpmath
import pytest
import torch

from rhobar.math import hyp1f1_decaying

ARGUMENTS = [0.0, 1e-9, 0.5, 7.0, 49.9, 50.0, 50.1, 300.0, 2e4]


def parameters(l_max: int, n_radial: int) -> tuple[torch.Tensor, torch.Tensor]:
    """a and b ``(l, n)`` of the integrals of Gaussian-type orbitals."""
    o3_lambda = torch.arange(l_max + 1, dtype=torch.float64)[:, None]
    order = torch.arange(n_radial, dtype=torch.float64)
    return (o3_lambda - order) / 2, (o3_lambda + 1.5).expand(-1, n_radial)


def exact(a: torch.Tensor, b: torch.Tensor, x: float) -> torch.Tensor:
    with mpmath.workdps(30):
        values = [
            float(mpmath.hyp1f1(mpmath.mpf(p), mpmath.mpf(q), -mpmath.mpf(x)))
            for p, q in zip(a.flatten().tolist(), b.flatten().tolist(), strict=True)
        ]
    return torch.tensor(values, dtype=torch.float64).reshape(a.shape)


@pytest.mark.parametrize("x", ARGUMENTS)
def test_values(x):
    a, b = parameters(20, 13)
    found = hyp1f1_decaying(a, b, torch.full_like(a, x))
    torch.testing.assert_close(found, exact(a, b, x), rtol=1e-14, atol=0.0)


@pytest.mark.parametrize("x", ARGUMENTS)
def test_values_with_gradient_and_first_three_derivatives(x):
    a, b = parameters(8, 9)
    point = torch.full_like(a, x, requires_grad=True)
    found = hyp1f1_decaying(a, b, point)
    factor = torch.ones_like(a)
    for order in range(4):
        expected = factor * exact(a + order, b + order, x)
        torch.testing.assert_close(found.detach(), expected, rtol=2e-14, atol=1e-300)
        if order < 3:
            (found,) = torch.autograd.grad(found.sum(), point, create_graph=True)
            factor = -factor * (a + order) / (b + order)


def test_polynomials():
    """With a = -1 and -2 the series ends: 1 + x / b and so on."""
    x = torch.tensor([0.0, 0.3, 20.0, 51.0], dtype=torch.float64)
    b = torch.tensor(2.5, dtype=torch.float64)
    one = hyp1f1_decaying(torch.tensor(-1.0, dtype=torch.float64), b, x)
    torch.testing.assert_close(one, 1 + x / 2.5, rtol=1e-14, atol=0.0)
    two = hyp1f1_decaying(torch.tensor(-2.0, dtype=torch.float64), b, x)
    torch.testing.assert_close(two, 1 + 2 * x / 2.5 + x**2 / (2.5 * 3.5), rtol=1e-14, atol=0.0)
