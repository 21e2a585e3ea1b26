"""
Kernels of one environment with 32 others at a time, as vector instructions.

A value of a pair, a "slot", is stored for all 32 pairs side by side. Slots and all offsets count
numbers from the start of an array.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types

from .compilation import emitted
from .lanes import WIDTH, Lanes, vector

PAIRS = 32
"""Pairs side by side: four vectors, so that a coefficient that is read serves four sums."""

LONGEST = 4
"""Most terms of a group of :func:`sum_products`."""

_PARTS = PAIRS // WIDTH


@emitted
def overlap_lanes(
    typing_context: Any,
    row: Any,
    first: Any,
    columns: Any,
    second: Any,
    n_channels: Any,
    ranges: Any,
    start: Any,
    stop: Any,
    orders: Any,
    slots: Any,
) -> Any:
    r"""
    Overlaps of the densities of one environment and of 32 others, for all l.

    .. math:: \kappa_{l, mm'} = \sum_q c_{lm, q} c'_{lm', q}

    ``row`` holds ``(lm, q)`` from ``first`` on, ``columns`` holds ``(lm, q, 32)`` from ``second``
    on. Sums run over the ranges ``start:stop`` of channels, pairs of first and last in ``ranges``.
    ``slots`` gets ``(l, m, m', 32)``, for ``len(orders)`` values of l.
    """
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        left, right, limits, target = (
            lanes.pointer(signature.args[k], args[k]) for k in (0, 2, 5, 9)
        )
        n_channels = args[4]
        place = 0
        for l in range(orders.count):
            size = 2 * l + 1
            # all m at once; with more vectors than that, sums do not fit into 32 registers
            at_once = 2 if size > 5 else _PARTS
            with lanes.loop(lanes.integer(0), lanes.integer(size)) as other:
                lm = lanes.index(other, l * l)
                column = builder.add(args[3], lanes.times(builder.mul(lm, n_channels), PAIRS))
                own = builder.add(args[1], lanes.times(n_channels, l * l))
                rows = left, own, right, column, n_channels
                for part in range(0, _PARTS, at_once):
                    parts = range(part, part + at_once)
                    sums = _overlaps(lanes, *rows, limits, args[6:8], size, parts)
                    for m, totals in enumerate(sums):
                        at = lanes.times(lanes.index(other, m * size), PAIRS)
                        for k, total in enumerate(totals):
                            offset = place * PAIRS + (part + k) * WIDTH
                            lanes.store(builder.load(total), target, lanes.index(at, offset))
            place += size**2
        return context.get_dummy_value()

    kinds = (row, first, columns, second, n_channels, ranges, start, stop, orders, slots)
    return types.void(*kinds), generate


def _overlaps(
    lanes: Lanes,
    left: ir.Value,
    own: ir.Value,
    right: ir.Value,
    column: ir.Value,
    n_channels: ir.Value,
    limits: ir.Value,
    entries: Any,
    size: int,
    parts: range,
) -> list[list[ir.Value]]:
    """Sums over channels for ``size`` values of m and some vectors of 8 others."""
    builder = lanes.builder
    kind = vector(left.type.pointee, WIDTH)
    sums = [lanes.registers(len(parts), kind) for _ in range(size)]
    with lanes.loop(*entries) as entry:
        begin = lanes.times(entry, 2)
        bounds = [builder.load(builder.gep(limits, [lanes.index(begin, k)])) for k in range(2)]
        with lanes.loop(*bounds) as q:
            at = builder.add(column, lanes.times(q, PAIRS))
            others = [lanes.load(right, lanes.index(at, part * WIDTH), WIDTH) for part in parts]
            for m in range(size):
                here = builder.add(builder.add(own, q), lanes.times(n_channels, m))
                factor = lanes.load_splat(left, here, WIDTH)
                for total, value in zip(sums[m], others, strict=True):
                    lanes.accumulate(total, factor, value)
    return sums


@emitted
def sum_products(
    typing_context: Any,
    slots: Any,
    counts: Any,
    first_count: Any,
    places: Any,
    place: Any,
    weights: Any,
    weight: Any,
    out: Any,
) -> Any:
    r"""
    One value of a :class:`BilinearProgram`, ``slots[out]``, from others of ``slots``.

    .. math:: v_{out} = \sum_g v_{p_g} \sum_{t \in g} w_t v_{q_t}

    ``counts[first_count + k - 1]`` groups have k terms, those of one term come first. From
    ``place`` on, ``places`` holds p, q_1, …, q_k of each group, from ``weight`` on ``weights``
    holds w_1, …, w_k.
    """
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        values, count, where, factors = (
            lanes.pointer(signature.args[k], args[k]) for k in (0, 1, 3, 5)
        )
        sums = lanes.registers(_PARTS, vector(values.type.pointee, WIDTH))
        at, weight_at = args[4], args[6]
        # a loop for each length, since branches on the length of each group are guessed wrong
        for length in range(1, LONGEST + 1):
            place_of_count = lanes.index(args[2], length - 1)
            n_groups = builder.load(builder.gep(count, [place_of_count]))
            with lanes.loop(lanes.integer(0), n_groups) as group:
                here = builder.add(at, lanes.times(group, length + 1))
                own = builder.add(weight_at, lanes.times(group, length))
                p = builder.load(builder.gep(where, [here]))
                inner: list[ir.Value] = []
                for term in range(length):
                    q = builder.load(builder.gep(where, [lanes.index(here, term + 1)]))
                    factor = lanes.load_splat(factors, lanes.index(own, term), WIDTH)
                    for part in range(_PARTS):
                        value = lanes.load(values, lanes.index(q, part * WIDTH), WIDTH)
                        if term == 0:
                            inner.append(lanes.mul(factor, value))
                        else:
                            inner[part] = lanes.mul_add(factor, value, inner[part])
                for part, total in enumerate(sums):
                    value = lanes.load(values, lanes.index(p, part * WIDTH), WIDTH)
                    lanes.accumulate(total, inner[part], value)
            at = builder.add(at, lanes.times(n_groups, length + 1))
            weight_at = builder.add(weight_at, lanes.times(n_groups, length))
        for part, total in enumerate(sums):
            lanes.store(builder.load(total), values, lanes.index(args[7], part * WIDTH))
        return context.get_dummy_value()

    return types.void(slots, counts, first_count, places, place, weights, weight, out), generate


@emitted
def sum_slots(
    typing_context: Any,
    slots: Any,
    places: Any,
    weights: Any,
    start: Any,
    stop: Any,
    out: Any,
    place: Any,
) -> Any:
    r"""``out[place]`` :math:`= \sum_e` ``weights[e] * slots[places[e]]`` for e in start:stop."""
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        values, where, factors, target = (
            lanes.pointer(signature.args[k], args[k]) for k in (0, 1, 2, 5)
        )
        for part, total in enumerate(slot_sums(lanes, values, where, factors, args[3:5])):
            lanes.store(total, target, lanes.index(args[6], part * WIDTH))
        return context.get_dummy_value()

    return types.void(slots, places, weights, start, stop, out, place), generate


def slot_sums(
    lanes: Lanes, values: ir.Value, where: ir.Value, factors: ir.Value, entries: Any
) -> list[ir.Value]:
    """Sums of the slots ``where`` says, each times its factor, over a range of entries."""
    sums = lanes.registers(_PARTS, vector(values.type.pointee, WIDTH))
    with lanes.loop(*entries) as entry:
        factor = lanes.load_splat(factors, entry, WIDTH)
        at = lanes.builder.load(lanes.builder.gep(where, [entry]))
        for part, total in enumerate(sums):
            value = lanes.load(values, lanes.index(at, part * WIDTH), WIDTH)
            lanes.accumulate(total, factor, value)
    return [lanes.builder.load(total) for total in sums]
