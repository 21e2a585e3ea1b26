"""Which products NICE makes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from rhobar.descriptors import (
    Expansion,
    Nice,
    NiceBlock,
)
from rhobar.descriptors.nice.selection import (
    block_number,
    block_symmetry,
    chosen_pairs,
    couplings_of,
)
from tests.descriptors.nice_on_methane import (
    CARBON,
    FRAMES,
    HYPERS,
)


def importances(seed: int, sizes: dict[tuple[int, int], int]) -> list[torch.Tensor]:
    generator = np.random.default_rng(seed)
    order = [torch.zeros(0).double()] * 6
    for (o3_lambda, o3_sigma), size in sizes.items():
        values = np.sort(generator.uniform(size=size))[::-1].copy()
        order[block_number(o3_lambda, o3_sigma)] = torch.from_numpy(values / values.sum())
    return order


def test_pairs_are_those_of_largest_products() -> None:
    left = importances(1, {(0, 1): 4, (1, 1): 5, (1, -1): 3, (2, 1): 4, (2, -1): 2})
    right = importances(2, {(0, 1): 3, (1, 1): 3, (2, 1): 2})
    everything: dict[int, list] = {1: [], -1: []}
    for a, b in itertools.product(range(6), range(6)):
        (la, sa), (lb, sb) = block_symmetry(a), block_symmetry(b)
        parity = sa * sb * (-1) ** (la + lb)
        for i, j in itertools.product(range(len(left[a])), range(len(right[b]))):
            everything[parity].append((float(left[a][i] * right[b][j]), a, i, b, j))
    found = {
        (p.left, i, p.right, j)
        for p in chosen_pairs(left, right, Expansion(20), invariants=False, unordered=False)
        for i, j in zip(p.first.tolist(), p.second.tolist(), strict=True)
    }
    expected = set()
    for members in everything.values():
        expected |= {x[1:] for x in sorted(members, reverse=True)[:20]}
    assert found == expected


def test_ties_are_kept_and_zeros_are_not() -> None:
    weights = [torch.tensor([0.5, 0.25, 0.25, 0.0, 1e-16]).double(), torch.zeros(0).double()]
    for count, expected in [(1, 1), (2, 5), (5, 5), (6, 9), (100, 9), (None, 9)]:
        pairs = chosen_pairs(weights, weights, Expansion(count), invariants=True, unordered=False)
        assert sum(len(p.first) for p in pairs) == expected


def test_unordered_pairs_stand_for_two() -> None:
    """λ = 1 of two vectors: the symmetric part vanishes, (i, j) and (j, i) differ by a sign."""
    order = importances(3, {(0, 1): 2, (1, 1): 3})
    pairs = chosen_pairs(order, order, Expansion(), invariants=False, unordered=True)
    couplings, numbers, factors = couplings_of(pairs, 1, proper=False, unordered=True)
    sizes = {block_symmetry(n): len(f) for n, f in zip(numbers, factors, strict=True)}
    # 0⊗0: 3 scalars; 0⊗1: 6 vectors; 1⊗1: 6 scalars and 3 pseudovectors
    assert sizes == {(0, 1): 3 + 6, (1, 1): 6, (1, -1): 3}
    assert sorted(factors[0].tolist()) == pytest.approx([1] * 5 + [2**0.5] * 4)
    assert {(c.left, c.right) for c in couplings} == {(0, 0), (0, 2), (2, 2)}


def test_absolute_importances_choose_other_products() -> None:
    chosen = []
    for importance in ("normalized", "absolute"):
        block = NiceBlock(Expansion(5), importance=importance)
        nice = Nice(**HYPERS, l_max=2, nu_max=2, blocks=[block])
        nice.fit(FRAMES, selected_samples=CARBON)
        step = nice.sequences[0].iterations[0].covariant
        chosen.append({tuple(row[3:]) for row in step.couplings.tolist()})
    assert chosen[0] != chosen[1]
