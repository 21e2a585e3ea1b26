"""Wigner kernels of pairs: two ways to the same numbers, and the features that they stand for."""

import math

import pytest
import torch

from rhobar.math import clebsch_gordan, so3_quadrature, wigner_d
from rhobar.ops import (
    CgIteration,
    RotationFunction,
    RotationPowers,
    density_overlaps,
    summed_kernels,
)

N_CHANNELS = 3


def environments(count, l_max, seed):
    """Random densities ``(environment, lm, channel)``, overlaps of which are about 1."""
    random = torch.Generator().manual_seed(seed)
    shape = (count, (l_max + 1) ** 2, N_CHANNELS)
    return torch.randn(shape, generator=random, dtype=torch.float64) / math.sqrt(shape[1] * 3)


def pairs(l_max, count=4):
    """Overlaps of ``count`` pairs and the densities they are made of."""
    left, right = environments(count, l_max, 0), environments(count, l_max, 1)
    overlaps = density_overlaps(left, right)
    return overlaps[range(count), range(count)], left, right


def irreps(lambda_max):
    return [(l, sigma) for l in range(lambda_max + 1) for sigma in (1, -1)]


def assert_equal(found, expected, tolerance):
    """Relative to the largest entry of each order."""
    for nu in range(found.shape[1]):
        scale = expected[:, nu].abs().max().clamp_min(1e-2)
        assert (found - expected)[:, nu].abs().max() < tolerance * scale, nu + 1


def random_rotations(count):
    random = torch.Generator().manual_seed(3)
    matrices = torch.randn(count, 3, 3, generator=random, dtype=torch.float64)
    rotations, _ = torch.linalg.qr(matrices)
    return rotations * torch.linalg.det(rotations)[:, None, None]


def turned(densities, rotation):
    """Densities of environments that were rotated, properly or not."""
    l_max = math.isqrt(densities.shape[1]) - 1
    parts = [wigner_d(l, rotation) @ densities[:, l * l : (l + 1) ** 2] for l in range(l_max + 1)]
    return torch.cat(parts, dim=1)


@pytest.mark.parametrize("l_max", [1, 2, 3])
def test_products_equal_rotations_for_invariants(l_max):
    overlaps, _, _ = pairs(l_max)
    exact = RotationPowers(l_max, 4).of_pairs(overlaps)
    assert_equal(CgIteration(l_max, 4, 2 * l_max).of_pairs(overlaps), exact, 1e-12)
    # what is left out shows, from ν = 4 on
    truncated = CgIteration(l_max, 4, l_max).of_pairs(overlaps)
    assert_equal(truncated[:, :3], exact[:, :3], 1e-12)
    assert (truncated[:, 3] < exact[:, 3] * (1 - 1e-4)).all() or l_max == 0


@pytest.mark.parametrize("target", irreps(8), ids=str)
def test_products_equal_rotations_for_tensors(target):
    """All (λ, σ) of ν ≤ 4 that l ≤ 2 can make; the highest are absent at lower ν."""
    overlaps, _, _ = pairs(2, count=2)
    exact = RotationPowers(2, 4, target).of_pairs(overlaps)
    found = CgIteration(2, 4, 8, target).of_pairs(overlaps)
    assert_equal(found, exact, 1e-12)
    assert (exact[:, 3].abs().max() > 1e-4) == (target != (8, -1))


def test_powers_of_the_overlap_from_all_kernels():
    r"""The inverse relation, :math:`S^\nu(R) = \sum_{\lambda\sigma} tr(\kappa^T D^\lambda(R))`."""
    overlaps, left, right = pairs(2)
    rotations = random_rotations(5)
    powers = torch.zeros(len(left), 4, len(rotations), dtype=torch.float64)
    for target in irreps(8):
        kernels = CgIteration(2, 4, 8, target).of_pairs(overlaps)
        powers += torch.einsum("pnuv,ruv->pnr", kernels, wigner_d(target[0], rotations))
    for r, rotation in enumerate(rotations):
        overlap = (left * turned(right, rotation)).sum(dim=(1, 2))
        for nu in range(1, 5):
            torch.testing.assert_close(powers[:, nu - 1, r], overlap**nu, rtol=0.0, atol=1e-12)


@pytest.mark.parametrize("target", [(0, 1), (1, 1), (2, 1), (1, -1)], ids=str)
@pytest.mark.parametrize("engine", ["grid", "cg"])
def test_equivariance(target, engine):
    """Rotations of both sides, the inversion of one; the truncation changes nothing."""
    kernel = RotationPowers(2, 4, target) if engine == "grid" else CgIteration(2, 4, 2, target)
    _, left, right = pairs(2)
    first, second = random_rotations(2)

    def kernels(one, other):
        return kernel.of_pairs(density_overlaps(one, other)[range(4), range(4)])

    o3_lambda, o3_sigma = target
    expected = wigner_d(o3_lambda, first) @ kernels(left, right) @ wigner_d(o3_lambda, second).T
    assert_equal(kernels(turned(left, first), turned(right, second)), expected, 1e-12)
    inverted = kernels(turned(left, -torch.eye(3, dtype=torch.float64)), right)
    assert_equal(inverted, o3_sigma * (-1) ** o3_lambda * kernels(left, right), 1e-12)
    assert_equal(kernels(right, left), kernels(left, right).mT, 1e-13)


def test_second_order_is_the_power_spectrum():
    overlaps, left, right = pairs(3)
    found = CgIteration(3, 2, 3).of_pairs(overlaps)[:, 1, 0, 0]
    expected = torch.zeros_like(found)
    for l in range(4):
        m = slice(l * l, (l + 1) ** 2)
        spectra = [torch.einsum("imq,imr->iqr", c[:, m], c[:, m]) for c in (left, right)]
        expected += (spectra[0] * spectra[1]).sum(dim=(1, 2)) / (2 * l + 1)
    torch.testing.assert_close(found, expected, rtol=1e-13, atol=0.0)


def test_third_order_is_the_bispectrum():
    overlaps, left, right = pairs(2)
    found = CgIteration(2, 3, 2).of_pairs(overlaps)[:, 2, 0, 0]
    expected = torch.zeros_like(found)
    for l1, l2, l3 in [(a, b, c) for a in range(3) for b in range(3) for c in range(3)]:
        if not abs(l1 - l2) <= l3 <= l1 + l2 or (l1 + l2 + l3) % 2:
            continue
        bispectra = []
        for density in (left, right):
            x, y, z = (density[:, l * l : (l + 1) ** 2] for l in (l1, l2, l3))
            coupling = clebsch_gordan(l1, l2, l3)
            bispectra.append(torch.einsum("abc,iaq,ibr,ics->iqrs", coupling, x, y, z))
        expected += (bispectra[0] * bispectra[1]).sum(dim=(1, 2, 3)) / (2 * l3 + 1)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0.0)


def test_exponential_is_the_sum_over_all_orders():
    """Up to what the quadrature does not hold, which the bound says; a low degree misses it."""
    overlaps, left, right = pairs(2)
    largest = float((left.flatten(1).norm(dim=1) * right.flatten(1).norm(dim=1)).max())
    powers = RotationPowers(2, 14).of_pairs(overlaps)[:, :, 0, 0]
    factorials = torch.tensor([math.factorial(nu) for nu in range(1, 15)], dtype=torch.float64)
    series = 1 + (powers / factorials).sum(dim=1)
    for order in (2, 4, 8, 14):
        bound = sum(largest**nu / math.factorial(nu) for nu in range(order + 1, 60))
        found = RotationFunction(torch.exp, 2, 2 * order).of_pairs(overlaps)[:, 0, 0, 0]
        assert (found - series).abs().max() < bound + 1e-14 * math.exp(largest)
    low = RotationFunction(torch.exp, 2, 4).of_pairs(overlaps)[:, 0, 0, 0]
    assert (low - series).abs().max() > 1e-8


def test_polynomials_mix_orders_exactly():
    overlaps, _, _ = pairs(2)
    weights = torch.tensor([0.3, -1.2, 0.7, 2.0], dtype=torch.float64)
    powers = RotationPowers(2, 4, (1, 1)).of_pairs(overlaps)
    mixed = RotationFunction(
        lambda s: sum(w * s**nu for nu, w in enumerate(weights, 1)), 2, 9, (1, 1)
    ).of_pairs(overlaps)
    torch.testing.assert_close(
        mixed[:, 0], torch.einsum("n,pnuv->puv", weights, powers), rtol=0.0, atol=1e-13
    )


def test_without_directions_kernels_are_powers():
    overlaps, _, _ = pairs(0)
    powers = torch.stack([overlaps[:, 0] ** nu for nu in range(1, 6)], dim=1)
    for kernel in (CgIteration(0, 5, 0), RotationPowers(0, 5)):
        torch.testing.assert_close(
            kernel.of_pairs(overlaps)[:, :, 0, 0], powers, rtol=1e-13, atol=0
        )


@pytest.mark.parametrize("l", [1, 6, 11, 12, 13])
def test_quadrature_of_four_densities(l):
    """Degree 12, of ν ≤ 4 and l ≤ 3: exact up to it and no further."""
    rotations, weights = so3_quadrature(12)
    matrices = wigner_d(l, rotations)
    average = torch.einsum("g,gij->ij", weights, matrices).abs().max()
    assert average < 1e-14 if l <= 12 else average > 0.1
    if 2 * l <= 12:
        squares = torch.einsum("g,gij,gij->ij", weights, matrices, matrices)
        assert (squares * (2 * l + 1) - 1).abs().max() < 1e-13


@pytest.mark.parametrize("symmetric", [True, False])
def test_sums_over_groups(symmetric):
    """Tiles, groups without members, and both triangles of the same side."""
    left = environments(70, 1, 0)
    right = left if symmetric else environments(45, 1, 1)
    groups = torch.arange(len(left)) // 9 + 1, torch.arange(len(right)) // 9 + 1
    kernel = RotationPowers(1, 2, (1, 1))
    shape = int(groups[0][-1]) + 2, int(groups[1][-1]) + 2
    found = summed_kernels(kernel, left, groups[0], right, groups[1], *shape, symmetric=symmetric)
    each = kernel.of_pairs(density_overlaps(left, right).flatten(0, 1))
    each = each.unflatten(0, (len(left), len(right)))
    for row in range(shape[0]):
        for column in range(shape[1]):
            block = each[groups[0] == row][:, groups[1] == column].sum(dim=(0, 1))
            torch.testing.assert_close(found[row, column], block, rtol=1e-12, atol=1e-14)


def test_gradients_of_sums():
    left, right = environments(3, 1, 0).requires_grad_(), environments(2, 1, 1)
    groups = torch.tensor([0, 0, 1]), torch.tensor([0, 1])
    for kernel in (RotationPowers(1, 3), CgIteration(1, 3, 1)):
        assert torch.autograd.gradcheck(
            lambda values, kernel=kernel: summed_kernels(
                kernel, values, groups[0], right, groups[1], 2, 2
            ),
            left,
        )


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: RotationPowers(3, 4, degree=11), "need a degree of 12 at least; a lower one"),
        (lambda: RotationPowers(3, 4, (1, 1), degree=12), "need a degree of 13 at least"),
        (lambda: RotationPowers(3, 0), "nu_max=0"),
        (lambda: RotationPowers(-1, 2), "l_max=-1"),
        (lambda: RotationPowers(3, 2, (1, 0)), r"give \(o3_lambda, o3_sigma\)"),
        (lambda: CgIteration(3, 2, -1), "lambda_max=-1"),
        (lambda: RotationFunction(torch.exp, 3, 2), "even for the overlap itself"),
    ],
)
def test_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
