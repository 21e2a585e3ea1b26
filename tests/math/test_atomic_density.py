"""Descriptions of atomic densities."""

import dataclasses

import pytest

from rhobar.math import Dirac, Gaussian, Willatt


def test_defaults():
    assert Gaussian(0.3) == Gaussian(width=0.3, center_weight=1.0, scaling=None)
    assert Dirac() == Dirac(center_weight=1.0, scaling=None)


def test_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Gaussian(0.3).width = 0.5  # type: ignore[misc]


def test_scaling_is_kept():
    scaling = Willatt(scale=2.0, rate=1.0, exponent=4)
    assert Gaussian(0.3, scaling=scaling).scaling is scaling
    assert Dirac(scaling=scaling).scaling is scaling


@pytest.mark.parametrize("width", [0.0, -0.3, float("nan"), float("inf")])
def test_width_is_refused(width):
    with pytest.raises(ValueError, match=r"its limit at zero is Dirac\(\)"):
        Gaussian(width)


@pytest.mark.parametrize("density", [lambda **kw: Gaussian(0.3, **kw), Dirac])
def test_other_arguments_are_refused(density):
    with pytest.raises(ValueError, match="the weight has to be finite"):
        density(center_weight=float("nan"))
    with pytest.raises(TypeError, match=r"None or Willatt\("):
        density(scaling={"scale": 2.0, "rate": 1.0, "exponent": 4})
