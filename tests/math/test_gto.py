"""Gaussian-type radial functions: definition, orthonormality, limits of the basis."""

import math

import numpy as np
import pytest
import torch

from rhobar.math import Gto


def half_line(count: int = 400, end: float = 40.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Gauss-Legendre nodes and weights over a range beyond which nothing is left."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return torch.from_numpy((nodes + 1) * end / 2), torch.from_numpy(weights * end / 2)


@pytest.mark.parametrize("n_radial", [1, 2, 6, 8, 10])
def test_orthonormal_on_the_half_line(n_radial):
    r, weights = half_line()
    values = Gto(n_radial).values(r, cutoff=5.0, l_max=2)
    overlaps = torch.einsum("q,qln,qlk->lnk", weights * r**2, values, values)
    unity = torch.eye(n_radial, dtype=torch.float64).expand(3, -1, -1)
    torch.testing.assert_close(overlaps, unity, rtol=0.0, atol=1e-10)


def test_widths():
    expected = [1.25, 1.25, 1.25 * math.sqrt(2), 1.25 * math.sqrt(3)]
    assert Gto(4).widths(5.0).tolist() == pytest.approx(expected, rel=1e-15)


def test_one_function_is_a_normalised_gaussian():
    r = torch.tensor([0.0, 0.5, 3.0], dtype=torch.float64)
    norm = math.sqrt(2 / (2.0**3 * math.gamma(1.5)))
    expected = (norm * torch.exp(-(r**2) / 8))[:, None, None]
    found = Gto(1).values(r, cutoff=2.0, l_max=0)
    torch.testing.assert_close(found, expected, rtol=1e-14, atol=0.0)


def test_orthonormalisation_is_symmetric_in_normalised_primitives():
    """Löwdin's choice: the root of the overlaps, not one of the other orthonormal bases."""
    basis = Gto(5)
    sigma, order = basis.widths(4.0), torch.arange(5, dtype=torch.float64)
    norms = (2 / (sigma ** (2 * order + 3) * torch.exp(torch.lgamma(order + 1.5)))).sqrt()
    root = basis.orthonormalization(4.0) / norms
    torch.testing.assert_close(root, root.T, rtol=0.0, atol=1e-11)


def test_same_functions_at_every_l():
    r = torch.tensor([0.3, 2.0])
    values = Gto(3).values(r, cutoff=4.0, l_max=4)
    assert values.shape == (2, 5, 3)
    assert values.dtype == torch.float32
    assert torch.equal(values, values[:, :1].expand(-1, 5, -1))
    assert Gto(3).n_per_l(4) == [3] * 5


def test_dependent_functions_are_refused():
    with pytest.raises(ValueError, match=r"linearly dependent in double precision .* 12 or less"):
        Gto(40).orthonormalization(5.0)


@pytest.mark.parametrize("n_radial", [0, -1, 2.5, "8"])
def test_count_is_refused(n_radial):
    with pytest.raises(ValueError, match=r"Gto\(n_radial=.*whole number, at least 1"):
        Gto(n_radial)


@pytest.mark.parametrize(
    ("cutoff", "l_max", "message"),
    [(0.0, 2, "finite number above zero"), (5.0, -1, "l_max"), (5.0, 2.0, "l_max")],
)
def test_other_arguments_are_refused(cutoff, l_max, message):
    with pytest.raises(ValueError, match=message):
        Gto(3).values(torch.ones(1), cutoff=cutoff, l_max=l_max)
