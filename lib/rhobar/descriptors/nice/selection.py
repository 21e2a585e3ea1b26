"""Which products of two features are worth making: those whose importances are large."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rhobar.ops import Coupling, new_coupling

from .blocks import Expansion


class Pairs(NamedTuple):
    """Chosen pairs of features of one left and one right block."""

    left: int
    right: int
    first: NDArray[np.int64]
    second: NDArray[np.int64]


def block_number(o3_lambda: int, o3_sigma: int) -> int:
    """Place of a block in the list of one order: λ slowest, proper tensors first."""
    return 2 * o3_lambda + (0 if o3_sigma == 1 else 1)


def block_symmetry(number: int) -> tuple[int, int]:
    """λ and σ of the block at a place."""
    return number // 2, 1 - 2 * (number % 2)


def chosen_pairs(
    left: Sequence[Tensor],
    right: Sequence[Tensor],
    expansion: Expansion,
    *,
    invariants: bool,
    unordered: bool,
) -> list[Pairs]:
    r"""
    Pairs with :math:`w_i w_j \ge \theta`, one threshold for each inversion parity of the product.

    θ is the largest value that leaves ``num_expand`` pairs, so that pairs which tie with the last
    one are chosen too. Products of zero are never chosen.

    :param left: importances by :func:`block_number`, ``(feature,)``
    :param right: those of the density
    :param invariants: only pairs of equal symmetry, which couple to λ = 0, σ = 1
    :param unordered: left and right are the same features, and of (i, j), (j, i) one is wanted
    """
    classes: dict[int, list[tuple[int, int, NDArray[np.float64]]]] = {1: [], -1: []}
    for a, w_a in enumerate(left):
        for b, w_b in enumerate(right):
            if (invariants and a != b) or (unordered and a > b):
                continue
            products = np.multiply.outer(_without_rounding(w_a), _without_rounding(w_b))
            if unordered and a == b:
                products = np.triu(products)
            classes[_inversion(a) * _inversion(b)].append((a, b, products))
    pairs = []
    for members in classes.values():
        threshold = _threshold([products for _, _, products in members], expansion.num_expand)
        for a, b, products in members:
            first, second = np.nonzero((products >= threshold) & (products > 0))
            if len(first):
                pairs.append(Pairs(a, b, first, second))
    return pairs


def couplings_of(
    pairs: Sequence[Pairs], l_max: int, *, proper: bool, unordered: bool
) -> tuple[list[Coupling], list[int], list[Tensor]]:
    """
    All couplings of the pairs up to ``l_max``.

    :param proper: only those to proper tensors, σ = 1
    :returns: couplings; :func:`block_number` of each of their outputs; and per output the factors
        ``(product,)`` of its products: √2 for one that stands for two
    """
    planned: dict[int, list[tuple[Pairs, NDArray[np.bool_], NDArray[np.float64]]]] = {}
    for pair in pairs:
        (l_left, s_left), (l_right, s_right) = map(block_symmetry, (pair.left, pair.right))
        same = (pair.first == pair.second) & (pair.left == pair.right) & unordered
        factors = np.where(same | (not unordered), 1.0, np.sqrt(2.0))
        for o3_lambda in range(abs(l_left - l_right), min(l_left + l_right, l_max) + 1):
            odd = (l_left + l_right + o3_lambda) % 2 == 1
            o3_sigma = s_left * s_right * (-1 if odd else 1)
            number = block_number(o3_lambda, o3_sigma)
            # the product of a feature with itself has no antisymmetric part
            kept = ~(same & odd)
            if kept.any() and (o3_sigma == 1 or not proper):
                planned.setdefault(number, []).append((pair, kept, factors[kept]))
    numbers = sorted(planned)
    couplings, scales = [], []
    for out, number in enumerate(numbers):
        for pair, kept, _ in planned[number]:
            coupling = new_coupling(
                left=pair.left,
                right=pair.right,
                out=out,
                l_left=pair.left // 2,
                l_right=pair.right // 2,
                o3_lambda=number // 2,
                first=torch.from_numpy(pair.first[kept]),
                second=torch.from_numpy(pair.second[kept]),
            )
            couplings.append(coupling)
        scales.append(torch.from_numpy(np.concatenate([f for _, _, f in planned[number]])))
    return couplings, numbers, scales


def _without_rounding(importances: Tensor) -> NDArray[np.float64]:
    """Importances, where those below 1e-14 of the largest one are zero."""
    values = importances.numpy()
    return np.where(values > 1e-14 * values.max(initial=0.0), values, 0.0)


def _inversion(number: int) -> int:
    """Sign of a block under inversion of the structure, σ (-1)^λ."""
    o3_lambda, o3_sigma = block_symmetry(number)
    return o3_sigma * (-1) ** o3_lambda


def _threshold(products: Sequence[NDArray[np.float64]], count: int | None) -> float:
    """The largest value that at least ``count`` positive products reach; 0 where all do."""
    if count is None or not products:
        return 0.0
    values = np.concatenate([p[p > 0] for p in products])
    if len(values) <= count:
        return 0.0
    return float(np.partition(values, len(values) - count)[len(values) - count])
