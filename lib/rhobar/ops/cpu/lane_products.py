"""Sums of products of rows of channels, 16 channels at a time, as vector instructions."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numpy.typing import NDArray

from .center_tiles import TILE
from .compilation import compiled_part, emitted
from .lane_sums import PARTS
from .lanes import WIDTH, Lanes, vector

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@compiled_part
def sum_rows(
    left: Array,
    right: Array,
    shift: int,
    places: Integers,
    start: int,
    stop: int,
    n_channels: int,
    out: Array,
    place: int,
) -> None:
    r"""
    ``out[place + k]`` :math:`= \sum_t` ``left[t, k] * right[shift + places[t], k]``.

    Sums run over t in start:stop. Rows lie one after the other in flat arrays, ``shift`` counts
    rows and ``place`` numbers.
    """
    whole = n_channels // TILE * TILE
    for k in range(0, whole, TILE):
        _sum_lanes(
            left, k, right, shift * n_channels + k, places, start, stop, n_channels, out, place + k
        )
    for k in range(whole, n_channels):
        total = left[start * n_channels + k] * right[(shift + places[start]) * n_channels + k]
        for t in range(start + 1, stop):
            total += left[t * n_channels + k] * right[(shift + places[t]) * n_channels + k]
        out[place + k] = total


@emitted
def _sum_lanes(
    typing_context: Any,
    left: Any,
    a: Any,
    right: Any,
    b: Any,
    places: Any,
    start: Any,
    stop: Any,
    stride: Any,
    out: Any,
    place: Any,
) -> Any:
    r"""
    ``out[place]`` :math:`= \sum_t` ``left[a + t * stride] * right[b + places[t] * stride]``
    in all lanes, for t in start:stop.
    """
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        x, y, where, target = (lanes.pointer(signature.args[k], args[k]) for k in (0, 2, 4, 8))
        sums = lanes.registers(PARTS, vector(x.type.pointee, WIDTH))
        with lanes.loop(args[5], args[6]) as term:
            at_x = builder.add(args[1], builder.mul(term, args[7]))
            row = builder.load(builder.gep(where, [term]))
            at_y = builder.add(args[3], builder.mul(row, args[7]))
            for part, total in enumerate(sums):
                lanes.accumulate(
                    total,
                    lanes.load(x, lanes.index(at_x, part * WIDTH), WIDTH),
                    lanes.load(y, lanes.index(at_y, part * WIDTH), WIDTH),
                )
        for part, total in enumerate(sums):
            lanes.store(builder.load(total), target, lanes.index(args[9], part * WIDTH))
        return context.get_dummy_value()

    return types.void(left, a, right, b, places, start, stop, stride, out, place), generate
