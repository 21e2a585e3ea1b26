"""Reverse mode of kernels of one environment with 32 others, as vector instructions."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types

from .compilation import emitted
from .lanes import WIDTH, Lanes, vector
from .pair_lanes import PAIRS, slot_sums
from .rotation_lanes import LOWEST_POWER, fourier_sums

_PARTS = PAIRS // WIDTH


@emitted
def slope_lanes(
    typing_context: Any,
    turned: Any,
    table: Any,
    n_rows: Any,
    even: Any,
    odd: Any,
    powers: Any,
    nu_weights: Any,
    weight: Any,
    slots: Any,
    place: Any,
    by_turned: Any,
) -> Any:
    r"""
    Sums over pairs of angles γ and -γ of a polynomial, and their derivatives by ``turned``.

    With :math:`F(S) = \sum_k` ``nu_weights[k + 2]`` :math:`S^{k + 3}`, ``slots[place]`` grows by
    ``weight`` :math:`\sum_\gamma [F(E + O) + F(E - O)]`, and ``by_turned`` gets the derivatives of
    that growth; see :func:`.rotation_lanes.power_lanes` for the rest.
    """
    del typing_context
    n_even, n_odd = even.count, odd.count
    n_columns = max(n_even, n_odd)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        source, waves_at, orders, target, result = (
            lanes.pointer(signature.args[k], args[k]) for k in (0, 1, 6, 8, 10)
        )
        if powers.count == 0:  # compiled, though never called
            return context.get_dummy_value()
        kind = vector(source.type.pointee, WIDTH)
        factor = lanes.splat(args[7], WIDTH)
        places = [lanes.integer(k + LOWEST_POWER - 1) for k in range(powers.count)]
        factors = [lanes.load_splat(orders, place, WIDTH) for place in places]
        for part in range(_PARTS):
            (total,) = lanes.registers(1, kind)
            sums = lanes.registers(n_even + n_odd, kind)
            with lanes.loop(lanes.integer(0), args[2]) as angle:
                row = lanes.times(angle, n_columns)
                columns = [lanes.index(row, k) for k in range(1, n_columns)]
                waves = [lanes.load_splat(waves_at, column, WIDTH) for column in columns]
                steps = [k * PAIRS + part * WIDTH for k in range(n_even + n_odd)]
                values = [lanes.load(source, lanes.integer(step), WIDTH) for step in steps]
                halves = [values[:n_even], values[n_even:]]
                by_even, by_odd = _slopes(lanes, total, halves, waves, factors)
                _add_reversed(lanes, sums[:n_even], by_even, waves)
                _add_reversed(lanes, sums[n_even:], by_odd, waves)
            at = lanes.index(args[9], part * WIDTH)
            grown = lanes.mul_add(factor, builder.load(total), lanes.load(target, at, WIDTH))
            lanes.store(grown, target, at)
            for k, derivative in enumerate(sums):
                scaled = lanes.mul(factor, builder.load(derivative))
                lanes.store(scaled, result, lanes.integer(k * PAIRS + part * WIDTH))
        return context.get_dummy_value()

    kinds = (turned, table, n_rows, even, odd, powers, nu_weights, weight, slots, place, by_turned)
    return types.void(*kinds), generate


def _slopes(
    lanes: Lanes,
    total: ir.Value,
    halves: list[list[ir.Value]],
    waves: list[ir.Value],
    factors: list[ir.Value],
) -> tuple[list[ir.Value], list[ir.Value]]:
    """Add F(E + O) and F(E - O) at an angle and its opposite; derivatives by E and by O there."""
    by_even, by_odd = [], []
    for e, o in zip(*(fourier_sums(lanes, values, waves) for values in halves), strict=True):
        same = _polynomial(lanes, total, lanes.add(e, o), factors)
        inverted = _polynomial(lanes, total, lanes.sub(e, o), factors)
        by_even.append(lanes.add(same, inverted))
        by_odd.append(lanes.sub(same, inverted))
    return by_even, by_odd


def _polynomial(lanes: Lanes, total: ir.Value, x: ir.Value, factors: list[ir.Value]) -> ir.Value:
    """Add F(x) to ``total``; the derivative F'(x)."""
    value = factors[-1]
    slope = lanes.scaled(factors[-1], float(len(factors) + LOWEST_POWER - 1))
    for k in range(len(factors) - 2, -1, -1):
        value = lanes.mul_add(value, x, factors[k])
        slope = lanes.mul_add(slope, x, lanes.scaled(factors[k], float(k + LOWEST_POWER)))
    square = lanes.mul(x, x)
    lanes.accumulate(total, lanes.mul(value, x), square)
    return lanes.mul(slope, square)


def _add_reversed(
    lanes: Lanes,
    sums: list[ir.Value],
    derivatives: list[ir.Value],
    waves: list[ir.Value],
) -> None:
    """Reverse of :func:`.rotation_lanes.fourier_sums`, added to ``sums``."""
    both = lanes.add(*derivatives)
    difference = lanes.sub(*derivatives)
    builder = lanes.builder
    builder.store(lanes.add(builder.load(sums[0]), both), sums[0])
    for k, total in enumerate(sums[1:]):
        lanes.accumulate(total, waves[k], both if k % 2 == 0 else difference)


@emitted
def turn_back_lanes(
    typing_context: Any,
    by_turned: Any,
    first: Any,
    table: Any,
    row: Any,
    orders: Any,
    by_fourier: Any,
    place: Any,
) -> Any:
    r"""
    Reverse of :func:`.rotation_lanes.turn_lanes`.

    ``by_fourier[place + (m * n + m') * 32]`` grows by ``table[row + m] * by_turned[first + m' *
    32]`` for m, m' below ``n = len(orders)``.
    """
    del typing_context
    count = orders.count

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        values, factors, target = (lanes.pointer(signature.args[k], args[k]) for k in (0, 2, 5))
        weights = [lanes.load_splat(factors, lanes.index(args[3], m), WIDTH) for m in range(count)]
        for part in range(_PARTS):
            with lanes.loop(lanes.integer(0), lanes.integer(count)) as other:
                step = lanes.index(lanes.times(other, PAIRS), part * WIDTH)
                value = lanes.load(values, builder.add(args[1], step), WIDTH)
                for m, weight in enumerate(weights):
                    at = lanes.index(builder.add(args[6], step), m * count * PAIRS)
                    grown = lanes.mul_add(weight, value, lanes.load(target, at, WIDTH))
                    lanes.store(grown, target, at)
        return context.get_dummy_value()

    return types.void(by_turned, first, table, row, orders, by_fourier, place), generate


@emitted
def add_slots(
    typing_context: Any,
    source: Any,
    places: Any,
    weights: Any,
    start: Any,
    stop: Any,
    slots: Any,
    place: Any,
) -> Any:
    r"""``slots[place]`` grows by :math:`\sum_e` ``weights[e] * source[places[e]]``."""
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        values, where, factors, target = (
            lanes.pointer(signature.args[k], args[k]) for k in (0, 1, 2, 5)
        )
        for part, total in enumerate(slot_sums(lanes, values, where, factors, args[3:5])):
            at = lanes.index(args[6], part * WIDTH)
            lanes.store(lanes.add(total, lanes.load(target, at, WIDTH)), target, at)
        return context.get_dummy_value()

    return types.void(source, places, weights, start, stop, slots, place), generate


@emitted
def gather_lanes(
    typing_context: Any,
    slots: Any,
    bar: Any,
    columns: Any,
    second: Any,
    n_channels: Any,
    ranges: Any,
    start: Any,
    stop: Any,
    orders: Any,
    by_row: Any,
) -> Any:
    r"""
    Reverse of :func:`.pair_lanes.overlap_lanes` by the one environment.

    .. math:: \bar c_{lm, q} \mathrel{+}= \sum_{m', pairs} \bar\kappa_{l, mm'} c'_{lm', q}

    ``slots`` holds the derivatives ``(l, m, m', 32)`` from ``bar`` on; ``by_row``
    ``(lm, q, 8)`` grows, the sum over its last index is left to the end.
    """
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        values, right, limits, target = (
            lanes.pointer(signature.args[k], args[k]) for k in (0, 2, 5, 9)
        )
        n_channels = args[4]
        row = lanes.times(n_channels, PAIRS)
        place = 0
        for l in range(orders.count):
            size = 2 * l + 1
            with lanes.loop(lanes.integer(0), lanes.integer(size)) as m:
                lm = lanes.index(m, l * l)
                own = lanes.index(builder.add(args[1], lanes.times(m, size * PAIRS)), place * PAIRS)
                factors = [
                    [
                        lanes.load(values, lanes.index(own, n * PAIRS + part * WIDTH), WIDTH)
                        for part in range(_PARTS)
                    ]
                    for n in range(size)
                ]
                column = builder.add(args[3], builder.mul(lanes.integer(l * l), row))
                goal = lanes.times(builder.mul(lm, n_channels), WIDTH)
                with lanes.loop(args[6], args[7]) as entry:
                    begin = lanes.times(entry, 2)
                    ends = [lanes.index(begin, k) for k in range(2)]
                    bounds = [builder.load(builder.gep(limits, [end])) for end in ends]
                    with lanes.loop(*bounds) as q:
                        at = builder.add(goal, lanes.times(q, WIDTH))
                        here = builder.add(column, lanes.times(q, PAIRS))
                        sums = _products(lanes, factors, right, here, row)
                        lanes.store(lanes.add(sums, lanes.load(target, at, WIDTH)), target, at)
            place += size**2
        return context.get_dummy_value()

    kinds = (slots, bar, columns, second, n_channels, ranges, start, stop, orders, by_row)
    return types.void(*kinds), generate


def _products(
    lanes: Lanes,
    factors: list[list[ir.Value]],
    right: ir.Value,
    here: ir.Value,
    row: ir.Value,
) -> ir.Value:
    """Sum of ``factors[n][part]`` times the vectors of component n at one channel."""
    totals: list[ir.Value] = []
    for n, parts in enumerate(factors):
        at = lanes.builder.add(here, lanes.builder.mul(row, lanes.integer(n)))
        for part, factor in enumerate(parts):
            value = lanes.load(right, lanes.index(at, part * WIDTH), WIDTH)
            if n == 0:
                totals.append(lanes.mul(factor, value))
            else:
                totals[part] = lanes.mul_add(factor, value, totals[part])
    return lanes.add(lanes.add(totals[0], totals[1]), lanes.add(totals[2], totals[3]))


@emitted
def scale_lanes(
    typing_context: Any, slots: Any, start: Any, stop: Any, factors: Any, at: Any
) -> Any:
    """Multiply the slots ``start:stop`` (numbers) by the 32 numbers from ``factors[at]`` on."""
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        values, scale = (lanes.pointer(signature.args[k], args[k]) for k in (0, 3))
        weights = [
            lanes.load(scale, lanes.index(args[4], part * WIDTH), WIDTH) for part in range(_PARTS)
        ]
        count = builder.udiv(builder.sub(args[2], args[1]), lanes.integer(PAIRS))
        with lanes.loop(lanes.integer(0), count) as slot:
            place = builder.add(args[1], lanes.times(slot, PAIRS))
            for part, weight in enumerate(weights):
                here = lanes.index(place, part * WIDTH)
                lanes.store(lanes.mul(weight, lanes.load(values, here, WIDTH)), values, here)
        return context.get_dummy_value()

    return types.void(slots, start, stop, factors, at), generate


@emitted
def dot_slots(
    typing_context: Any, slots: Any, first: Any, others: Any, count: Any, out: Any
) -> Any:
    r"""``out`` :math:`= \sum_s` ``slots[first + 32 s] * others[32 s]`` for s < ``count``."""
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        left, right, target = (lanes.pointer(signature.args[k], args[k]) for k in (0, 2, 4))
        sums = lanes.registers(_PARTS, vector(left.type.pointee, WIDTH))
        with lanes.loop(lanes.integer(0), args[3]) as slot:
            other = lanes.times(slot, PAIRS)
            own = builder.add(args[1], other)
            for part, total in enumerate(sums):
                lanes.accumulate(
                    total,
                    lanes.load(left, lanes.index(own, part * WIDTH), WIDTH),
                    lanes.load(right, lanes.index(other, part * WIDTH), WIDTH),
                )
        for part, total in enumerate(sums):
            lanes.store(builder.load(total), target, lanes.integer(part * WIDTH))
        return context.get_dummy_value()

    return types.void(slots, first, others, count, out), generate
