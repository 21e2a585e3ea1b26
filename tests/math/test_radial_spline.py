"""Splines of radial integrals: accuracy, convergence, derivatives, precision."""

import io

import pytest
import torch

from rhobar.math import Dirac, Gaussian, Gto, Laplacian, RadialIntegral, RadialSpline


def small() -> RadialIntegral:
    return RadialIntegral(Gto(4), Gaussian(0.4), cutoff=4.0, l_max=3)


@pytest.mark.parametrize("accuracy", [1e-6, 1e-8, 1e-10])
@pytest.mark.parametrize("density", [Gaussian(0.4), Dirac()])
@pytest.mark.parametrize("radial", [Gto(6), Laplacian(6, energy_truncated=True)])
def test_accuracy(radial, density, accuracy):
    integral = RadialIntegral(radial, density, cutoff=4.0, l_max=3)
    spline = RadialSpline(integral, accuracy=accuracy)
    r = 4.0 * torch.rand(1000, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    error = (spline(r) - integral(r)).abs()
    assert error.mean() < accuracy
    assert error.max() < 20 * accuracy


def test_grid_is_no_finer_than_needed():
    integral = small()
    spline = RadialSpline(integral, accuracy=1e-8)
    coarse = RadialSpline(integral, accuracy=17e-8)
    assert coarse.table.shape[0] == (spline.table.shape[0] - 1) // 2 + 1
    assert (spline.table.shape[0] - 1) % 10 == 0


def test_knots_hold_values_and_derivatives():
    integral = small()
    spline = RadialSpline(integral, accuracy=1e-8)
    knots = spline.spacing * torch.arange(spline.table.shape[0], dtype=torch.float64)
    assert float(knots[-1]) == pytest.approx(4.0, rel=1e-15)
    values, derivatives = integral.with_derivative(knots)
    torch.testing.assert_close(spline.table[..., 0], values, rtol=0.0, atol=1e-14)
    torch.testing.assert_close(spline.table[..., 1], derivatives, rtol=0.0, atol=1e-13)
    assert spline.table.is_contiguous()
    assert spline.table.dtype == torch.float64
    torch.testing.assert_close(spline(knots), values, rtol=0.0, atol=1e-13)


def test_value_and_slope_are_continuous_at_knots():
    spline = RadialSpline(small(), accuracy=1e-4)
    knot = 3 * spline.spacing
    r = torch.tensor([knot - 1e-9, knot, knot + 1e-9], dtype=torch.float64, requires_grad=True)
    values = spline(r)
    (slopes,) = torch.autograd.grad(values[:, 1].sum(), r)
    assert (values[0] - values[2]).abs().max() < 1e-8
    assert (slopes[0] - slopes[2]).abs() < 1e-6


def test_slope_is_close_to_that_of_the_integral():
    integral = small()
    spline = RadialSpline(integral, accuracy=1e-10)
    r = torch.linspace(0.01, 3.99, 57, dtype=torch.float64, requires_grad=True)
    (found,) = torch.autograd.grad(spline(r).sum(), r)
    (expected,) = torch.autograd.grad(integral(r).sum(), r)
    torch.testing.assert_close(found, expected, rtol=0.0, atol=2e-6)


def test_gradients():
    spline = RadialSpline(small(), accuracy=1e-5)
    # between knots, where the second derivative jumps
    r = spline.spacing * torch.tensor([0.3, 2.6, 10.5, 39.9], dtype=torch.float64)
    assert spline.table.shape[0] == 41
    r.requires_grad_(True)
    assert torch.autograd.gradcheck(spline, r)
    assert torch.autograd.gradgradcheck(spline, r)


def test_finite_everywhere():
    spline = RadialSpline(small(), accuracy=1e-4)
    r = torch.tensor([0.0, 4.0, 4.5], dtype=torch.float64)
    assert torch.isfinite(spline(r)).all()
    assert spline(r[:0]).shape == (0, 4, 4)


def test_center():
    integral = small()
    spline = RadialSpline(integral, accuracy=1e-4)
    assert torch.equal(spline.center_values(), integral.center_values())


def test_scripted_saved_and_loaded():
    spline = RadialSpline(small(), accuracy=1e-8)
    r = torch.linspace(0.0, 4.0, 33, dtype=torch.float64)
    stored = io.BytesIO()
    torch.jit.save(torch.jit.script(spline), stored)
    stored.seek(0)
    assert torch.equal(torch.jit.load(stored)(r), spline(r))


def test_single_precision():
    integral = RadialIntegral(Gto(8), Gaussian(0.3), cutoff=5.0, l_max=6)
    r = torch.linspace(0.0, 4.9, 301)
    expected = integral(r.double())
    spline = RadialSpline(integral, accuracy=1e-10).to(torch.float32)
    assert spline.table.dtype == torch.float32
    assert (spline(r) - expected).abs().max() < 3e-7 * expected.abs().max()


def test_accuracy_is_refused():
    with pytest.raises(ValueError, match="for integrals without splines use RadialIntegral"):
        RadialSpline(small(), accuracy=0.0)


def test_accuracy_out_of_reach_is_refused(monkeypatch):
    monkeypatch.setattr("rhobar.math.radial_spline._MAX_KNOTS", 41)
    with pytest.raises(ValueError, match=r"41 knots reach a mean error of .* only"):
        RadialSpline(small(), accuracy=1e-10)
