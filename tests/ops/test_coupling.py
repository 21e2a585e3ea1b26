"""Coupled products against sums written out, and what the shared ops promise to their callers."""

import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from rhobar.math import clebsch_gordan
from rhobar.ops import (
    Coupling,
    centers_at_once,
    correlation_slopes,
    correlations,
    couple,
    couple_contracted,
    coupled_gram,
    new_coupling,
)
from tests.ops.coupled_blocks import COUPLINGS, N_OUT, blocks, chain_steps, matrices


def written_out(left: list[Tensor], right: list[Tensor], couplings: list[Coupling]) -> list[Tensor]:
    """The definition, an entry at a time."""
    found: list[list[Tensor]] = [[] for _ in range(N_OUT)]
    for c in couplings:
        table = clebsch_gordan(c.l_left, c.l_right, c.o3_lambda)
        a, b = left[c.left], right[c.right]
        for q, p in zip(c.first.tolist(), c.second.tolist(), strict=True):
            value = torch.zeros(len(a), 2 * c.o3_lambda + 1, dtype=a.dtype)
            for m in range(2 * c.l_left + 1):
                for n in range(2 * c.l_right + 1):
                    value += table[m, n] * (a[:, m, q] * b[:, n, p])[:, None]
            found[c.out].append(value)
    return [torch.stack(values, 2) for values in found]


def test_products_are_those_of_the_definition() -> None:
    left, right = blocks(seed=1)
    for found, expected in zip(
        couple(left, right, COUPLINGS, N_OUT), written_out(left, right, COUPLINGS), strict=True
    ):
        torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-13)


def test_contraction_is_a_product_with_the_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = blocks(seed=2)
    products = couple(left, right, COUPLINGS, N_OUT)
    expected = [x @ matrix for x, matrix in zip(products, matrices(seed=3), strict=True)]
    for at_once in (1, 200, 2**21):
        monkeypatch.setattr("rhobar.ops.coupling.products_at_once", lambda n=at_once: n)
        found = couple_contracted(left, right, COUPLINGS, matrices(seed=3))
        torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-13)


def test_gram_is_that_of_all_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = blocks(seed=4)
    products = couple(left, right, COUPLINGS, N_OUT)
    lower = [
        torch.randn(*x.shape[:2], n).double() for x, n in zip(products, (0, 3, 1), strict=True)
    ]
    columns = [torch.cat([a, b], 2).flatten(0, 1) for a, b in zip(lower, products, strict=True)]
    expected = [x.T @ x for x in columns]
    for at_once in (1, 200, 2**21):
        monkeypatch.setattr("rhobar.ops.coupling.products_at_once", lambda n=at_once: n)
        found = coupled_gram(left, right, COUPLINGS, lower)
        torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-13)


def test_no_centers_give_empty_blocks() -> None:
    left, right = ([x[:0] for x in side] for side in blocks(seed=5))
    found = couple_contracted(left, right, COUPLINGS, matrices(seed=3))
    assert [x.shape[0] for x in found] == [0, 0, 0]


def test_derivatives_of_any_order() -> None:
    left, right = blocks(seed=6, n_centers=2)
    chosen = [c for c in COUPLINGS if c.out == 0]

    def products(a: Tensor, b: Tensor) -> Tensor:
        return couple([a, *left[1:]], [right[0], b], chosen, 1)[0]

    inputs = (left[0].requires_grad_(), right[1].requires_grad_())
    assert torch.autograd.gradcheck(products, inputs)
    assert torch.autograd.gradgradcheck(products, inputs)


def test_scripted_functions_give_the_same() -> None:
    left, right = blocks(seed=7)
    scripted = torch.jit.script(couple_contracted)
    expected = couple_contracted(left, right, COUPLINGS, matrices(seed=8))
    torch.testing.assert_close(scripted(left, right, COUPLINGS, matrices(seed=8)), expected)
    lower = [torch.zeros(len(left[0]), x.shape[1], 0).double() for x in expected]
    torch.testing.assert_close(
        torch.jit.script(coupled_gram)(left, right, COUPLINGS, lower),
        coupled_gram(left, right, COUPLINGS, lower),
    )


class Contraction(torch.nn.Module):
    """A module that keeps couplings, as the descriptors do."""

    couplings: list[Coupling]

    def __init__(self) -> None:
        super().__init__()
        self.couplings = COUPLINGS
        self.matrices = matrices(seed=8)

    def forward(self, left: list[Tensor], right: list[Tensor]) -> list[Tensor]:
        return couple_contracted(left, right, self.couplings, self.matrices)


def test_couplings_are_saved_with_a_scripted_module(tmp_path: Path) -> None:
    torch.jit.script(Contraction()).save(tmp_path / "contraction.pt")
    loaded = torch.jit.load(tmp_path / "contraction.pt")
    left, right = blocks(seed=10)
    torch.testing.assert_close(loaded(left, right), Contraction()(left, right))


def test_refusals() -> None:
    left, right = blocks(seed=9)
    with pytest.raises(ValueError, match="no coupling has out=3"):
        couple(left, right, COUPLINGS, N_OUT + 1)
    nothing = torch.zeros(0, dtype=torch.int64)
    with pytest.raises(ValueError, match=r"\|l1 - l2\|"):
        new_coupling(
            left=0, right=0, out=0, l_left=1, l_right=1, o3_lambda=3, first=nothing, second=nothing
        )


def test_slopes_are_derivatives_along_a_direction() -> None:
    density, _ = blocks(seed=11, n_centers=4)
    direction, _ = blocks(seed=12, n_centers=4)
    steps = chain_steps()

    def chained(*parts: Tensor) -> tuple[Tensor, ...]:
        return tuple(correlations(list(parts), steps))

    _, expected = torch.autograd.functional.jvp(chained, tuple(density), tuple(direction))
    found = correlation_slopes(density, direction, steps)
    torch.testing.assert_close(found, list(expected), rtol=1e-12, atol=1e-12)


def test_chains_go_through_few_centers_at_a_time() -> None:
    pairs = torch.zeros(200_000, dtype=torch.int64)
    wide = new_coupling(
        left=0, right=0, out=0, l_left=0, l_right=0, o3_lambda=0, first=pairs, second=pairs
    )
    assert centers_at_once([[wide]]) == 10
    assert centers_at_once([[wide] * 20]) == 1


def test_intermediate_products_are_of_few_centers(monkeypatch: pytest.MonkeyPatch) -> None:
    density, _ = blocks(seed=13)
    expected = correlations(density, chain_steps())
    module = sys.modules["rhobar.ops.correlations"]  # its name in rhobar.ops is the function's
    sizes = []

    def watched(
        left: list[Tensor], right: list[Tensor], couplings: list[Coupling], n_out: int
    ) -> list[Tensor]:
        sizes.append(len(right[0]))
        return couple(left, right, couplings, n_out)

    monkeypatch.setattr(module, "couple", watched)
    monkeypatch.setattr(module, "centers_at_once", lambda _: 10)
    torch.testing.assert_close(correlations(density, chain_steps()), expected)
    assert sizes == [10, 10, 10, 10, 10, 10, 7, 7]
