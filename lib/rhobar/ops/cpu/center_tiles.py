"""
Blocks of a few centers at a time, with the center as the innermost index.

A tile holds the blocks ``(center, 2 l + 1, feature)`` of 16 centers one after the other, each as
``(feature, 2 l + 1, 16)``. What is done to a number of one center is then done to those of all by
vector instructions. Lanes without a center are zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .addresses import read, write
from .compilation import compiled
from .lanes import WIDTH
from .squares import load_square, store_square

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

TILE = 16
"""Centers in a tile: two vectors, so that sums of two hide each other's latency."""


class Blocks(NamedTuple):
    """Where the numbers of some blocks are, outside and inside of a tile."""

    addresses: Integers
    """``(block,)``"""
    components: Integers
    """``(block,)``, 2 l + 1"""
    features: Integers
    """``(block,)``"""
    starts: Integers
    """``(block,)``, first number of the block in a tile"""
    kind: Array
    """an empty array of the type of the blocks"""


def blocks_of(tensors: Sequence[Tensor], starts: Sequence[int] | None = None) -> Blocks:
    """
    Describe ``tensors`` ``(center, 2 l + 1, feature)``, which the caller keeps alive.

    :param starts: of the blocks in a tile; by default one block follows the other
    :raises ValueError: for other than contiguous CPU tensors of one dtype and number of centers
    """
    for number, tensor in enumerate(tensors):
        usable = (
            tensor.ndim == 3
            and tensor.device.type == "cpu"
            and tensor.is_contiguous()
            and tensor.dtype in (torch.float64, torch.float32)
            and (tensor.dtype, len(tensor)) == (tensors[0].dtype, len(tensors[0]))
        )
        if not usable:
            raise ValueError(
                f"block {number} of shape {tuple(tensor.shape)}, {tensor.dtype}, on "
                f"{tensor.device}: contiguous blocks (center, 2 l + 1, feature) on the CPU, all "
                "with the same centers and all float64 or all float32, are due."
            )
    sizes = [TILE * tensor.shape[1] * tensor.shape[2] for tensor in tensors]
    places = np.cumsum([0, *sizes])[:-1] if starts is None else starts
    return Blocks(
        addresses=np.array([tensor.data_ptr() for tensor in tensors], dtype=np.int64),
        components=np.array([tensor.shape[1] for tensor in tensors], dtype=np.int64),
        features=np.array([tensor.shape[2] for tensor in tensors], dtype=np.int64),
        starts=np.asarray(places, dtype=np.int64),
        kind=torch.empty(0, dtype=tensors[0].dtype if tensors else torch.float64).numpy(),
    )


def tile_for(size: int) -> Array:
    """Memory for ``size`` numbers, zero, at the start of a cache line."""
    memory = np.zeros(size + 8)
    start = -memory.ctypes.data % 64 // 8
    return memory[start : start + size]


def size_of(blocks: Blocks) -> int:
    """Numbers of a tile that ends with the last of some blocks."""
    return int(np.max(blocks.starts + TILE * blocks.components * blocks.features, initial=0))


@compiled
def load_tile(blocks: Blocks, start: int, stop: int, tile: Array) -> None:
    """Copy the centers ``start:stop``, at most 16, into a tile."""
    for b in range(len(blocks.addresses)):
        n_m, n_f, address = blocks.components[b], blocks.features[b], blocks.addresses[b]
        step = n_m * TILE
        whole = n_f // WIDTH * WIDTH if stop - start == TILE else 0
        for m in range(n_m):
            place = blocks.starts[b] + m * TILE
            source = (start * n_m + m) * n_f
            for f in range(0, whole, WIDTH):
                for k in range(0, TILE, WIDTH):
                    load_square(
                        blocks.kind,
                        address,
                        source + k * n_m * n_f + f,
                        n_m * n_f,
                        tile,
                        place + f * step + k,
                        step,
                    )
            for f in range(whole, n_f):
                for k in range(TILE):
                    value = 0.0
                    if start + k < stop:
                        value = np.float64(read(blocks.kind, address, source + k * n_m * n_f + f))
                    tile[place + f * step + k] = value


@compiled
def store_tile(tile: Array, start: int, stop: int, blocks: Blocks) -> None:
    """Copy the centers ``start:stop`` out of a tile."""
    one = np.zeros(1, blocks.kind.dtype)
    for b in range(len(blocks.addresses)):
        n_m, n_f, address = blocks.components[b], blocks.features[b], blocks.addresses[b]
        step = n_m * TILE
        whole = n_f // WIDTH * WIDTH if stop - start == TILE else 0
        for m in range(n_m):
            place = blocks.starts[b] + m * TILE
            target = (start * n_m + m) * n_f
            for f in range(0, whole, WIDTH):
                for k in range(0, TILE, WIDTH):
                    store_square(
                        tile,
                        place + f * step + k,
                        step,
                        blocks.kind,
                        address,
                        target + k * n_m * n_f + f,
                        n_m * n_f,
                    )
            for f in range(whole, n_f):
                for k in range(stop - start):
                    one[0] = tile[place + f * step + k]
                    write(blocks.kind, address, target + k * n_m * n_f + f, one[0])
