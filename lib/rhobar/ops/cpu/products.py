"""
Small matrix products of densities, with the result in registers.

Scratch arrays hold a density as ``(lm, padded(n))``, one row after the other. All offsets count
numbers from the start of the array.
"""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba.core import types

from .compilation import emitted
from .lanes import WIDTH, Lanes, chunks, padded, tiles, vector

# Accumulators in use at once: 8 numbers each, so twice as many registers of AVX2, which has 16.
_ROWS = 4
_COMPONENTS = 7


@emitted
def accumulate(
    typing_context: Any,
    harmonics: Any,
    radial: Any,
    center: Any,
    density: Any,
    place: Any,
    start: Any,
    stop: Any,
    orders: Any,
    functions: Any,
) -> Any:
    r"""
    Density of the pairs ``start:stop`` of one run: ``density[place:]`` becomes
    :math:`\sum_p Y_{lm}(p) G_{ln}(p)` plus ``center`` ``(padded(n),)`` at l = 0.

    ``harmonics`` is ``(block, lm, 8)``, ``radial`` ``(pair, l, padded(n))``.
    """
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        y, g, first, out = (lanes.pointer(signature.args[k], args[k]) for k in range(4))
        _, _, _, _, place, start, stop, _, _ = args
        n_orders, row = orders.count, padded(functions.count)
        for l in range(n_orders):
            for n, width in chunks(functions.count):
                for part in tiles(2 * l + 1, _COMPONENTS):
                    sums = lanes.registers(len(part), vector(g.type.pointee, width))
                    with lanes.loop(start, stop) as pair:
                        at_radial = lanes.times(pair, n_orders * row)
                        values = lanes.load(g, lanes.index(at_radial, l * row + n), width)
                        at_pair = _lane(lanes, pair, n_orders**2)
                        for total, m in zip(sums, part, strict=True):
                            lm = lanes.index(at_pair, (l * l + m) * WIDTH)
                            lanes.accumulate(total, lanes.load_splat(y, lm, width), values)
                    for total, m in zip(sums, part, strict=True):
                        result = builder.load(total)
                        if l == 0:
                            own = lanes.load(first, lanes.integer(n), width)
                            result = lanes.add(result, own)
                        result = lanes.converted(result, out.type.pointee)
                        lanes.store(result, out, lanes.index(place, (l * l + m) * row + n))
        return context.get_dummy_value()

    return (
        types.void(harmonics, radial, center, density, place, start, stop, orders, functions),
        generate,
    )


def _lane(lanes: Lanes, pair: ir.Value, n_lm: int) -> ir.Value:
    """Offset of a pair in arrays ``(block, lm, 8)``."""
    block = lanes.builder.lshr(pair, lanes.integer(WIDTH.bit_length() - 1))
    return lanes.builder.add(
        lanes.times(block, n_lm * WIDTH), lanes.builder.and_(pair, lanes.integer(WIDTH - 1))
    )


def _contraction(*, streaming: bool) -> Any:
    """The intrinsic with stores through the caches, or past them."""

    @emitted
    def contract(
        typing_context: Any,
        densities: Any,
        lefts: Any,
        rights: Any,
        address: Any,
        scale: Any,
        orders: Any,
        functions: Any,
    ) -> Any:
        r"""
        Write ``scale`` times the invariants of pairs of densities, ``(l, n_1, n_2)`` from
        ``address`` on:
        :math:`(-1)^l (2l+1)^{-1/2} \sum_k \sum_m c^{left_k}_{lm n_1} c^{right_k}_{lm n_2}`.

        ``lefts`` and ``rights`` are tuples of offsets in ``densities``; the numbers written have
        its type.
        """
        del typing_context

        def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
            lanes = Lanes(context, builder)
            source = lanes.pointer(signature.args[0], args[0])
            element = source.type.pointee
            out = lanes.at_address(args[3], element)
            pairs = [
                (builder.extract_value(args[1], k), builder.extract_value(args[2], k))
                for k in range(lefts.count)
            ]
            factor = args[4]
            if not isinstance(element, ir.DoubleType):
                factor = builder.fptrunc(factor, element)
            for l in range(orders.count):
                prefactor = (-1) ** l / math.sqrt(2 * l + 1)
                weight = lanes.scaled(factor, prefactor)
                _contract_order(lanes, source, out, pairs, weight, l, functions.count, streaming)
            return context.get_dummy_value()

        return types.void(densities, lefts, rights, address, scale, orders, functions), generate

    return contract


contract = _contraction(streaming=False)
contract_streaming = _contraction(streaming=True)


def _contract_order(
    lanes: Lanes,
    source: ir.Value,
    out: ir.Value,
    pairs: list[tuple[ir.Value, ir.Value]],
    weight: ir.Value,
    l: int,
    n_radial: int,
    streaming: bool,
) -> None:
    """The ``(n_1, n_2)`` of one order l; see ``contract``."""
    builder, row = lanes.builder, padded(n_radial)
    for n_2, width in chunks(n_radial):
        for part in tiles(n_radial, _ROWS):
            sums = lanes.registers(len(part), vector(source.type.pointee, width))
            with lanes.loop(lanes.integer(0), lanes.integer(2 * l + 1)) as m:
                at_m = lanes.index(lanes.times(m, row), l * l * row)
                for left, right in pairs:
                    at_left, at_right = builder.add(left, at_m), builder.add(right, at_m)
                    values = lanes.load(source, lanes.index(at_right, n_2), width)
                    for total, n_1 in zip(sums, part, strict=True):
                        other = lanes.load_splat(source, lanes.index(at_left, n_1), width)
                        lanes.accumulate(total, other, values)
            factors = lanes.splat(weight, width)
            for total, n_1 in zip(sums, part, strict=True):
                result = lanes.mul(builder.load(total), factors)
                result = lanes.first(result, min(width, n_radial - n_2))
                place = lanes.integer((l * n_radial + n_1) * n_radial + n_2)
                lanes.store(result, out, place, streaming=streaming)


@emitted
def spread(
    typing_context: Any,
    densities: Any,
    source: Any,
    weights: Any,
    gradients: Any,
    target: Any,
    orders: Any,
    functions: Any,
) -> Any:
    r"""
    Reverse of ``contract``: ``gradients[target:]`` ``(lm, n_2)`` grows by
    :math:`\sum_{n_1} c_{lm n_1} W_{l n_1 n_2}`, with c at ``densities[source:]``.

    ``weights`` is ``(l, n_1, padded(n_2))`` and holds all prefactors.
    """
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        c, w, out = (lanes.pointer(signature.args[k], args[k]) for k in (0, 2, 3))
        n_radial, row = functions.count, padded(functions.count)
        for l in range(orders.count):
            for n_2, width in chunks(n_radial):
                for part in tiles(2 * l + 1, _COMPONENTS):
                    sums = lanes.registers(len(part), vector(w.type.pointee, width))
                    with lanes.loop(lanes.integer(0), lanes.integer(n_radial)) as n_1:
                        at_row = lanes.times(n_1, row)
                        values = lanes.load(w, lanes.index(at_row, l * n_radial * row + n_2), width)
                        at_c = builder.add(args[1], n_1)
                        for total, m in zip(sums, part, strict=True):
                            place = lanes.index(at_c, (l * l + m) * row)
                            lanes.accumulate(total, lanes.load_splat(c, place, width), values)
                    for total, m in zip(sums, part, strict=True):
                        place = lanes.index(args[4], (l * l + m) * row + n_2)
                        before = lanes.load(out, place, width)
                        lanes.store(lanes.add(before, builder.load(total)), out, place)
        return context.get_dummy_value()

    return types.void(densities, source, weights, gradients, target, orders, functions), generate
