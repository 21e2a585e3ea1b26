"""Reverse mode of the couplings in :mod:`.coupling`: derivatives of something by the features."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rhobar.ops.correlations import n_blocks
from rhobar.ops.coupling import Coupling

from .center_tiles import TILE, Blocks, blocks_of, load_tile, size_of, store_tile, tile_for
from .chunks import in_portions
from .contraction import contract_tile, padded_matrices
from .lane_sums import COMPONENTS
from .reverse_plan import most_sums, reverse_plan, reverse_tile
from .tile_chain import TileChain

Array = NDArray[np.float64]

Loaded = Callable[[int, int, Array], None]
"""Fills a tile with the derivatives by the products of the centers start:stop."""


def correlations_backward(
    density: Sequence[Tensor],
    steps: Sequence[Sequence[Coupling]],
    gradients: Sequence[Tensor],
    *,
    num_threads: int = 1,
) -> list[Tensor]:
    """
    Derivatives by the density.

    :param gradients: by the results of :func:`correlations`, of their shapes
    :returns: blocks like those of ``density``, float64
    """
    chain = TileChain.of(density, density, steps, n_out=n_blocks(list(steps[-1])))
    kept = [block.detach().contiguous() for block in gradients]
    blocks = blocks_of(kept, chain.results[-1].starts.tolist())
    lefts, rights = _backward(
        chain, lambda: lambda start, stop, tile: load_tile(blocks, start, stop, tile), num_threads
    )
    return [a + b for a, b in zip(lefts, rights, strict=True)]


def couple_contracted_backward(
    left: Sequence[Tensor],
    right: Sequence[Tensor],
    couplings: Sequence[Coupling],
    matrices: Sequence[Tensor],
    gradients: Sequence[Tensor],
    *,
    num_threads: int = 1,
) -> tuple[list[Tensor], list[Tensor]]:
    """
    Derivatives by the left and by the right blocks; products are of a tile at a time.

    :param gradients: by the results of :func:`couple_contracted`, of their shapes
    :returns: blocks like ``left`` and like ``right``, float64
    """
    chain = TileChain.of(left, right, [couplings], n_out=len(matrices), multiple=COMPONENTS)
    products = chain.results[-1]
    kept = [block.detach().contiguous() for block in gradients]
    given = blocks_of(kept)
    turned = [matrix.detach().T.contiguous() for matrix in matrices]
    weights, places = padded_matrices(turned, given.features)

    def new_source() -> Loaded:
        tile_of_components = tile_for(size_of(given))

        def load(start: int, stop: int, tile: Array) -> None:
            load_tile(given, start, stop, tile_of_components)
            contract_tile(
                tile_of_components, given, weights, places, products.features, tile, products
            )

        return load

    return _backward(chain, new_source, num_threads)


def _backward(
    chain: TileChain, new_source: Callable[[], Loaded], num_threads: int
) -> tuple[list[Tensor], list[Tensor]]:
    """Derivatives by the left and the right blocks of a chain."""
    reverses = [reverse_plan(plan) for plan in chain.plans]
    most = max(most_sums(plan) for plan in chain.plans)
    out = [_like(chain, blocks) for blocks in (chain.left, chain.right)]
    left_out, right_out = (
        blocks_of(tensors, blocks.starts.tolist())
        for tensors, blocks in zip(out, (chain.left, chain.right), strict=True)
    )

    def loop(first: int, last: int) -> None:
        scratch, source = chain.scratch(), new_source()
        tiles = [scratch.left, *scratch.products]
        gradients = [np.zeros_like(tile) for tile in tiles]
        right, places = np.zeros_like(scratch.right), np.zeros(most, dtype=np.int64)
        for start in range(first * TILE, last * TILE, TILE):
            stop = min(start + TILE, chain.n_centers)
            chain.products(scratch, start)
            for gradient in (*gradients[:-1], right):
                gradient[:] = 0.0
            source(start, stop, gradients[-1])
            for k in reversed(range(len(chain.plans))):
                reverse_tile(
                    chain.plans[k],
                    reverses[k],
                    tiles[k],
                    scratch.right,
                    gradients[k + 1],
                    gradients[k],
                    right,
                    places,
                )
            store_tile(gradients[0], start, stop, left_out)
            store_tile(right, start, stop, right_out)

    in_portions(loop, chain.tile_ptr, num_threads)
    return out[0], out[1]


def _like(chain: TileChain, blocks: Blocks) -> list[Tensor]:
    """Memory for float64 blocks of the same shapes."""
    sizes = zip(blocks.components.tolist(), blocks.features.tolist(), strict=True)
    return [torch.from_numpy(np.empty((chain.n_centers, n_m, n_f))) for n_m, n_f in sizes]
