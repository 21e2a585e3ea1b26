"""Polynomial kernels against their sums, pair by pair."""

from __future__ import annotations

import pytest
import torch
from metatensor.torch import Labels, TensorMap

import rhobar.kernels.polynomial
from rhobar.descriptors import select_samples
from rhobar.kernels import PolynomialKernel
from rhobar.models import sum_over_atoms
from tests.feature_blocks import N_ATOMS, feature_blocks, moved_blocks


def by_pairs(left: TensorMap, right: TensorMap, exponent: int) -> torch.Tensor:
    """k(A, B) as its definition says."""
    kernel = torch.zeros(len(N_ATOMS), len(N_ATOMS), dtype=torch.float64)
    for key, block in left.items():
        other = right.block(key)
        for sample, row in zip(block.samples.values.tolist(), block.values, strict=True):
            for neighbor, column in zip(other.samples.values.tolist(), other.values, strict=True):
                kernel[sample[0], neighbor[0]] += float(row @ column) ** exponent
    return kernel


@pytest.fixture(params=[2, 100], ids=["tiles of 2", "one tile"])
def tile(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rhobar.kernels.polynomial, "_ROWS_PER_TILE", request.param)


@pytest.mark.usefixtures("tile")
@pytest.mark.parametrize("exponent", [1, 2, 3])
def test_structures(exponent: int) -> None:
    one, two = feature_blocks(), feature_blocks(seed=1)
    kernel = PolynomialKernel(exponent)
    torch.testing.assert_close(
        kernel.matrix(one, two, n_systems=3, n_others=3),
        by_pairs(one, two, exponent),
        rtol=1e-12,
        atol=1e-12,
    )
    torch.testing.assert_close(
        kernel.matrix(one, n_systems=3), by_pairs(one, one, exponent), rtol=1e-12, atol=1e-12
    )


def test_structures_in_any_order_of_environments() -> None:
    features = feature_blocks()
    shuffled = select_samples(features, 10)  # all of them, by distance
    assert [len(block.samples) for block in shuffled] == [len(b.samples) for b in features]
    assert [block.samples for block in shuffled] != [block.samples for block in features]
    torch.testing.assert_close(
        PolynomialKernel().matrix(shuffled, n_systems=3),
        PolynomialKernel().matrix(features, n_systems=3),
        rtol=1e-13,
        atol=1e-13,
    )


def test_systems_without_environments_are_like_none() -> None:
    kernel = PolynomialKernel().matrix(feature_blocks(), n_systems=5)
    assert kernel.shape == (5, 5)
    assert kernel[3:].abs().max() == 0.0


def test_linear_kernel_is_the_product_of_summed_features() -> None:
    features = feature_blocks()
    sums = sum_over_atoms(features, n_systems=3)
    torch.testing.assert_close(
        PolynomialKernel(1).matrix(features, n_systems=3), sums @ sums.T, rtol=1e-12, atol=1e-12
    )


def test_no_negative_eigenvalue() -> None:
    matrix = PolynomialKernel(3).matrix(feature_blocks(), n_systems=3)
    assert torch.equal(matrix, matrix.T)
    assert float(torch.linalg.eigvalsh(matrix)[0]) > 0.0


@pytest.mark.usefixtures("tile")
def test_combined_is_the_kernel_times_weights() -> None:
    kernel = PolynomialKernel(3)
    rows, active = feature_blocks().block(0).values, feature_blocks(seed=1).block(0).values
    weights = torch.linspace(-1, 2, len(active), dtype=torch.float64)
    torch.testing.assert_close(
        kernel.combined(rows, active, weights),
        (rows @ active.T) ** 3 @ weights,
        rtol=1e-12,
        atol=1e-12,
    )


@pytest.mark.parametrize("exponent", [1, 2, 3])
def test_columns_and_their_gradients(exponent: int) -> None:
    features, active = feature_blocks(), feature_blocks(seed=1)
    kernel = PolynomialKernel(exponent)
    found = kernel.columns(features, active)
    step = 1e-6
    moves = torch.randn(3, 4, 3, generator=torch.Generator().manual_seed(5)).double()
    forward = kernel.columns(moved_blocks(features, step * moves), active)
    backward = kernel.columns(moved_blocks(features, -step * moves), active)
    changed = moved_blocks(found, moves)
    for key, block in found.items():
        expected = (features.block(key).values @ active.block(key).values.T) ** exponent
        torch.testing.assert_close(block.values, expected, rtol=1e-13, atol=1e-13)
        assert block.properties.names == ["active"]
        slopes = (forward.block(key).values - backward.block(key).values) / (2 * step)
        torch.testing.assert_close(
            changed.block(key).values - block.values, slopes, rtol=1e-7, atol=1e-7
        )


@pytest.mark.parametrize("exponent", [0, -1, 1.5])
def test_exponent_is_a_positive_integer(exponent: float) -> None:
    with pytest.raises(ValueError, match="positive integer"):
        PolynomialKernel(exponent)  # type: ignore[arg-type]


def test_what_cannot_be_compared_is_refused() -> None:
    features = feature_blocks()
    kernel = PolynomialKernel()
    two_types = Labels("center_type", torch.tensor([[1], [6]]))
    without_oxygen = TensorMap(two_types, [block.copy() for block in features.blocks()[:2]])
    with pytest.raises(ValueError, match="Compute both with the same descriptor"):
        kernel.columns(features, feature_blocks(n_features=4))
    with pytest.raises(ValueError, match=r"center_type=8"):
        kernel.columns(features, without_oxygen)
    with pytest.raises(ValueError, match="or neither"):
        kernel.matrix(features, features, n_systems=3)
