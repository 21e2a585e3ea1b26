"""Gaussians that widen with distance: their integrals, their overlaps, what is refused."""

import io
import math

import numpy as np
import pytest
import torch
from scipy.special import ive, spherical_jn

from rhobar.math import (
    CompleteBasis,
    Gaussian,
    Gto,
    Laplacian,
    RadialIntegral,
    RadialSpline,
    WideningGaussian,
    spherical_bessel_zeros,
    widening_overlap,
)

CUTOFF, L_MAX = 5.0, 3
SMOOTH = WideningGaussian(0.5, 0.2)
DENSITIES = [SMOOTH, WideningGaussian(0.03, 1.0), WideningGaussian(0.3, 0.8, "jul2023")]


def basis(kind: str, density: WideningGaussian) -> Laplacian | CompleteBasis:
    if kind == "laplacian":
        return Laplacian(6)
    return CompleteBasis.of(density, cutoff=CUTOFF, l_max=L_MAX)


def integrals(kind: str, density: WideningGaussian) -> RadialIntegral:
    return RadialIntegral(basis(kind, density), density, cutoff=CUTOFF, l_max=L_MAX)


@pytest.mark.parametrize("density", DENSITIES, ids=repr)
def test_integrals_against_scipy(density):
    """By scipy's Bessel functions and many more nodes, in panels; conventions written out."""
    distances = [0.02, 0.5, 1.3, 4.8]
    found = integrals("laplacian", density)(torch.tensor(distances, dtype=torch.float64)).numpy()
    zeros = spherical_bessel_zeros(L_MAX, 6)
    nodes, weights = np.polynomial.legendre.leggauss(20)
    x = ((nodes + 1) / 2 + np.arange(200)[:, None]).ravel() * CUTOFF / 200
    measure = np.tile(weights, 200) * CUTOFF / 400 * x**2 * 4 * np.pi
    july = density.convention == "jul2023"
    for row, distance in enumerate(distances):
        r = max(distance, 0.8) if july else distance
        s = density.width * math.exp(density.rate * r)
        amplitude = 1.0 if july else math.exp(-density.rate * r)
        z = x * r / s**2
        gaussian = np.exp(-((x - r) ** 2) / (2 * s**2)) * np.sqrt(np.pi / (2 * z))
        gaussian *= amplitude / (2 * np.pi * s**2) ** 1.5
        for l in range(L_MAX + 1):
            factor = math.sqrt(8 * math.pi**2 / (2 * l + 1)) if july else 1.0
            norm = math.sqrt(2 / CUTOFF**3) / np.abs(spherical_jn(l + 1, zeros[l]))
            functions = norm[:, None] * spherical_jn(l, zeros[l][:, None] * x / CUTOFF)
            expected = factor * functions @ (measure * gaussian * ive(l + 0.5, z))
            np.testing.assert_allclose(found[row, l], expected, rtol=0.0, atol=2e-13)


@pytest.mark.parametrize("density", DENSITIES, ids=repr)
def test_complete_basis_gives_all_overlaps(density):
    """Between any two distances, to 1e-12 of the overlaps of each neighbor with itself."""
    random = torch.Generator().manual_seed(0)
    r = CUTOFF * torch.rand(200, generator=random, dtype=torch.float64)
    rows = integrals("complete", density)(r)
    expected = widening_overlap(density, r[:, None], r[None, :], L_MAX)
    own = expected[:, :, 0].diagonal().sqrt()
    errors = torch.einsum("iln,jln->ijl", rows, rows) - expected
    assert (errors.abs() / (own[:, None] * own)[:, :, None]).max() < 1e-12 * max(
        1.0, float(density.order_factors(L_MAX)[0]) ** 2
    )


def test_many_eigenstates_tend_to_the_overlaps():
    """An oracle for the closed form: a large sphere, in which the density ends by itself."""
    r = torch.tensor([0.3, 1.1, 2.4], dtype=torch.float64)
    sphere = RadialIntegral(Laplacian(60), SMOOTH, cutoff=14.0, l_max=L_MAX)(r)
    expected = widening_overlap(SMOOTH, r[:, None], r[None, :], L_MAX)
    found = torch.einsum("iln,jln->ijl", sphere, sphere)
    torch.testing.assert_close(found, expected, rtol=0.0, atol=1e-11)


def test_constant_width_is_a_gaussian_of_other_norm():
    r = torch.linspace(0.0, 2.0, 7, dtype=torch.float64)
    width = 0.4
    found = RadialIntegral(Laplacian(5), WideningGaussian(width, 0.0), cutoff=6.0, l_max=2)(r)
    other = RadialIntegral(Laplacian(5), Gaussian(width), cutoff=6.0, l_max=2)(r)
    factor = (math.pi * width**2) ** 0.75 / (2 * math.pi * width**2) ** 1.5
    torch.testing.assert_close(found, factor * other, rtol=0.0, atol=1e-13)


@pytest.mark.parametrize("kind", ["laplacian", "complete"])
@pytest.mark.parametrize("density", DENSITIES[::2], ids=repr)
class TestModules:
    def test_gradients(self, kind, density):
        """Of sums over n with fixed rows: the last functions of a complete basis are rounding."""
        module = integrals(kind, density)
        rows = module(torch.tensor([0.5, 1.7, 3.9], dtype=torch.float64))

        def overlaps(r):
            return torch.einsum("iln,jln->ijl", module(r), rows)

        r = torch.tensor([0.01, 0.9, 2.2, 4.9], dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(overlaps, r)
        assert torch.autograd.gradgradcheck(overlaps, r)

    def test_spline(self, kind, density):
        """Outside of the one interval in which the slope jumps."""
        module = integrals(kind, density)
        spline = RadialSpline(module, accuracy=1e-9)
        assert len(spline.table) < 3000
        r = torch.linspace(0.0, CUTOFF, 1237, dtype=torch.float64)
        smooth = (r - density.nearest()).abs() > spline.spacing
        error = (spline(r) - module(r)).abs()[smooth]
        assert error.max() < 2e-7
        assert error.mean() < 2e-9

    def test_scripted_saved_and_loaded(self, kind, density):
        module = integrals(kind, density)
        r = torch.linspace(0.0, CUTOFF, 17, dtype=torch.float64)
        stored = io.BytesIO()
        torch.jit.save(torch.jit.script(module), stored)
        stored.seek(0)
        torch.testing.assert_close(torch.jit.load(stored)(r), module(r), rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: WideningGaussian(0.0, 0.2), ValueError, "width has to be a finite length above"),
        (lambda: WideningGaussian(0.5, -1.0), ValueError, "rate has to be finite and not below"),
        (lambda: WideningGaussian(0.5, 0.2, "june"), ValueError, "choose one of"),
        (
            lambda: RadialIntegral(Gto(3), SMOOTH, cutoff=5.0, l_max=2),
            TypeError,
            r"Gto\(n_radial=3\) has no integrals with WideningGaussian",
        ),
        (
            lambda: RadialIntegral(basis("complete", SMOOTH), Gaussian(0.3), cutoff=5.0, l_max=3),
            TypeError,
            "CompleteBasis takes WideningGaussian",
        ),
        (
            lambda: RadialIntegral(basis("complete", SMOOTH), SMOOTH, cutoff=5.0, l_max=2),
            ValueError,
            "has pivots for l = 0 … 3, not 2",
        ),
    ],
)
def test_refused(build, error, message):
    with pytest.raises(error, match=message):
        build()
