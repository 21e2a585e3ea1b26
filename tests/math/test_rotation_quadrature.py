"""Quadratures over rotations: exact up to their degree, and not beyond it."""

import math

import pytest
import torch

from rhobar.math import o3_quadrature, so3_quadrature, wigner_d


def average(o3_lambda: int, rotations: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    return torch.einsum("q,qij->ij", weights, wigner_d(o3_lambda, rotations))


@pytest.mark.parametrize("degree", range(8))
def test_matrices_average_to_zero_up_to_the_degree(degree):
    rotations, weights = so3_quadrature(degree)
    for o3_lambda in range(1, degree + 1):
        assert average(o3_lambda, rotations, weights).abs().max() < 1e-14
    assert average(degree + 1, rotations, weights).abs().max() > 0.1


@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 1), (2, 3), (3, 3), (4, 2)])
def test_products_of_matrices(first, second):
    """The averages of D_ij D_kl are those of Schur's lemma."""
    rotations, weights = so3_quadrature(first + second)
    d1, d2 = wigner_d(first, rotations), wigner_d(second, rotations)
    found = torch.einsum("q,qij,qkl->ikjl", weights, d1, d2)
    expected = torch.zeros_like(found)
    if first == second:
        unity = torch.eye(2 * first + 1, dtype=torch.float64)
        expected = torch.einsum("ik,jl->ikjl", unity, unity) / (2 * first + 1)
    torch.testing.assert_close(found, expected, rtol=0.0, atol=1e-13)


@pytest.mark.parametrize("degree", [0, 1, 4, 9])
def test_rotations_and_weights(degree):
    rotations, weights = so3_quadrature(degree)
    assert rotations.shape == ((degree + 1) ** 2 * math.ceil((degree + 1) / 2), 3, 3)
    unity = torch.eye(3, dtype=torch.float64).expand_as(rotations)
    torch.testing.assert_close(rotations @ rotations.mT, unity, rtol=0.0, atol=1e-14)
    assert (torch.linalg.det(rotations) > 0.999).all()
    assert (weights > 0).all()
    assert float(weights.sum()) == pytest.approx(1.0, abs=1e-14)


def test_with_inversion():
    """Odd products of vectors vanish with the inversion, pseudoscalars without it do not."""
    rotations, weights = o3_quadrature(3)
    proper = len(rotations) // 2
    assert torch.equal(rotations[proper:], -rotations[:proper])
    assert float(weights.sum()) == pytest.approx(1.0, abs=1e-14)
    determinants = torch.linalg.det(rotations)
    assert float(weights @ determinants) == pytest.approx(0.0, abs=1e-14)
    assert float(2 * weights[:proper] @ determinants[:proper]) == pytest.approx(1.0, abs=1e-13)


@pytest.mark.parametrize("quadrature", [so3_quadrature, o3_quadrature])
def test_degree_is_refused(quadrature):
    with pytest.raises(ValueError, match="degree=-1 has to be a whole number, at least 0"):
        quadrature(-1)
