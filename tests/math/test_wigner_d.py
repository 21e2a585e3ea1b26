"""Wigner matrices: action on harmonics, group laws, inversion."""

import pytest
import torch
import wigners

from rhobar.math import spherical_harmonics, wigner_d


def orthogonal(count: int, *, seed: int) -> torch.Tensor:
    """Random orthogonal matrices ``(count, 3, 3)``, proper and improper."""
    generator = torch.Generator().manual_seed(seed)
    matrices, _ = torch.linalg.qr(
        torch.randn(count, 3, 3, dtype=torch.float64, generator=generator)
    )
    signs = torch.linalg.det(matrices).sign()
    alternating = (-1.0) ** torch.arange(count)
    return matrices * (signs * alternating)[:, None, None]


@pytest.mark.parametrize("o3_lambda", [0, 1, 2, 5, 9, 20])
def test_turns_harmonics(o3_lambda):
    generator = torch.Generator().manual_seed(2)
    vectors = torch.randn(11, 3, dtype=torch.float64, generator=generator)
    for rotation in orthogonal(4, seed=1):
        found = spherical_harmonics(vectors, o3_lambda)[:, o3_lambda**2 :]
        turned = spherical_harmonics(vectors @ rotation.T, o3_lambda)[:, o3_lambda**2 :]
        expected = found @ wigner_d(o3_lambda, rotation).T
        torch.testing.assert_close(turned, expected, rtol=0.0, atol=1e-13)


@pytest.mark.parametrize("o3_lambda", [1, 4, 8])
def test_group(o3_lambda):
    rotations = orthogonal(6, seed=3)
    matrices = wigner_d(o3_lambda, rotations)
    unity = torch.eye(2 * o3_lambda + 1, dtype=torch.float64).expand(6, -1, -1)
    torch.testing.assert_close(matrices @ matrices.mT, unity, rtol=0.0, atol=1e-12)
    product = wigner_d(o3_lambda, rotations[0] @ rotations[1])
    torch.testing.assert_close(matrices[0] @ matrices[1], product, rtol=0.0, atol=1e-12)


def test_order_one_is_the_rotation():
    rotation = orthogonal(2, seed=4)[1]
    order = [1, 2, 0]  # y, z, x
    torch.testing.assert_close(
        wigner_d(1, rotation), rotation[order][:, order], rtol=0.0, atol=1e-14
    )


@pytest.mark.parametrize("o3_lambda", range(5))
def test_inversion(o3_lambda):
    inversion = -torch.eye(3, dtype=torch.float64)
    expected = (-1.0) ** o3_lambda * torch.eye(2 * o3_lambda + 1, dtype=torch.float64)
    torch.testing.assert_close(wigner_d(o3_lambda, inversion), expected, rtol=0.0, atol=1e-13)


@pytest.mark.parametrize("o3_lambda", [2, 6])
def test_characters(o3_lambda):
    """Traces depend on the angle only, sin((l + 1/2) w) / sin(w / 2); also those of `wigners`."""
    angle = torch.tensor(0.7, dtype=torch.float64)
    c, s = float(torch.cos(angle)), float(torch.sin(angle))
    about_y = torch.tensor([[c, 0, s], [0, 1, 0], [-s, 0, c]], dtype=torch.float64)
    trace = wigner_d(o3_lambda, about_y).trace()
    expected = torch.sin((o3_lambda + 0.5) * angle) / torch.sin(angle / 2)
    torch.testing.assert_close(trace, expected, rtol=0.0, atol=1e-12)
    oracle = wigners.wigner_D_array(o3_lambda, 0.0, 0.7, 0.0)[o3_lambda]
    assert float(trace) == pytest.approx(oracle.trace().real, abs=1e-12)


def test_single_precision_and_empty_batch():
    assert wigner_d(2, torch.eye(3)).dtype == torch.float32
    assert wigner_d(2, torch.zeros(0, 3, 3)).shape == (0, 5, 5)


def test_refused():
    with pytest.raises(ValueError, match="not orthogonal, R Rᵀ differs from 1 by 3"):
        wigner_d(1, 2 * torch.eye(3, dtype=torch.float64))
    with pytest.raises(ValueError, match=r"shape \(\.\.\., 3, 3\), got \(3,\)"):
        wigner_d(1, torch.zeros(3))
    with pytest.raises(ValueError, match=r"wigner_d\(o3_lambda=-1\)"):
        wigner_d(-1, torch.eye(3))
