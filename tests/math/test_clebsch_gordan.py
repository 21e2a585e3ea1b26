"""Real Clebsch-Gordan coefficients: written-out values, symmetries, featomic as oracle."""

import math

import numpy as np
import pytest
import torch
from featomic.clebsch_gordan import calculate_cg_coefficients

from rhobar.math import clebsch_gordan, sparse_clebsch_gordan, wigner_d

TRIANGLES = [
    (l1, l2, o3_lambda)
    for l1 in range(5)
    for l2 in range(5)
    for o3_lambda in range(abs(l1 - l2), min(l1 + l2, 4) + 1)
]


@pytest.mark.parametrize(
    ("orders", "components", "value"),
    [
        ((1, 1, 1), (-1, 0, 1), 1 / math.sqrt(2)),
        ((1, 1, 1), (-1, 1, 0), -1 / math.sqrt(2)),
        ((1, 1, 1), (0, 1, -1), 1 / math.sqrt(2)),
        ((1, 1, 2), (-1, -1, 0), -1 / math.sqrt(6)),
        ((1, 1, 2), (0, 0, 0), math.sqrt(2 / 3)),
        ((1, 1, 2), (1, 1, 2), 1 / math.sqrt(2)),
        ((1, 1, 2), (-1, -1, 2), -1 / math.sqrt(2)),
        ((2, 1, 1), (-2, -1, 1), -math.sqrt(0.3)),
        ((2, 1, 1), (0, 0, 0), -math.sqrt(0.4)),
        ((2, 1, 1), (2, -1, -1), math.sqrt(0.3)),
    ],
)
def test_written_out(orders, components, value):
    index = tuple(m + l for m, l in zip(components, orders, strict=True))
    assert float(clebsch_gordan(*orders)[index]) == pytest.approx(value, abs=1e-14)


@pytest.mark.parametrize("l", range(9))
def test_scalar_product(l):
    expected = (-1) ** l / math.sqrt(2 * l + 1) * torch.eye(2 * l + 1, dtype=torch.float64)
    torch.testing.assert_close(clebsch_gordan(l, l, 0)[..., 0], expected, rtol=0.0, atol=1e-14)


def test_antisymmetric_coupling():
    cross = clebsch_gordan(1, 1, 1)
    torch.testing.assert_close(cross, -cross.transpose(0, 1), rtol=0.0, atol=1e-16)


def test_same_as_featomic():
    tables = calculate_cg_coefficients(3, "python-dense", "numpy", np.float64, "cpu")
    compared = 0
    for key, block in tables.items():
        dense = clebsch_gordan(int(key["l1"]), int(key["l2"]), int(key["lambda"]))
        np.testing.assert_allclose(dense.numpy(), block.values[0, ..., 0], rtol=0.0, atol=1e-15)
        compared += 1
    assert compared == 34


@pytest.mark.parametrize(("l1", "l2"), [(0, 0), (1, 3), (4, 2), (8, 8)])
def test_orthogonal_and_complete(l1, l2):
    columns = [
        clebsch_gordan(l1, l2, o3_lambda).flatten(0, 1)
        for o3_lambda in range(abs(l1 - l2), l1 + l2 + 1)
    ]
    matrix = torch.cat(columns, dim=1)
    unity = torch.eye((2 * l1 + 1) * (2 * l2 + 1), dtype=torch.float64)
    torch.testing.assert_close(matrix.T @ matrix, unity, rtol=0.0, atol=1e-13)


@pytest.mark.parametrize("orders", TRIANGLES, ids=str)
def test_swap(orders):
    l1, l2, o3_lambda = orders
    swapped = (-1) ** sum(orders) * clebsch_gordan(l2, l1, o3_lambda).transpose(0, 1)
    torch.testing.assert_close(clebsch_gordan(*orders), swapped, rtol=0.0, atol=1e-14)


@pytest.mark.parametrize("orders", [(1, 1, 1), (2, 1, 2), (3, 2, 4), (4, 4, 3)], ids=str)
def test_equivariant(orders):
    """Turning both factors turns the product."""
    generator = torch.Generator().manual_seed(5)
    rotation, _ = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64, generator=generator))
    rotation = rotation * torch.linalg.det(rotation)
    coupling = clebsch_gordan(*orders)
    d1, d2, d3 = (wigner_d(order, rotation) for order in orders)
    left = torch.einsum("abc,ai,bj->ijc", coupling, d1, d2)
    right = torch.einsum("ijk,ck->ijc", coupling, d3)
    torch.testing.assert_close(left, right, rtol=0.0, atol=1e-12)


@pytest.mark.parametrize("orders", TRIANGLES, ids=str)
def test_sparse_holds_the_same(orders):
    sparse = sparse_clebsch_gordan(*orders)
    dense = torch.zeros([2 * l + 1 for l in orders], dtype=torch.float64)
    dense[sparse.m1, sparse.m2, sparse.mu] = sparse.values
    torch.testing.assert_close(dense, clebsch_gordan(*orders), rtol=0.0, atol=1e-15)
    assert sparse.values.abs().min() > 1e-3
    flat = (sparse.m1 * dense.shape[1] + sparse.m2) * dense.shape[2] + sparse.mu
    assert (flat.diff() > 0).all()


def test_small_coefficients_are_kept():
    """At high orders the smallest ones stay far above the rounding that is dropped."""
    for orders in [(8, 8, 8), (12, 12, 24), (10, 12, 17)]:
        sparse, dense = sparse_clebsch_gordan(*orders), clebsch_gordan(*orders)
        assert sparse.values.abs().min() > 1e-8
        dense[sparse.m1, sparse.m2, sparse.mu] = 0.0
        assert dense.abs().max() < 1e-16


def test_a_caller_may_change_its_copy():
    clebsch_gordan(1, 1, 2).zero_()
    sparse_clebsch_gordan(1, 1, 2).values.zero_()
    assert clebsch_gordan(1, 1, 2)[1, 1, 2] > 0.8


@pytest.mark.parametrize("orders", [(1, 1, 3), (3, 1, 1), (-1, 1, 1)])
def test_no_triangle(orders):
    for function in [clebsch_gordan, sparse_clebsch_gordan]:
        with pytest.raises(ValueError, match=r"\|l1 - l2\| <= o3_lambda <= l1 \+ l2"):
            function(*orders)
