"""Couplings on tiles of 16 centers, one after the other, without leaving the caches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from rhobar.ops.coupling import Coupling

from .center_tiles import TILE, Blocks, blocks_of, load_tile, size_of, tile_for
from .coupling_plan import CouplingPlan, couple_tile, coupling_plan, most_terms

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


class Scratch(NamedTuple):
    """Memory of one thread."""

    left: Array
    right: Array
    products: list[Array]
    """one tile for each step; lanes and places that no step writes are zero"""
    terms: Array


@dataclass(frozen=True)
class TileChain:
    """Steps that couple the results of the step before, at first ``left``, with ``right``."""

    left: Blocks
    right: Blocks
    lower: Blocks
    """blocks that come before the products of the last step"""
    results: list[Blocks]
    """of each step, those before included; without addresses"""
    plans: list[CouplingPlan]
    n_centers: int
    tensors: list[Tensor]
    """kept alive, for blocks know addresses only"""

    @classmethod
    def of(
        cls,
        left: Sequence[Tensor],
        right: Sequence[Tensor],
        steps: Sequence[Sequence[Coupling]],
        *,
        n_out: int,
        lower: Sequence[Tensor] = (),
        multiple: int = 1,
    ) -> TileChain:
        """
        Plan the steps.

        :param n_out: output blocks of the last step
        :param multiple: round the features of each result up to this, with zeros
        :raises ValueError: for blocks, or couplings that do not fit to them
        """
        kept = [block.detach().contiguous() for block in (*left, *right, *lower)]
        _same_centers(kept)
        ends = [len(left), len(left) + len(right)]
        before = blocks_of(kept[: ends[0]])
        density = blocks_of(kept[ends[0] : ends[1]])
        given = blocks_of(kept[ends[1] :])
        chain = cls(before, density, given, [], [], len(kept[0]), kept)
        for number, step in enumerate(steps):
            last = number == len(steps) - 1
            count = n_out if last else max((c.out for c in step), default=-1) + 1
            given_here = given.features if last and len(lower) else np.zeros(count, dtype=np.int64)
            result = _result(step, given_here, multiple if last else 1)
            places = result.starts + given_here * result.components * TILE
            chain.plans.append(coupling_plan(before, density, step, places.tolist()))
            chain.results.append(result)
            before = result
        if len(lower):
            _check_lower(given, chain.results[-1])
            chain = cls(**{**vars(chain), "lower": given._replace(starts=before.starts)})
        return chain

    @property
    def tile_ptr(self) -> Integers:
        """``(tile + 1,)``, as cost for :func:`in_portions`: all tiles cost the same."""
        return np.arange(-(-self.n_centers // TILE) + 1)

    def scratch(self) -> Scratch:
        """Memory for :meth:`products`."""
        return Scratch(
            tile_for(size_of(self.left)),
            tile_for(size_of(self.right)),
            [tile_for(size_of(result)) for result in self.results],
            tile_for(max(most_terms(plan) for plan in self.plans)),
        )

    def products(self, scratch: Scratch, start: int) -> Array:
        """The tile of the last step for the centers from ``start`` on."""
        stop = min(start + TILE, self.n_centers)
        load_tile(self.left, start, stop, scratch.left)
        load_tile(self.right, start, stop, scratch.right)
        load_tile(self.lower, start, stop, scratch.products[-1])
        before = scratch.left
        for plan, products in zip(self.plans, scratch.products, strict=True):
            couple_tile(plan, before, scratch.right, products, scratch.terms)
            before = products
        return before


def _result(step: Sequence[Coupling], lower: Integers, multiple: int) -> Blocks:
    """Blocks of the products of one step, after ``lower`` features of other origin."""
    components = np.zeros(len(lower), dtype=np.int64)
    features = lower.copy()
    for c in step:
        if c.out >= len(lower) or components[c.out] not in (0, 2 * c.o3_lambda + 1):
            raise ValueError(
                f"a coupling to λ={c.o3_lambda} has out={c.out}: there are {len(lower)} output "
                "blocks, and each has one λ."
            )
        components[c.out] = 2 * c.o3_lambda + 1
        features[c.out] += c.first.shape[0]
    if np.any(components == 0):
        missing = int(np.argmin(components))
        raise ValueError(f"couple: no coupling has out={missing}; number output blocks densely.")
    features = -(-features // multiple) * multiple
    ends = np.cumsum(components * features * TILE)
    starts = np.concatenate([np.zeros(1, dtype=np.int64), ends])[:-1]
    return Blocks(np.zeros(0, dtype=np.int64), components, features, starts, np.zeros(0))


def _same_centers(blocks: Sequence[Tensor]) -> None:
    counts = sorted({len(block) for block in blocks})
    if len(counts) != 1:
        raise ValueError(f"blocks have different numbers of centers, {counts}; give all the same.")


def _check_lower(lower: Blocks, result: Blocks) -> None:
    if lower.components.tolist() != result.components.tolist():
        raise ValueError(
            f"lower= has blocks with {lower.components.tolist()} components, products have "
            f"{result.components.tolist()}."
        )
