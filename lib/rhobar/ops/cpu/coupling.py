"""Products of equivariant features on tiles of 16 centers: see :mod:`rhobar.ops.coupling`."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rhobar.ops.correlations import n_blocks
from rhobar.ops.coupling import Coupling

from .center_tiles import TILE, Blocks, blocks_of, store_tile, tile_for
from .chunks import in_portions
from .compilation import compiled
from .contraction import contract_tile, padded_matrices
from .lane_sums import COLUMNS, COMPONENTS, ROWS, gram_lanes
from .tile_chain import TileChain

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

# Centers whose Gram matrices are added at once: fixed, so that threads do not change the rounding.
_GRAM_PORTION = 32 * TILE


def couple(
    left: Sequence[Tensor],
    right: Sequence[Tensor],
    couplings: Sequence[Coupling],
    n_out: int,
    *,
    num_threads: int = 1,
) -> list[Tensor]:
    """
    :func:`rhobar.ops.couple`, compiled; in the dtype of the blocks, computed in float64.

    :raises ValueError: as the reference, and for couplings that do not fit to the blocks
    """
    chain = TileChain.of(left, right, [couplings], n_out=n_out)
    return _stored(chain, left[0].dtype, num_threads)


def correlations(
    density: Sequence[Tensor], steps: Sequence[Sequence[Coupling]], *, num_threads: int = 1
) -> list[Tensor]:
    """
    :func:`rhobar.ops.correlations`, compiled; products of intermediate steps stay in the caches.

    Needs scratch memory for the products of all steps of 16 centers a thread, in float64.

    :raises ValueError: as the reference, and for couplings that do not fit to the blocks
    """
    chain = TileChain.of(density, density, steps, n_out=n_blocks(list(steps[-1])))
    return _stored(chain, density[0].dtype, num_threads)


def correlation_slopes(
    density: Sequence[Tensor],
    slopes: Sequence[Tensor],
    steps: Sequence[Sequence[Coupling]],
    *,
    num_threads: int = 1,
) -> list[Tensor]:
    """
    :func:`rhobar.ops.correlation_slopes`, compiled.

    :raises ValueError: as the reference, and for couplings that do not fit to the blocks
    """
    left, change = density, slopes
    for number, step in enumerate(steps):
        n_out = n_blocks(list(step))
        of_left = couple(change, density, step, n_out, num_threads=num_threads)
        of_right = couple(left, slopes, step, n_out, num_threads=num_threads)
        change = [a.add_(b) for a, b in zip(of_left, of_right, strict=True)]
        if number < len(steps) - 1:
            left = couple(left, density, step, n_out, num_threads=num_threads)
    return list(change)


def couple_contracted(
    left: Sequence[Tensor],
    right: Sequence[Tensor],
    couplings: Sequence[Coupling],
    matrices: Sequence[Tensor],
    *,
    num_threads: int = 1,
) -> list[Tensor]:
    """
    :func:`rhobar.ops.couple_contracted`, compiled: products meet their matrix in the caches.

    Needs scratch memory for the products of 16 centers a thread, in float64.

    :raises ValueError: as the reference, and for couplings or matrices that do not fit
    """
    chain = TileChain.of(left, right, [couplings], n_out=len(matrices))
    products = chain.results[-1]
    weights, places = padded_matrices(matrices, products.features)
    widths = np.array([matrix.shape[1] for matrix in matrices], dtype=np.int64)
    padded = -(-widths // COMPONENTS) * COMPONENTS
    sizes = products.components * padded * TILE
    starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])
    out = _empty(chain, widths, left[0].dtype)
    results = blocks_of(out, starts[:-1].tolist())

    def loop(first: int, last: int) -> None:
        scratch, components = chain.scratch(), tile_for(int(starts[-1]))
        for start in range(first * TILE, last * TILE, TILE):
            tile = chain.products(scratch, start)
            contract_tile(tile, products, weights, places, padded, components, results)
            store_tile(components, start, min(start + TILE, chain.n_centers), results)

    in_portions(loop, chain.tile_ptr, num_threads)
    return out


def coupled_gram(
    left: Sequence[Tensor],
    right: Sequence[Tensor],
    couplings: Sequence[Coupling],
    lower: Sequence[Tensor],
    *,
    num_threads: int = 1,
) -> list[Tensor]:
    """
    :func:`rhobar.ops.coupled_gram`, compiled; sums in float64, whatever the dtype of the blocks.

    Needs scratch memory for the products of 16 centers, and for all Gram matrices, a thread.

    :raises ValueError: as the reference, and for couplings or blocks that do not fit
    """
    chain = TileChain.of(left, right, [couplings], n_out=len(lower), lower=lower, multiple=COLUMNS)
    features = chain.results[-1]
    ends = np.cumsum(features.features**2)
    places = np.concatenate([np.zeros(1, dtype=np.int64), ends])

    def gram(first: int) -> Array:
        total, scratch = tile_for(int(places[-1])), chain.scratch()
        for start in range(first, min(first + _GRAM_PORTION, chain.n_centers), TILE):
            _add_gram(chain.products(scratch, start), features, total, places)
        return total

    total = tile_for(int(places[-1]))
    firsts = range(0, chain.n_centers, _GRAM_PORTION)
    with ThreadPoolExecutor(num_threads) as pool:
        for wave in range(0, len(firsts), num_threads):
            for part in pool.map(gram, firsts[wave : wave + num_threads]):
                total += part
    sizes = [
        block.shape[2] + sum(c.first.shape[0] for c in couplings if c.out == number)
        for number, block in enumerate(lower)
    ]
    return [
        _symmetric(total[start:stop], size, left[0].dtype)
        for start, stop, size in zip(places, places[1:], sizes, strict=False)
    ]


def _stored(chain: TileChain, dtype: torch.dtype, num_threads: int) -> list[Tensor]:
    """All products."""
    products = chain.results[-1]
    out = _empty(chain, products.features, dtype)
    results = blocks_of(out, products.starts.tolist())

    def loop(first: int, last: int) -> None:
        scratch = chain.scratch()
        for start in range(first * TILE, last * TILE, TILE):
            tile = chain.products(scratch, start)
            store_tile(tile, start, min(start + TILE, chain.n_centers), results)

    in_portions(loop, chain.tile_ptr, num_threads)
    return out


def _empty(chain: TileChain, widths: Integers, dtype: torch.dtype) -> list[Tensor]:
    """Memory for results with so many features; numpy asks the system for large pages."""
    kind = torch.empty(0, dtype=dtype).numpy().dtype
    sizes = zip(chain.results[-1].components.tolist(), widths.tolist(), strict=True)
    shapes = [(chain.n_centers, n_m, width) for n_m, width in sizes]
    return [torch.from_numpy(np.empty(shape, kind)) for shape in shapes]


def _symmetric(gram: Array, size: int, dtype: torch.dtype) -> Tensor:
    """From what was summed, above the diagonal and some below."""
    width = round(len(gram) ** 0.5)
    upper = torch.from_numpy(gram.reshape(width, width)[:size, :size]).triu()
    return (upper + upper.triu(1).T).to(dtype)


@compiled
def _add_gram(tile: Array, features: Blocks, total: Array, places: Integers) -> None:
    """Scalar products of the features of a tile, at and above the diagonal."""
    for b in range(len(features.starts)):
        step, width = features.components[b] * TILE, features.features[b]
        for i in range(0, width, ROWS):
            for j in range(i // COLUMNS * COLUMNS, width, COLUMNS):
                gram_lanes(
                    tile,
                    features.starts[b] + i * step,
                    features.starts[b] + j * step,
                    step,
                    total,
                    places[b] + i * width + j,
                    width,
                )
