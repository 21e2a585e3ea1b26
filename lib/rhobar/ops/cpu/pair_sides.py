"""The two sides of all pairs of environments, as the compiled loops read them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from .center_tiles import tile_for
from .compilation import compiled_part
from .pair_lanes import PAIRS, overlap_lanes

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


class PairRows(NamedTuple):
    """Environments one by one."""

    values: Array
    """``(environment * lm * channel,)``"""
    stride: int
    """numbers of an environment"""
    ranges: Integers
    """pairs of first and last channel where an environment has any density"""
    range_ptr: Integers
    """``(environment + 1,)``"""
    group: Integers
    """``(environment,)``, row of the result, not decreasing"""


class PairColumns(NamedTuple):
    """Environments 32 at a time."""

    values: Array
    """``(tile * lm * channel * 32,)``"""
    stride: int
    """numbers of a tile"""
    n_channels: int
    group: Integers
    """``(environment,)``, column of the result, not decreasing"""


def pair_rows(values: Tensor, group: Tensor) -> PairRows:
    """
    Environments one by one, with the channels in which they have any density.

    :param values: ``(environment, lm, channel)``
    """
    array = values.detach().contiguous().numpy()
    used = np.zeros((len(array), array.shape[2] + 2), dtype=np.int8)
    used[:, 1:-1] = (array != 0).any(axis=1)
    environment, start = np.nonzero(np.diff(used, axis=1) > 0)
    _, stop = np.nonzero(np.diff(used, axis=1) < 0)
    counts = np.bincount(environment, minlength=len(array))
    return PairRows(
        values=array.reshape(-1),
        stride=array.shape[1] * array.shape[2],
        ranges=np.stack([start, stop], axis=1).reshape(-1),
        range_ptr=np.concatenate([[0], np.cumsum(counts)]),
        group=group.contiguous().numpy(),
    )


def pair_columns(values: Tensor, group: Tensor) -> PairColumns:
    """Environments ``(environment, lm, channel)`` 32 at a time, the last ones filled by zeros."""
    array = values.detach().numpy()
    n, n_lm, n_channels = array.shape
    n_tiles = -(-n // PAIRS)
    packed = tile_for(n_tiles * n_lm * n_channels * PAIRS)
    tiles = packed.reshape(n_tiles, n_lm, n_channels, PAIRS)
    for tile in range(n_tiles):
        part = array[tile * PAIRS : (tile + 1) * PAIRS]
        tiles[tile, :, :, : len(part)] = np.moveaxis(part, 0, -1)
    return PairColumns(packed, n_lm * n_channels * PAIRS, n_channels, group.contiguous().numpy())


@compiled_part
def pair_overlaps(
    rows: PairRows,
    row: int,
    columns: PairColumns,
    tile: int,
    orders: tuple[int, ...],
    slots: Array,
) -> None:
    """Overlaps of one environment with the 32 of a tile, in the first of ``slots``."""
    overlap_lanes(
        rows.values,
        row * rows.stride,
        columns.values,
        tile * columns.stride,
        columns.n_channels,
        rows.ranges,
        rows.range_ptr[row],
        rows.range_ptr[row + 1],
        orders,
        slots,
    )
