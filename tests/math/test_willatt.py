"""Radial scaling: values, derivatives, and what is refused."""

import pytest
import torch

from rhobar.math import Willatt


def test_values():
    r = torch.tensor([0.0, 1.0, 2.0, 4.0], dtype=torch.float64)
    found = Willatt(scale=2.0, rate=3.0, exponent=4)(r)
    expected = [1.0, 3 / (3 + 1 / 16), 3 / 4, 3 / (3 + 16)]
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("exponent", [1, 2, 4, 7])
def test_gradients(exponent):
    r = torch.tensor([0.1, 1.0, 3.6], dtype=torch.float64, requires_grad=True)
    scaling = Willatt(scale=2.0, rate=1.0, exponent=exponent)
    assert torch.autograd.gradcheck(scaling, r)
    assert torch.autograd.gradgradcheck(scaling, r)


@pytest.mark.parametrize("exponent", [1, 2, 4, 7])
def test_derivatives_at_the_origin_are_finite(exponent):
    r = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    value = Willatt(scale=2.0, rate=1.0, exponent=exponent)(r)
    (slope,) = torch.autograd.grad(value.sum(), r, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), r)
    assert slope.item() == (-0.5 if exponent == 1 else 0.0)
    assert curvature.item() == {1: 0.5, 2: -0.5}.get(exponent, 0.0)


def test_scripted():
    r = torch.linspace(0.0, 5.0, 51, dtype=torch.float64)
    scaling = Willatt(scale=2.0, rate=1.0, exponent=4)
    assert torch.equal(torch.jit.script(scaling)(r), scaling(r))


def test_arguments_are_kept():
    scaling = Willatt(scale=2, rate=1, exponent=4)
    assert (scaling.scale, scaling.rate, scaling.exponent) == (2.0, 1.0, 4.0)
    assert repr(scaling) == "Willatt(scale=2.0, rate=1.0, exponent=4.0)"


@pytest.mark.parametrize(
    ("name", "value"),
    [("scale", 0.0), ("scale", float("inf")), ("rate", 0.0), ("rate", -1.0), ("exponent", 0)],
)
def test_refused(name, value):
    arguments = {"scale": 2.0, "rate": 1.0, "exponent": 4} | {name: value}
    with pytest.raises(ValueError, match=rf"Willatt\(scale=.*: the {name}|With a rate of zero"):
        Willatt(**arguments)
