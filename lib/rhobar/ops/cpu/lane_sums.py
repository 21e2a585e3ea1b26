"""
Sums and products of tiles, 16 centers at a time, as vector instructions.

All offsets count numbers from the start of an array; see :mod:`.center_tiles` for their layout.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types

from .center_tiles import TILE
from .compilation import emitted
from .lanes import WIDTH, Lanes, vector

PARTS = TILE // WIDTH
"""Vectors in the lanes of a tile."""

COMPONENTS = 4
"""Results that :func:`contract_lanes` makes at once; they and their lanes stay in registers."""

ROWS, COLUMNS = 2, 4
"""Products of features that :func:`gram_lanes` makes at once."""


@emitted
def multiply_lanes(
    typing_context: Any, left: Any, a: Any, right: Any, b: Any, out: Any, place: Any
) -> Any:
    """``out[place] = left[a] * right[b]`` in all lanes."""
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        x, y, target = (lanes.pointer(signature.args[k], args[k]) for k in (0, 2, 4))
        for part in range(PARTS):
            at = [lanes.index(args[k], part * WIDTH) for k in (1, 3, 5)]
            product = lanes.mul(lanes.load(x, at[0], WIDTH), lanes.load(y, at[1], WIDTH))
            lanes.store(product, target, at[2])
        return context.get_dummy_value()

    return types.void(left, a, right, b, out, place), generate


@emitted
def sum_lanes(
    typing_context: Any,
    terms: Any,
    places: Any,
    weights: Any,
    start: Any,
    stop: Any,
    out: Any,
    place: Any,
) -> Any:
    r"""``out[place]`` :math:`= \sum_e` ``weights[e] * terms[places[e]]`` for e in start:stop."""
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        source, where, weight, target = (
            lanes.pointer(signature.args[k], args[k]) for k in (0, 1, 2, 5)
        )
        sums = lanes.registers(PARTS, vector(source.type.pointee, WIDTH))
        with lanes.loop(args[3], args[4]) as entry:
            factor = lanes.load_splat(weight, entry, WIDTH)
            term = builder.load(builder.gep(where, [entry]))
            for part, total in enumerate(sums):
                at = lanes.index(term, part * WIDTH)
                lanes.accumulate(total, factor, lanes.load(source, at, WIDTH))
        for part, total in enumerate(sums):
            lanes.store(builder.load(total), target, lanes.index(args[6], part * WIDTH))
        return context.get_dummy_value()

    return types.void(terms, places, weights, start, stop, out, place), generate


@emitted
def dot_lanes(
    typing_context: Any,
    left: Any,
    a: Any,
    left_places: Any,
    right: Any,
    b: Any,
    right_places: Any,
    start: Any,
    stop: Any,
    weights: Any,
    first_weight: Any,
    out: Any,
    place: Any,
) -> Any:
    r"""
    ``out[place]`` :math:`= \sum_t` ``weights[first_weight + t - start] * left[a +
    left_places[t]] * right[b + right_places[t]]`` for t in start:stop.
    """
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        x, x_places, y, y_places, weight, target = (
            lanes.pointer(signature.args[k], args[k]) for k in (0, 2, 3, 5, 8, 10)
        )
        shift = builder.sub(args[9], args[6])
        sums = lanes.registers(PARTS, vector(x.type.pointee, WIDTH))
        with lanes.loop(args[6], args[7]) as term:
            factor = lanes.load_splat(weight, builder.add(term, shift), WIDTH)
            at_x = builder.add(args[1], builder.load(builder.gep(x_places, [term])))
            at_y = builder.add(args[4], builder.load(builder.gep(y_places, [term])))
            for part, total in enumerate(sums):
                scaled = lanes.mul(factor, lanes.load(x, lanes.index(at_x, part * WIDTH), WIDTH))
                lanes.accumulate(
                    total, scaled, lanes.load(y, lanes.index(at_y, part * WIDTH), WIDTH)
                )
        for part, total in enumerate(sums):
            lanes.store(builder.load(total), target, lanes.index(args[11], part * WIDTH))
        return context.get_dummy_value()

    kinds = (left, a, left_places, right, b, right_places, start, stop)
    return types.void(*kinds, weights, first_weight, out, place), generate


@emitted
def reverse_lanes(
    typing_context: Any,
    gradient: Any,
    places: Any,
    sums: Any,
    weights: Any,
    start: Any,
    stop: Any,
    left: Any,
    a: Any,
    right: Any,
    b: Any,
    d_left: Any,
    d_right: Any,
) -> Any:
    r"""
    Reverse of one term: with :math:`g = \sum_e` ``weights[e] * gradient[places[sums[e]]]`` for e
    in start:stop, ``d_left[a]`` grows by ``g * right[b]`` and ``d_right[b]`` by ``g * left[a]``.
    """
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        source, where, numbers, weight, x, y, d_x, d_y = (
            lanes.pointer(signature.args[k], args[k]) for k in (0, 1, 2, 3, 6, 8, 10, 11)
        )
        totals = lanes.registers(PARTS, vector(source.type.pointee, WIDTH))
        with lanes.loop(args[4], args[5]) as entry:
            factor = lanes.load_splat(weight, entry, WIDTH)
            number = builder.load(builder.gep(numbers, [entry]))
            place = builder.load(builder.gep(where, [number]))
            for part, total in enumerate(totals):
                at = lanes.index(place, part * WIDTH)
                lanes.accumulate(total, factor, lanes.load(source, at, WIDTH))
        for part, total in enumerate(totals):
            at_x, at_y = (lanes.index(args[k], part * WIDTH) for k in (7, 9))
            g = builder.load(total)
            for own, at, other, at_other in ((d_x, at_x, y, at_y), (d_y, at_y, x, at_x)):
                before = lanes.load(own, at, WIDTH)
                factor = lanes.load(other, at_other, WIDTH)
                lanes.store(lanes.mul_add(g, factor, before), own, at)
        return context.get_dummy_value()

    kinds = (gradient, places, sums, weights, start, stop, left, a, right, b)
    return types.void(*kinds, d_left, d_right), generate


@emitted
def contract_lanes(
    typing_context: Any,
    matrix: Any,
    column: Any,
    row: Any,
    tile: Any,
    source: Any,
    step: Any,
    count: Any,
    out: Any,
    place: Any,
    out_step: Any,
) -> Any:
    r"""
    Four components from all products, for one μ:
    ``out[place + k * out_step]`` :math:`= \sum_p` ``matrix[column + k + p * row] *
    tile[source + p * step]`` for k < 4 and p < ``count``.
    """
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        weight, values, target = (lanes.pointer(signature.args[k], args[k]) for k in (0, 3, 7))
        _, column, row, _, source, step, count, _, place, out_step = args
        kind = vector(values.type.pointee, WIDTH)
        sums = [lanes.registers(PARTS, kind) for _ in range(COMPONENTS)]
        with lanes.loop(lanes.integer(0), count) as p:
            at = builder.add(source, builder.mul(p, step))
            vectors = [
                lanes.load(values, lanes.index(at, part * WIDTH), WIDTH) for part in range(PARTS)
            ]
            corner = builder.add(column, builder.mul(p, row))
            for k, totals in enumerate(sums):
                factor = lanes.load_splat(weight, lanes.index(corner, k), WIDTH)
                for total, x in zip(totals, vectors, strict=True):
                    lanes.accumulate(total, factor, x)
        for k, totals in enumerate(sums):
            at = builder.add(place, builder.mul(out_step, lanes.integer(k)))
            for part, total in enumerate(totals):
                lanes.store(builder.load(total), target, lanes.index(at, part * WIDTH))
        return context.get_dummy_value()

    return (
        types.void(matrix, column, row, tile, source, step, count, out, place, out_step),
        generate,
    )


@emitted
def gram_lanes(
    typing_context: Any,
    tile: Any,
    first: Any,
    second: Any,
    step: Any,
    out: Any,
    place: Any,
    row: Any,
) -> Any:
    """
    Add scalar products of 2 features with 4 others: ``out[place + i * row + j]`` grows by that of
    the ``step`` numbers at ``tile[first + i * step]`` and at ``tile[second + j * step]``.
    """
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        values, target = (lanes.pointer(signature.args[k], args[k]) for k in (0, 4))
        _, first, second, step, _, place, row = args
        kind = vector(values.type.pointee, WIDTH)
        sums = [lanes.registers(COLUMNS, kind) for _ in range(ROWS)]
        with lanes.loop(lanes.integer(0), builder.lshr(step, lanes.integer(3))) as part:
            at = lanes.times(part, WIDTH)
            left = [_row(lanes, values, first, step, k, at) for k in range(ROWS)]
            for j in range(COLUMNS):
                right = _row(lanes, values, second, step, j, at)
                for i in range(ROWS):
                    lanes.accumulate(sums[i][j], left[i], right)
        for i, totals in enumerate(sums):
            at = builder.add(place, builder.mul(row, lanes.integer(i)))
            for j, total in enumerate(totals):
                where = builder.gep(target, [lanes.index(at, j)])
                grown = lanes.add(builder.load(where), lanes.total(builder.load(total)))
                builder.store(grown, where)
        return context.get_dummy_value()

    return types.void(tile, first, second, step, out, place, row), generate


def _row(
    lanes: Lanes, values: ir.Value, start: ir.Value, step: ir.Value, k: int, at: ir.Value
) -> ir.Value:
    """A vector of feature ``k`` after ``start``."""
    builder = lanes.builder
    place = builder.add(builder.add(start, builder.mul(step, lanes.integer(k))), at)
    return lanes.load(values, place, WIDTH)
