"""Couplings of equal factors: how many are independent, and what they keep."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from rhobar.math import clebsch_gordan, coupling_paths, symmetrized_paths


def values(vectors: list[np.ndarray], path: tuple[int, ...]) -> np.ndarray:
    """A product of vectors, coupled along a path: ``(mu,)``."""
    result, k = vectors[0], len(vectors[0]) // 2
    for vector, coupled in zip(vectors[1:], path, strict=True):
        table = clebsch_gordan(k, len(vector) // 2, coupled).numpy()
        result, k = np.einsum("a,b,abm->m", result, vector, table), coupled
    return result


def factors(orders: tuple[int, ...], equal: tuple[bool, ...], seed: int) -> list[np.ndarray]:
    """Random vectors, the same where they are said to be equal."""
    generator = np.random.default_rng(seed)
    found: list[np.ndarray] = []
    for l, same in zip(orders, (False, *equal), strict=True):
        found.append(found[-1] if same else generator.standard_normal(2 * l + 1))
    return found


def patterns(orders: tuple[int, ...]) -> list[tuple[bool, ...]]:
    choices = [(False, True) if a == b else (False,) for a, b in itertools.pairwise(orders)]
    return list(itertools.product(*choices))


CASES = [
    (orders, equal, o3_lambda)
    for orders in [(1, 1), (2, 2), (1, 1, 1), (1, 2, 2), (2, 2, 2), (3, 3, 3), (1, 1, 2, 2)]
    for equal in patterns(orders)
    for o3_lambda in range(5)
]


@pytest.mark.parametrize(("orders", "equal", "o3_lambda"), CASES)
def test_as_many_paths_as_there_are_independent_values(orders, equal, o3_lambda) -> None:
    every = coupling_paths(orders, o3_lambda)
    kept = symmetrized_paths(orders, equal, o3_lambda).paths
    assert set(kept) <= set(every)
    if not every:
        return
    sampled = [factors(orders, equal, seed) for seed in range(40)]
    table = np.stack([[values(x, path)[0] for path in every] for x in sampled])
    assert len(kept) == np.linalg.matrix_rank(table, tol=1e-9)
    if kept:
        chosen = table[:, [every.index(path) for path in kept]]
        assert np.linalg.matrix_rank(chosen, tol=1e-9) == len(kept)


@pytest.mark.parametrize(("orders", "equal", "o3_lambda"), CASES)
def test_norm_is_that_of_all_orders_of_the_factors(orders, equal, o3_lambda) -> None:
    """Sums over all distinguishable orders of the factors and all paths are kept."""
    vectors = factors(orders, equal, seed=1)
    names = np.cumsum([0, *(not same for same in equal)]).tolist()
    expected = 0.0
    for order in set(itertools.permutations(names)):
        permuted = [vectors[names.index(name)] for name in order]
        lengths = tuple(len(vector) // 2 for vector in permuted)
        for path in coupling_paths(lengths, o3_lambda):
            expected += float(np.sum(values(permuted, path) ** 2))
    found = symmetrized_paths(orders, equal, o3_lambda)
    products = np.array([values(vectors, path) for path in found.paths])
    mixed = found.mixing @ products if len(products) else products
    assert np.sum(mixed**2) == pytest.approx(expected, rel=1e-11)


def test_paths_obey_triangles_and_the_limit() -> None:
    assert coupling_paths((2,), 2) == ((),)
    assert coupling_paths((2,), 1) == ()
    assert coupling_paths((1, 1, 1), 0) == ((1, 0),)
    assert coupling_paths((2, 2, 2, 2), 0, k_max=2) == ((0, 2, 0), (1, 2, 0), (2, 2, 0))
    assert len(coupling_paths((2, 2, 2, 2), 0)) == 5


def test_three_equal_vectors_have_one_vector() -> None:
    """(c · c) c, whose length is that of c cubed: the closed form of the docstring's example."""
    found = symmetrized_paths((1, 1, 1), (True, True), 1)
    c = np.array([0.3, -1.2, 0.7])
    vector = found.mixing[0, 0] * values([c, c, c], found.paths[0])
    np.testing.assert_allclose(np.linalg.norm(vector), math.sqrt(0.6) * np.dot(c, c) ** 1.5)


def test_equal_factors_have_equal_orders() -> None:
    with pytest.raises(ValueError, match="cannot be equal"):
        symmetrized_paths((1, 2), (True,), 1)
