"""Smooth functions of features learn what is in the features, and derivatives by differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rhobar.analysis import (
    SmoothFit,
    along_manifold,
    center_features,
    environment_jacobians,
    triple_product_energy,
)
from rhobar.counterexamples import MethaneManifold
from rhobar.descriptors import Bispectrum, Gaussian, Gto, SoapPowerSpectrum

HYPERS = {"l_max": 3, "density": Gaussian(0.3, center_weight=0.0), "atomic_types": [1, 6]}
PAIRS = SoapPowerSpectrum(4.0, radial=Gto(4), **HYPERS)
TRIPLES = Bispectrum(4.0, radial=Gto(3), **HYPERS)


def test_two_neighbors_give_no_force_at_the_crossing() -> None:
    """Golden: the exact force is -0.157 per Å there, and of a function of pairs it is zero."""
    rng = np.random.default_rng(0)
    frames = []
    for _ in range(150):
        v, u = rng.uniform(-0.6, 0.6), float(rng.uniform(0.4, 0.8))
        frames.append(MethaneManifold(u=u, v=abs(v)).structure(1 if v > 0 else -1))
        frames[-1].positions[1:] += 0.05 * rng.standard_normal((4, 3))
    step = 1e-3
    moved = [MethaneManifold(v=step).structure(sign) for sign in (-1, 1)]
    exact, *energies = (
        torch.stack([triple_product_energy(torch.from_numpy(f.positions[1:])) for f in part])
        for part in (moved, frames)
    )
    assert float(exact[0] - exact[1]) / (2 * step) == pytest.approx(-0.157, abs=1e-3)
    forces = {}
    for descriptor in (PAIRS, TRIPLES):
        fit = SmoothFit(center_features(descriptor, frames), energies[0].double())
        before, after = fit.predict(center_features(descriptor, moved)).tolist()
        forces[descriptor] = -(after - before) / (2 * step)
    assert abs(forces[PAIRS]) < 1e-9
    assert forces[TRIPLES] == pytest.approx(-0.157, abs=5e-3)


def test_gamma_is_chosen_where_it_is_left_open() -> None:
    x = torch.linspace(-1.0, 1.0, 40, dtype=torch.float64)[:, None]
    y = torch.sin(9.0 * x[:, 0])
    errors = {
        gamma: float((SmoothFit(x[::2], y[::2], gamma=gamma).predict(x) - y).abs().max())
        for gamma in (0.02, 0.5)
    }
    chosen = float((SmoothFit(x[::2], y[::2]).predict(x) - y).abs().max())
    assert chosen <= 1.5 * min(errors.values())


def test_differences_are_derivatives() -> None:
    frames = [MethaneManifold(v=v).structure(1) for v in (0.1, 0.4)]
    for exact, near in zip(
        environment_jacobians(PAIRS, frames),
        environment_jacobians(PAIRS, frames, step=1e-4),
        strict=True,
    ):
        np.testing.assert_array_equal(near.features, exact.features)
        largest = np.abs(exact.slopes).max()
        np.testing.assert_allclose(near.slopes, exact.slopes, atol=1e-7 * largest)


def test_a_blind_direction_stays_blind_in_differences() -> None:
    (point,) = along_manifold(PAIRS, [0.0], step=1e-4)
    assert point.response < 1e-8
    assert point.spectrum.singular_values[-1] < 1e-6 * point.spectrum.singular_values[0]


def test_features_of_one_center() -> None:
    frames = [MethaneManifold(v=0.1).structure(sign) for sign in (-1, 1)]
    carbon = center_features(PAIRS, frames)
    hydrogen = center_features(PAIRS, frames, center=1)
    assert carbon.shape == hydrogen.shape
    assert (carbon * hydrogen).abs().max() == 0  # their blocks are others
    torch.testing.assert_close(carbon[0], carbon[1], rtol=0, atol=1e-12)
