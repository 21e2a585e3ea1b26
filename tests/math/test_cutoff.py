"""The cutoff function: values, slope, ends, and what is refused."""

import pytest
import torch

from rhobar.math import Cutoff


def test_reference_values():
    r = torch.tensor([3.8], dtype=torch.float64, requires_grad=True)
    value = Cutoff(4.0, width=0.5)(r)
    (slope,) = torch.autograd.grad(value.sum(), r)
    assert value.item() == pytest.approx(0.34549150281252683, rel=1e-14)
    assert slope.item() == pytest.approx(-2.987832164741557, rel=1e-14)


def test_one_inside_and_zero_outside():
    r = torch.tensor([0.0, 3.5, 4.0, 9.0], dtype=torch.float64)
    assert Cutoff(4.0, width=0.5)(r).tolist() == [1.0, 1.0, 0.0, 0.0]


def test_slope_is_continuous():
    r = torch.tensor([3.5, 4.0], dtype=torch.float64)
    for side in [-1e-9, 0.0, 1e-9]:
        point = (r + side).requires_grad_(True)
        (slope,) = torch.autograd.grad(Cutoff(4.0, width=0.5)(point).sum(), point)
        assert slope.abs().max() < 1e-7


def test_step():
    r = torch.tensor([0.0, 3.999, 4.0, 5.0])
    values = Cutoff(4.0, width=0.0)(r)
    assert values.tolist() == [1.0, 1.0, 0.0, 0.0]
    assert values.dtype == torch.float32


def test_gradients():
    r = torch.tensor([0.0, 1.0, 3.6, 3.9, 4.5], dtype=torch.float64, requires_grad=True)
    cutoff = Cutoff(4.0, width=0.5)
    assert torch.autograd.gradcheck(cutoff, r)
    assert torch.autograd.gradgradcheck(cutoff, r)


@pytest.mark.parametrize("width", [0.0, 0.5])
def test_scripted(width):
    r = torch.linspace(0.0, 5.0, 51, dtype=torch.float64)
    cutoff = Cutoff(4.0, width=width)
    assert torch.equal(torch.jit.script(cutoff)(r), cutoff(r))


def test_arguments_are_kept():
    cutoff = Cutoff(4, width=1)
    assert (cutoff.radius, cutoff.width) == (4.0, 1.0)
    assert Cutoff(5.0).width == 0.5
    assert repr(cutoff) == "Cutoff(radius=4.0, width=1.0)"


@pytest.mark.parametrize("radius", [0.0, -1.0, float("nan"), float("inf")])
def test_radius_is_refused(radius):
    with pytest.raises(ValueError, match="radius has to be a finite number above zero"):
        Cutoff(radius)


@pytest.mark.parametrize("width", [-0.1, 4.0, 5.0, float("nan")])
def test_width_is_refused(width):
    with pytest.raises(ValueError, match=r"at least 0\.0 \(a step\) and below the radius"):
        Cutoff(4.0, width=width)
