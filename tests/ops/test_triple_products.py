"""Products of three factors: the reference against loops, the compiled form against both."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from rhobar.math import clebsch_gordan, spherical_harmonics
from rhobar.ops import (
    TripleRows,
    channel_triple_products,
    cpu,
    triple_paths,
    triple_products,
    triple_table,
)

L_MAX = 2
PATHS = triple_paths(L_MAX)
TABLES = [triple_table(*path) for path in PATHS]
# two c; the second a has no rows, the last b belongs to none
ROWS = TripleRows(
    first=torch.tensor([0, 0, 2, 3, 3, 3]),
    second=torch.tensor([1, 0, 0, 2, 3, 2]),
    third=torch.tensor([0, 0, 0, 1]),
)


def random_factors(*shape: int, dtype: torch.dtype = torch.float64) -> list[torch.Tensor]:
    """a, b and c, ``(_, lm, *shape)``."""
    generator = torch.Generator().manual_seed(1)
    return [
        torch.randn(n, (L_MAX + 1) ** 2, *shape, generator=generator, dtype=dtype)
        for n in (4, 5, 2)
    ]


def block(factor: torch.Tensor, l: int) -> torch.Tensor:
    return factor[:, l * l : (l + 1) ** 2]


def term(row: int, path: tuple[int, int, int], factors, functions: tuple[int, int, int]) -> float:
    """The sum over m_1, m_2 and m_3, one after the other."""
    l_1, l_2, l_3 = path
    table = clebsch_gordan(*path) * (-1) ** l_3 / (2 * l_3 + 1) ** 0.5
    first = int(ROWS.first[row])
    a, b, c = factors[0][first], factors[1][ROWS.second[row]], factors[2][ROWS.third[first]]
    return sum(
        float(table[m_1, m_2, m_3])
        * float(a[l_1**2 + m_1, functions[0]])
        * float(b[l_2**2 + m_2, functions[1]])
        * float(c[l_3**2 + m_3, functions[2]])
        for m_1, m_2, m_3 in np.ndindex(table.shape)
    )


def test_there_are_34_paths_up_to_3() -> None:
    paths = triple_paths(3)
    parities = [sum(path) % 2 for path in paths]
    assert len(set(paths)) == 34
    assert parities == sorted(parities)
    assert all(abs(l - k) <= m <= l + k for l, k, m in paths)


def test_all_products_are_the_sums_of_the_equation() -> None:
    factors = random_factors(2)
    blocks = [[block(factor, l) for l in range(L_MAX + 1)] for factor in factors]
    found = triple_products(*blocks, ROWS, PATHS, TABLES)
    for path, products in zip(PATHS, found, strict=True):
        assert products.shape == (6, 2, 2, 2)
        for row, *functions in [(0, 0, 1, 0), (2, 1, 1, 0), (5, 0, 0, 1)]:
            expected = term(row, path, factors, tuple(functions))
            assert float(products[row, *functions]) == pytest.approx(expected, abs=1e-14)


def test_channels_are_the_diagonal_of_all_products() -> None:
    factors = random_factors(3)
    blocks = [[block(factor, l) for l in range(L_MAX + 1)] for factor in factors]
    found = channel_triple_products(*factors, ROWS, PATHS, TABLES)
    for k, products in enumerate(triple_products(*blocks, ROWS, PATHS, TABLES)):
        diagonal = torch.stack([products[:, q, q, q] for q in range(3)], 1)
        torch.testing.assert_close(found[:, k], diagonal, rtol=0, atol=1e-14)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-13), (torch.float32, 1e-5)])
@pytest.mark.parametrize("num_threads", [1, 2])
def test_compiled_products(dtype: torch.dtype, tolerance: float, num_threads: int) -> None:
    factors = random_factors(21, dtype=dtype)  # 16 as a vector, and the others
    expected = channel_triple_products(*factors, ROWS, PATHS, TABLES)
    found = cpu.channel_triple_products(*factors, ROWS, PATHS, num_threads=num_threads)
    assert found.dtype == dtype
    torch.testing.assert_close(
        found, expected, rtol=0, atol=tolerance * float(expected.abs().max())
    )


@pytest.mark.parametrize("num_threads", [1, 2])
def test_compiled_reverse_mode(num_threads: int) -> None:
    factors = [factor.requires_grad_() for factor in random_factors(5)]
    products = channel_triple_products(*factors, ROWS, PATHS, TABLES)
    weights = torch.randn(products.shape, dtype=torch.float64)
    expected = torch.autograd.grad(products, factors, weights)
    found = cpu.channel_triple_products_backward(
        *factors, ROWS, PATHS, weights, num_threads=num_threads
    )
    for slopes, reference in zip(found, expected, strict=True):
        torch.testing.assert_close(slopes, reference, rtol=0, atol=1e-12)


def test_a_factor_that_two_centers_share_gets_all_its_derivatives() -> None:
    """Threads then must not write to it at once."""
    rows = TripleRows(
        first=torch.arange(4), second=torch.zeros(4, dtype=torch.int64), third=ROWS.third
    )
    factors = [factor.requires_grad_() for factor in random_factors(2)]
    products = channel_triple_products(*factors, rows, PATHS, TABLES)
    expected = torch.autograd.grad(products.sum(), factors)
    ones = torch.ones_like(products)
    found = cpu.channel_triple_products_backward(*factors, rows, PATHS, ones, num_threads=2)
    torch.testing.assert_close(found[1], expected[1], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("first", [1, 0, 2, 3, 3, 3], "first decreases"),
        ("third", [0, 1, 0, 1], "third decreases"),
        ("second", [1, 0, 0, 2, 9, 2], "second runs from 0 to 9"),
        ("third", [0, 0, 1], "3 entries for 4"),
    ],
)
def test_rows_that_do_not_fit_are_refused(column: str, values: list[int], message: str) -> None:
    rows = ROWS._replace(**{column: torch.tensor(values)})
    with pytest.raises(ValueError, match=message):
        cpu.channel_triple_products(*random_factors(2), rows, PATHS)


@pytest.mark.parametrize("l", range(7))
def test_two_neighbors_span_all_components(l: int) -> None:
    """Bipolar harmonics with l_1 + l_2 = l or l + 1: why triplets hold the whole density."""
    vectors = torch.tensor([[0.3, -0.5, 0.9], [1.1, 0.4, 0.2]], dtype=torch.float64)
    harmonics = spherical_harmonics(vectors, l + 1)
    rows = []
    for l_1, l_2 in itertools.product(range(l + 2), repeat=2):
        if l_1 + l_2 in (l, l + 1) and abs(l_1 - l_2) <= l:
            y_1, y_2 = (block(harmonics, order)[k] for k, order in enumerate((l_1, l_2)))
            rows.append(torch.einsum("abm,a,b->m", clebsch_gordan(l_1, l_2, l), y_1, y_2))
    assert torch.linalg.matrix_rank(torch.stack(rows), rtol=1e-8) == 2 * l + 1
