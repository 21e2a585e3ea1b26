"""Compiled couplings against the reference."""

import pytest
import torch
from torch import Tensor

from rhobar import ops
from rhobar.ops import cpu
from tests.ops.coupled_blocks import COUPLINGS, N_OUT, blocks, chain_steps, matrices

CENTERS = [0, 1, 16, 37, 1100]
DTYPES = [(torch.float64, 1e-13), (torch.float32, 2e-6)]


def doubled(blocks: list[Tensor]) -> list[Tensor]:
    """The reference is taken in double precision: in single its own sums would be rounded."""
    return [block.double() for block in blocks]


def assert_close(found: list[Tensor], expected: list[Tensor], tolerance: float) -> None:
    for x, y in zip(found, expected, strict=True):
        scale = float(y.abs().max()) if y.numel() else 0.0
        torch.testing.assert_close(x.double(), y, rtol=0.0, atol=tolerance * scale)


@pytest.mark.parametrize("n_centers", CENTERS)
@pytest.mark.parametrize(("dtype", "tolerance"), DTYPES)
def test_products(n_centers: int, dtype: torch.dtype, tolerance: float) -> None:
    left, right = blocks(seed=1, n_centers=n_centers, dtype=dtype)
    found = cpu.couple(left, right, COUPLINGS, N_OUT)
    assert {block.dtype for block in found} == {dtype}
    expected = ops.couple(doubled(left), doubled(right), COUPLINGS, N_OUT)
    assert_close(found, expected, tolerance)


@pytest.mark.parametrize("n_centers", CENTERS)
@pytest.mark.parametrize(("dtype", "tolerance"), DTYPES)
def test_contraction(n_centers: int, dtype: torch.dtype, tolerance: float) -> None:
    left, right = blocks(seed=2, n_centers=n_centers, dtype=dtype)
    weights = matrices(seed=3, dtype=dtype)
    found = cpu.couple_contracted(left, right, COUPLINGS, weights)
    assert {block.dtype for block in found} == {dtype}
    expected = ops.couple_contracted(doubled(left), doubled(right), COUPLINGS, doubled(weights))
    assert_close(found, expected, tolerance)


@pytest.mark.parametrize("n_centers", CENTERS)
@pytest.mark.parametrize(("dtype", "tolerance"), DTYPES)
def test_gram(n_centers: int, dtype: torch.dtype, tolerance: float) -> None:
    left, right = blocks(seed=4, n_centers=n_centers, dtype=dtype)
    generator = torch.Generator().manual_seed(5)
    lower = [
        torch.randn(n_centers, n_m, n, generator=generator, dtype=torch.float64).to(dtype)
        for n_m, n in zip((3, 5, 7), (0, 3, 1), strict=True)
    ]
    found = cpu.coupled_gram(left, right, COUPLINGS, lower)
    assert {gram.dtype for gram in found} == {dtype}
    expected = ops.coupled_gram(doubled(left), doubled(right), COUPLINGS, doubled(lower))
    assert_close(found, expected, tolerance)


@pytest.mark.parametrize("n_centers", CENTERS)
def test_chain(n_centers: int) -> None:
    density, _ = blocks(seed=5, n_centers=n_centers)
    steps = chain_steps()
    assert_close(cpu.correlations(density, steps), ops.correlations(density, steps), 1e-13)


@pytest.mark.parametrize("n_centers", CENTERS)
def test_slopes_of_a_chain(n_centers: int) -> None:
    density, _ = blocks(seed=17, n_centers=n_centers)
    direction, _ = blocks(seed=18, n_centers=n_centers)
    found = cpu.correlation_slopes(density, direction, chain_steps())
    assert_close(found, ops.correlation_slopes(density, direction, chain_steps()), 1e-13)


@pytest.mark.parametrize("n_centers", CENTERS)
@pytest.mark.parametrize(("dtype", "tolerance"), DTYPES)
def test_contraction_backward(n_centers: int, dtype: torch.dtype, tolerance: float) -> None:
    left, right = blocks(seed=12, n_centers=n_centers, dtype=dtype)
    weights = matrices(seed=13, dtype=dtype)
    inputs = [block.double().requires_grad_() for block in (*left, *right)]
    values = ops.couple_contracted(inputs[:3], inputs[3:], COUPLINGS, doubled(weights))
    generator = torch.Generator().manual_seed(14)
    gradients = [torch.randn(x.shape, generator=generator).to(dtype) for x in values]
    expected = torch.autograd.grad(values, inputs, doubled(gradients), materialize_grads=True)
    found = cpu.couple_contracted_backward(left, right, COUPLINGS, weights, gradients)
    assert_close([*found[0], *found[1]], list(expected), tolerance)


@pytest.mark.parametrize("n_centers", CENTERS)
def test_chain_backward(n_centers: int) -> None:
    density, _ = blocks(seed=15, n_centers=n_centers)
    inputs = [block.clone().requires_grad_() for block in density]
    values = ops.correlations(inputs, chain_steps())
    generator = torch.Generator().manual_seed(16)
    gradients = [torch.randn(x.shape, generator=generator, dtype=torch.float64) for x in values]
    expected = torch.autograd.grad(values, inputs, gradients, materialize_grads=True)
    found = cpu.correlations_backward(density, chain_steps(), gradients)
    assert_close(found, list(expected), 1e-13)


def test_threads_change_nothing() -> None:
    left, right = blocks(seed=6, n_centers=1100)
    weights = matrices(seed=7)
    lower = [torch.zeros(1100, n_m, 0).double() for n_m in (3, 5, 7)]
    one, two = (
        cpu.couple_contracted(left, right, COUPLINGS, weights, num_threads=n)
        + cpu.coupled_gram(left, right, COUPLINGS, lower, num_threads=n)
        + cpu.couple(left, right, COUPLINGS, N_OUT, num_threads=n)
        for n in (1, 2)
    )
    assert all(torch.equal(x, y) for x, y in zip(one, two, strict=True))


def test_refusals() -> None:
    left, right = blocks(seed=8)
    with pytest.raises(ValueError, match="no coupling has out=3"):
        cpu.couple(left, right, COUPLINGS, N_OUT + 1)
    with pytest.raises(ValueError, match="2 output blocks"):
        cpu.couple(left, right, COUPLINGS, N_OUT - 1)
    beyond = COUPLINGS[0]._replace(first=torch.tensor([0, 3]))
    with pytest.raises(ValueError, match="features up to 3 of block 0"):
        cpu.couple(left, right, [beyond], 1)
    with pytest.raises(ValueError, match="matrix 1 has shape"):
        cpu.couple_contracted(left, right, COUPLINGS, [matrices(seed=3)[k] for k in (0, 0, 2)])
    with pytest.raises(ValueError, match="numbers of centers"):
        cpu.couple(left, [block[1:] for block in right], COUPLINGS, N_OUT)
    with pytest.raises(ValueError, match="lower= has blocks"):
        cpu.coupled_gram(left, right, COUPLINGS, [torch.zeros(37, 3, 1).double()] * 3)
