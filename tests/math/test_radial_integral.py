"""Radial integrals: reference values, oracles, limits, derivatives, precision."""

import io
import math

import ase
import featomic
import mpmath
import numpy as np
import pytest
import torch
from featomic.basis import Gto as FeatomicGto
from featomic.basis import LaplacianEigenstate, TensorProduct
from featomic.cutoff import Step
from scipy.special import ive, spherical_jn

from rhobar.math import (
    Dirac,
    Gaussian,
    Gto,
    Laplacian,
    RadialIntegral,
    SphericalHarmonics,
    spherical_bessel_zeros,
)

DIRECTION = np.array([0.3, -0.5, 1.0])
PAIRS = [
    pytest.param(radial, density, id=f"{radial}-{density}")
    for radial in [Gto(4), Laplacian(4), Laplacian(4, energy_truncated=True)]
    for density in [Gaussian(0.4), Dirac()]
]


def coefficients(integral: RadialIntegral, vector: np.ndarray) -> torch.Tensor:
    """Expansion of one neighbor without cutoff function, ``(lm, n)``."""
    vectors = torch.from_numpy(np.atleast_2d(vector))
    radial = integral(vectors.norm(dim=1))[0]
    harmonics = SphericalHarmonics(integral.l_max)(vectors)[0]
    degrees = [l for l in range(integral.l_max + 1) for _ in range(2 * l + 1)]
    return harmonics[:, None] * radial[degrees]


def test_reference_vector():
    integral = RadialIntegral(Gto(3), Gaussian(0.5), cutoff=4.0, l_max=2)
    center = integral.center_values() / math.sqrt(4 * math.pi)
    assert center.tolist() == pytest.approx(
        [0.827920977286, -0.268150640869, -0.007781591916], abs=1e-12
    )
    oxygen = coefficients(integral, DIRECTION)
    for lm, expected in [
        (0, [0.405289085684, 0.098201397262, -0.02214540494]),
        (1, [-0.232449104159, -0.073392521264, 0.013660927562]),
        (2, [0.464898208317, 0.146785042528, -0.027321855124]),
    ]:
        assert oxygen[lm].tolist() == pytest.approx(expected, abs=1e-12)
    assert oxygen[4:9, 0].tolist() == pytest.approx(
        [-0.085290967379, -0.284303224596, 0.272476621799, 0.170581934758, -0.045488515935],
        abs=1e-12,
    )


def featomic_pair(calculator, distance: float, l_max: int) -> dict[int, np.ndarray]:
    """Coefficients ``(mu, n)`` by l of an oxygen at ``distance`` from a carbon, by featomic."""
    vector = distance * DIRECTION / np.linalg.norm(DIRECTION)
    blocks = calculator.compute(ase.Atoms("CO", positions=[[0, 0, 0], vector]))
    keys = [
        {"o3_lambda": o3_lambda, "center_type": 6, "neighbor_type": 8}
        for o3_lambda in range(l_max + 1)
    ]
    return {key["o3_lambda"]: blocks.block(key).values[0] for key in keys}


def difference(calculator, integral: RadialIntegral, distance: float) -> float:
    """Largest difference from featomic, relative to the largest coefficient."""
    expected = featomic_pair(calculator, distance, integral.l_max)
    found = coefficients(integral, distance * DIRECTION / np.linalg.norm(DIRECTION)).numpy()
    parts = [
        np.abs(found[l * l : (l + 1) ** 2, : block.shape[1]] - block).max()
        for l, block in expected.items()
    ]
    return max(parts) / max(np.abs(block).max() for block in expected.values())


@pytest.mark.parametrize("width", [0.2, 0.5])
def test_gto_against_featomic(width):
    calculator = featomic.SphericalExpansion(
        cutoff=featomic.cutoff.Cutoff(5.0, Step()),
        density=featomic.density.Gaussian(width=width),
        basis=TensorProduct(max_angular=6, radial=FeatomicGto(max_radial=7), spline_accuracy=None),
    )
    integral = RadialIntegral(Gto(8), Gaussian(width), cutoff=5.0, l_max=6)
    assert max(difference(calculator, integral, r) for r in [0.1, 1.1, 2.5, 4.9]) < 1e-10


def test_truncated_laplacian_against_featomic():
    """featomic can only tabulate this basis, so its spline sets the tolerance."""
    spliner = featomic.splines.SoapSpliner(
        cutoff=featomic.cutoff.Cutoff(4.0, Step()),
        density=featomic.density.Gaussian(width=0.5),
        basis=LaplacianEigenstate(radius=4.0, max_radial=3, spline_accuracy=1e-8),
    )
    calculator = featomic.SphericalExpansion(**spliner.get_hypers())
    integral = RadialIntegral(
        Laplacian(4, energy_truncated=True), Gaussian(0.5), cutoff=4.0, l_max=7
    )
    assert max(difference(calculator, integral, r) for r in [0.3, 1.2, 2.0, 3.7]) < 5e-8


def exact_gto(n_radial: int, width: float, cutoff: float, o3_lambda: int, r: float) -> list[float]:
    """The integrals in forty digits, by the formula with growing exponentials."""
    orders = range(n_radial)
    c = 1 / (2 * mpmath.mpf(width) ** 2)
    sigma = [mpmath.mpf(cutoff) * max(mpmath.sqrt(n), 1) / n_radial for n in orders]
    norm = [
        mpmath.sqrt(2 / (s ** (2 * n + 3) * mpmath.gamma(n + 1.5))) for n, s in enumerate(sigma)
    ]
    rate = [1 / (2 * s**2) for s in sigma]
    overlaps = mpmath.matrix(n_radial, n_radial)
    for n in orders:
        for k in orders:
            power = mpmath.mpf(3 + n + k) / 2
            moment = mpmath.gamma(power) / (2 * (rate[n] + rate[k]) ** power)
            overlaps[n, k] = norm[n] * norm[k] * moment
    values, vectors = mpmath.eigsy(overlaps)
    root = vectors * mpmath.diag([1 / mpmath.sqrt(value) for value in values]) * vectors.T
    primitives = mpmath.matrix(n_radial, 1)
    for n in orders:
        a, b = mpmath.mpf(n + o3_lambda + 3) / 2, o3_lambda + mpmath.mpf(1.5)
        factor = (c * r) ** o3_lambda * (c + rate[n]) ** -a * mpmath.gamma(a) / mpmath.gamma(b)
        grown = mpmath.hyp1f1(a, b, (c * r) ** 2 / (c + rate[n]))
        primitives[n] = norm[n] * factor * mpmath.exp(-c * r**2) * grown
    prefactor = (mpmath.pi / mpmath.mpf(width) ** 2) ** mpmath.mpf(0.75)
    return [float(value) for value in prefactor * root * primitives]


@pytest.mark.parametrize(("width", "cutoff"), [(0.3, 5.0), (0.05, 6.3)])
def test_gto_against_forty_digits(width, cutoff):
    """Sharp Gaussians included, for which the growing exponentials overflow in float64."""
    r = [0.0, 0.01, 1.1, 4.9]
    found = RadialIntegral(Gto(6), Gaussian(width), cutoff=cutoff, l_max=5)(
        torch.tensor(r, dtype=torch.float64)
    )
    for o3_lambda in [0, 1, 5]:
        with mpmath.workdps(40):
            exact = [exact_gto(6, width, cutoff, o3_lambda, mpmath.mpf(x)) for x in r]
        expected = torch.tensor(exact, dtype=torch.float64)
        error = (found[:, o3_lambda] - expected).abs().max() / found.abs().max()
        assert error < 1e-13


@pytest.mark.parametrize("density", [Gaussian(0.3), Gaussian(0.05)])
def test_laplacian_against_scipy(density):
    """The same integral with scipy's Bessel functions and twenty times the nodes, in panels."""
    r, s, zeros = [0.02, 1.3, 4.8], density.width, spherical_bessel_zeros(6, 7)
    found = RadialIntegral(Laplacian(7), density, cutoff=5.0, l_max=6)(
        torch.tensor(r, dtype=torch.float64)
    ).numpy()
    nodes, weights = np.polynomial.legendre.leggauss(20)
    x = ((nodes + 1) / 2 + np.arange(100)[:, None]).ravel() * 5.0 / 100
    measure = np.tile(weights, 100) * 2.5 / 100 * x**2 * 4 * np.pi / (np.pi * s**2) ** 0.75
    for row, distance in enumerate(r):
        z = x * distance / s**2
        gaussian = np.exp(-((x - distance) ** 2) / (2 * s**2)) * np.sqrt(np.pi / (2 * z))
        for o3_lambda in [0, 3, 6]:
            norm = math.sqrt(2 / 5.0**3) / np.abs(spherical_jn(o3_lambda + 1, zeros[o3_lambda]))
            functions = norm[:, None] * spherical_jn(o3_lambda, zeros[o3_lambda][:, None] * x / 5)
            expected = functions @ (measure * gaussian * ive(o3_lambda + 0.5, z))
            np.testing.assert_allclose(found[row, o3_lambda], expected, rtol=0.0, atol=1e-13)


def test_dirac_density_gives_the_functions():
    r = torch.linspace(0, 4, 9, dtype=torch.float64)
    for radial in [Gto(5), Laplacian(5)]:
        found = RadialIntegral(radial, Dirac(), cutoff=4.0, l_max=3)(r)
        assert torch.equal(found, radial.values(r, cutoff=4.0, l_max=3))


@pytest.mark.parametrize("radial", [Gto(4), Laplacian(4)])
def test_sharp_gaussians_tend_to_dirac(radial):
    """I / R tends to (4 pi s^2)^(3/4), with an error that falls with s^2."""
    r = torch.tensor([1.0, 1.7, 2.6], dtype=torch.float64)
    limit = radial.values(r, cutoff=4.0, l_max=2)
    errors = []
    for width in [0.02, 0.01]:
        sharp = RadialIntegral(radial, Gaussian(width), cutoff=4.0, l_max=2)(r)
        scaled = sharp / (4 * math.pi * width**2) ** 0.75
        errors.append(float((scaled - limit).abs().max()))
    assert errors[1] < 2e-3
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.05)


@pytest.mark.parametrize(("radial", "density"), PAIRS)
def test_gradients(radial, density):
    integral = RadialIntegral(radial, density, cutoff=4.0, l_max=3)
    r = torch.tensor([0.01, 0.9, 2.2, 3.9], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(integral, r)
    assert torch.autograd.gradgradcheck(integral, r)


@pytest.mark.parametrize(("radial", "density"), PAIRS)
def test_derivatives_of_each_function(radial, density):
    integral = RadialIntegral(radial, density, cutoff=4.0, l_max=3)
    r = torch.tensor([0.4, 1.3, 3.3], dtype=torch.float64)
    values, derivatives = integral.with_derivative(r)
    assert torch.equal(values, integral(r.clone().requires_grad_(True)).detach())
    h = 1e-3  # differences of sixth order
    steps = {1: 45.0, 2: -9.0, 3: 1.0}
    expected = sum(
        weight * (integral(r + k * h) - integral(r - k * h)) / (60 * h)
        for k, weight in steps.items()
    )
    torch.testing.assert_close(derivatives, expected, rtol=0.0, atol=1e-10)


@pytest.mark.parametrize(("radial", "density"), PAIRS)
def test_origin(radial, density):
    """Only l = 0 is left at r = 0; slopes are those of r^l and everything is finite."""
    integral = RadialIntegral(radial, density, cutoff=4.0, l_max=3)
    r = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    values = integral(r)
    (slope,) = torch.autograd.grad(values.sum(), r, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), r)
    assert torch.isfinite(slope).all()
    assert torch.isfinite(curvature).all()
    assert torch.equal(integral.center_values(), values[0, 0])
    if not (isinstance(radial, Gto) and isinstance(density, Dirac)):
        # these functions alone, r^n exp(…), do not know about l
        assert values[0, 1:].abs().max() < 1e-14
        derivatives = integral.with_derivative(r)[1][0]
        assert derivatives[[0, 2, 3]].abs().max() < 1e-13
        assert derivatives[1].abs().max() > 0.1


@pytest.mark.parametrize(("radial", "density"), PAIRS)
def test_scripted_saved_and_loaded(radial, density):
    integral = RadialIntegral(radial, density, cutoff=4.0, l_max=3)
    r = torch.linspace(0.0, 4.0, 33, dtype=torch.float64)
    stored = io.BytesIO()
    torch.jit.save(torch.jit.script(integral), stored)
    stored.seek(0)
    again = torch.jit.load(stored)
    assert torch.equal(again(r), integral(r))
    assert torch.equal(again.to(torch.float32)(r), integral(r))


@pytest.mark.parametrize(("radial", "density"), PAIRS)
def test_scripted_derivatives(radial, density):
    """TorchScript rewrites a graph after a few calls: it has to stay right after them."""
    integral = RadialIntegral(radial, density, cutoff=4.0, l_max=3)
    scripted = torch.jit.script(integral)
    for _ in range(4):
        expected, found = (first_and_second(function) for function in [integral, scripted])
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def first_and_second(function) -> list[torch.Tensor]:
    """First and second derivatives of a sum of squares of what ``function`` returns."""
    r = torch.linspace(0.1, 3.9, 20, dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad((function(r) ** 2).sum(), r, create_graph=True)
    (second,) = torch.autograd.grad((first**2).sum(), r)
    return [first.detach(), second]


@pytest.mark.parametrize("density", [Gaussian(0.3), Gaussian(0.05), Dirac()])
@pytest.mark.parametrize("radial", [Gto(8), Laplacian(8)])
def test_single_precision(radial, density):
    """Casting the module does not touch its constants: all that is lost is in r and the result."""
    integral = RadialIntegral(radial, density, cutoff=6.3, l_max=6)
    r = torch.linspace(0.0, 6.2, 301)
    expected = integral(r.double())
    found = integral.to(torch.float32)(r)
    assert found.dtype == torch.float32
    assert (found - expected).abs().max() < 1e-7 * expected.abs().max()


def test_no_pairs():
    integral = RadialIntegral(Laplacian(3), Gaussian(0.3), cutoff=4.0, l_max=2)
    assert integral(torch.zeros(0, dtype=torch.float64)).shape == (0, 3, 3)


def test_wrong_arguments_are_refused():
    with pytest.raises(TypeError, match=r"give Gaussian\(width\), Dirac\(\) or WideningGaussian"):
        RadialIntegral(Gto(3), 0.3, cutoff=4.0, l_max=2)
    with pytest.raises(ValueError, match="cutoff has to be a finite number above zero"):
        RadialIntegral(Gto(3), Dirac(), cutoff=-1.0, l_max=2)
    with pytest.raises(ValueError, match="l_max has to be a whole number"):
        RadialIntegral(Gto(3), Dirac(), cutoff=1.0, l_max=-2)
