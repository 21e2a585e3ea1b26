"""Laplacian eigenstates: definition, orthonormality, truncation by energy."""

import math

import numpy as np
import pytest
import torch
from scipy.special import spherical_jn

from rhobar.math import Laplacian, spherical_bessel_zeros


def test_orthonormal_in_the_sphere():
    nodes, weights = np.polynomial.legendre.leggauss(80)
    r, weights = torch.from_numpy((nodes + 1) * 2.5), torch.from_numpy(weights * 2.5)
    values = Laplacian(9).values(r, cutoff=5.0, l_max=7)
    overlaps = torch.einsum("q,qln,qlk->lnk", weights * r**2, values, values)
    unity = torch.eye(9, dtype=torch.float64).expand(8, -1, -1)
    torch.testing.assert_close(overlaps, unity, rtol=0.0, atol=1e-10)


@pytest.mark.parametrize("l_max", [0, 3, 12])
def test_values_against_scipy(l_max):
    r = np.array([0.0, 1e-6, 0.3, 1.7, 3.0, 4.0])
    zeros = spherical_bessel_zeros(l_max, 6)
    orders = np.arange(l_max + 1)[:, None]
    norms = math.sqrt(2 / 4.0**3) / np.abs(spherical_jn(orders + 1, zeros))
    expected = norms * spherical_jn(orders, zeros * r[:, None, None] / 4.0)
    found = Laplacian(6).values(torch.from_numpy(r), cutoff=4.0, l_max=l_max)
    torch.testing.assert_close(found, torch.from_numpy(expected), rtol=0.0, atol=2e-14)


def test_order_zero_is_a_sine():
    r = torch.tensor([0.1, 1.0, 2.9], dtype=torch.float64)
    k = math.pi * torch.arange(1, 4, dtype=torch.float64) / 3.0
    expected = math.sqrt(2 / 3.0) * torch.sin(k * r[:, None]) / r[:, None]
    found = Laplacian(3).values(r, cutoff=3.0, l_max=0)[:, 0]
    torch.testing.assert_close(found, expected, rtol=0.0, atol=1e-14)


def test_zero_at_and_beyond_the_cutoff():
    r = torch.tensor([4.0, 4.1, 9.0], dtype=torch.float64)
    values = Laplacian(5).values(r, cutoff=4.0, l_max=3)
    assert values[0].abs().max() < 1e-14
    assert values[1:].abs().max() == 0.0


def test_truncation_by_energy():
    basis = Laplacian(4, energy_truncated=True)
    assert basis.l_max_useful() == 7
    assert basis.n_per_l(7) == [4, 3, 3, 2, 2, 1, 1, 1]
    assert basis.n_per_l(2) == [4, 3, 3]
    assert Laplacian(4).n_per_l(7) == [4] * 8


@pytest.mark.parametrize("n_radial", [1, 2, 5, 12])
def test_truncation_keeps_what_lies_below_the_last_energy(n_radial):
    basis = Laplacian(n_radial, energy_truncated=True)
    l_max = basis.l_max_useful()
    zeros = spherical_bessel_zeros(l_max + 1, n_radial)
    for o3_lambda, count in enumerate(basis.n_per_l(l_max)):
        assert count >= 1
        assert zeros[o3_lambda, count - 1] <= n_radial * math.pi
        assert count == n_radial or zeros[o3_lambda, count] > n_radial * math.pi
    assert zeros[l_max + 1, 0] > n_radial * math.pi


def test_truncated_functions_are_those_of_the_full_basis_or_zero():
    r = torch.linspace(0, 3, 7, dtype=torch.float64)
    full = Laplacian(4).values(r, cutoff=3.0, l_max=7)
    cut = Laplacian(4, energy_truncated=True).values(r, cutoff=3.0, l_max=7)
    counts = torch.tensor([4, 3, 3, 2, 2, 1, 1, 1])
    exists = torch.arange(4) < counts[:, None]
    assert torch.equal(cut, torch.where(exists, full, torch.zeros_like(full)))


def test_l_max_beyond_the_truncation_is_refused():
    basis = Laplacian(4, energy_truncated=True)
    with pytest.raises(ValueError, match=r"no function at l_max=8: its energies end at l = 7"):
        basis.n_per_l(8)
    with pytest.raises(ValueError, match="functions at every l"):
        Laplacian(4).l_max_useful()


def test_count_is_refused():
    with pytest.raises(ValueError, match=r"Laplacian\(n_radial=0\)"):
        Laplacian(0)
