"""Eight rows of eight numbers turned into eight columns, in registers."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types

from .compilation import emitted
from .lanes import WIDTH, Lanes

_SHORT = ir.IntType(32)


@emitted
def load_square(
    typing_context: Any,
    kind: Any,
    address: Any,
    index: Any,
    row: Any,
    tile: Any,
    place: Any,
    step: Any,
) -> Any:
    """
    ``tile[place + f * step + k]`` becomes the number ``index + k * row + f`` at ``address``, for f
    and k below 8; the array ``kind`` has the type of what is read.
    """
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        source = lanes.at_address(args[1], context.get_value_type(signature.args[0].dtype))
        target = lanes.pointer(signature.args[4], args[4])
        rows = [_widened(lanes, x) for x in _rows(lanes, source, args[2], args[3])]
        for f, column in enumerate(_turned(builder, rows)):
            at = builder.add(args[5], lanes.times(args[6], f))
            lanes.store(column, target, at)
        return context.get_dummy_value()

    return types.void(kind, address, index, row, tile, place, step), generate


@emitted
def store_square(
    typing_context: Any,
    tile: Any,
    place: Any,
    step: Any,
    kind: Any,
    address: Any,
    index: Any,
    row: Any,
) -> Any:
    """The reverse of :func:`load_square`."""
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        source = lanes.pointer(signature.args[0], args[0])
        element = context.get_value_type(signature.args[3].dtype)
        target = lanes.at_address(args[4], element)
        columns = _rows(lanes, source, args[1], args[2])
        for k, line in enumerate(_turned(builder, columns)):
            at = builder.add(args[5], lanes.times(args[6], k))
            lanes.store(lanes.converted(line, element), target, at)
        return context.get_dummy_value()

    return types.void(tile, place, step, kind, address, index, row), generate


def _rows(lanes: Lanes, source: ir.Value, start: ir.Value, step: ir.Value) -> list[ir.Value]:
    """Eight vectors, ``step`` apart."""
    places = [lanes.builder.add(start, lanes.times(step, k)) for k in range(WIDTH)]
    return [lanes.load(source, place, WIDTH) for place in places]


def _widened(lanes: Lanes, x: ir.Value) -> ir.Value:
    """As float64."""
    if isinstance(x.type.element, ir.DoubleType):
        return x
    return lanes.builder.fpext(x, ir.VectorType(ir.DoubleType(), WIDTH))


def _turned(builder: ir.IRBuilder, rows: list[ir.Value]) -> list[ir.Value]:
    """Columns of rows: quarters, halves and single numbers change places with their mirrors."""
    for size in (1, 2, 4):
        turned = list(rows)
        for i in range(WIDTH):
            if i & size == 0:
                first, second = rows[i], rows[i | size]
                low = [k if k & size == 0 else WIDTH + k - size for k in range(WIDTH)]
                high = [k + size if k & size == 0 else WIDTH + k for k in range(WIDTH)]
                turned[i] = _shuffled(builder, first, second, low)
                turned[i | size] = _shuffled(builder, first, second, high)
        rows = turned
    return rows


def _shuffled(
    builder: ir.IRBuilder, first: ir.Value, second: ir.Value, places: list[int]
) -> ir.Value:
    mask = ir.Constant(ir.VectorType(_SHORT, WIDTH), places)
    return builder.shuffle_vector(first, second, mask)
