"""Memory of results: allocated for speed, checked before loops write to it by address."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .compilation import compiled
from .rows import SpectrumRows

Integers = NDArray[np.int64]

_LINE = 64  # bytes of a cache line
# Results beyond this size are stored past the caches, which could not keep them anyway.
_STREAMED = 8 * 2**20


def allocate(
    block_ptr: Integers, shape: tuple[int, ...], dtype: torch.dtype = torch.float64
) -> list[Tensor]:
    """
    Uninitialised tensors, one per block, ``(block_ptr[b + 1] - block_ptr[b], *shape)``.

    They are parts of one allocation by numpy, which asks the system for large pages: touching new
    memory costs half as much then. It is freed when the last of them is.
    """
    kind = torch.empty(0, dtype=dtype).numpy().dtype
    width = int(np.prod(shape))
    total = int(block_ptr[-1]) * width * kind.itemsize
    memory = np.empty(total + _LINE, dtype=np.uint8)
    start = -memory.ctypes.data % _LINE
    rows = memory[start : start + total].view(kind).reshape(-1, *shape)
    return [torch.from_numpy(rows[first:last]) for first, last in pairwise(block_ptr.tolist())]


def row_addresses(tensors: Sequence[Tensor], block_ptr: Integers, width: int) -> Integers:
    """
    Address of each row of the blocks, ``(row,)``.

    :param width: numbers in a row
    :raises ValueError: if a tensor is not what the loops would write to
    """
    if len(tensors) != len(block_ptr) - 1:
        raise ValueError(f"expected {len(block_ptr) - 1} blocks, got {len(tensors)}.")
    dtype = tensors[0].dtype if tensors else torch.float64
    sizes = np.diff(block_ptr)
    for number, (tensor, size) in enumerate(zip(tensors, sizes.tolist(), strict=True)):
        usable = tensor.dtype == dtype and tensor.is_contiguous() and tensor.device.type == "cpu"
        if not usable or len(tensor) != size or tensor.numel() != size * width:
            raise ValueError(
                f"block {number}: expected a contiguous {dtype} tensor on the CPU with {size} "
                f"rows of {width} numbers, got {tuple(tensor.shape)} {tensor.dtype} on "
                f"{tensor.device}."
            )
    starts = np.array([tensor.data_ptr() for tensor in tensors], dtype=np.int64)
    addresses = np.empty(int(block_ptr[-1]), dtype=np.int64)
    _fill_addresses(starts, block_ptr, width * dtype.itemsize, addresses)
    return addresses


def entry_addresses(tensors: Sequence[Tensor], rows: SpectrumRows, width: int) -> Integers:
    """
    Address of the row of each entry, ``(entry,)``; 0 where it has none.

    :raises ValueError: as :func:`row_addresses`
    """
    addresses = np.empty(len(rows.entry_row), dtype=np.int64)
    _choose(row_addresses(tensors, rows.block_ptr, width), rows.entry_row, addresses)
    return addresses


@compiled
def _fill_addresses(
    starts: Integers, block_ptr: Integers, row_bytes: int, addresses: Integers
) -> None:
    """Rows of each block follow each other."""
    for block in range(len(starts)):
        for row in range(block_ptr[block], block_ptr[block + 1]):
            addresses[row] = starts[block] + (row - block_ptr[block]) * row_bytes


@compiled
def _choose(row_address: Integers, entry_row: Integers, addresses: Integers) -> None:
    """In one pass, since new memory takes longer to get than to fill."""
    for entry in range(len(entry_row)):
        row = entry_row[entry]
        addresses[entry] = row_address[row] if row >= 0 else 0


def streams(tensors: Sequence[Tensor], n_radial: int) -> bool:
    """Whether rows ``(…, n_radial)`` of all tensors can, and should, be stored past the caches."""
    if not tensors or sum(tensor.nbytes for tensor in tensors) < _STREAMED:
        return False
    vector_bytes = min(n_radial, 8) * tensors[0].element_size()
    # whole vectors only, each at a multiple of its own size
    fits = n_radial % 8 == 0 or n_radial == 4
    return fits and all(tensor.data_ptr() % vector_bytes == 0 for tensor in tensors)
