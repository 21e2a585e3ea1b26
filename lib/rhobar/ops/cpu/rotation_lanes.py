"""
Sums of powers over a grid of rotations for 32 pairs at a time, as vector instructions.

See :mod:`.rotation_grid` for the steps, and :mod:`.pair_lanes` for slots.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from llvmlite import ir
from numba.core import types

from .compilation import emitted
from .lanes import WIDTH, Lanes, vector
from .pair_lanes import PAIRS

_PARTS = PAIRS // WIDTH
_AT_ONCE = 2  # vectors whose sums stay in registers together
LOWEST_POWER = 3
"""Powers below have a simpler form, see :mod:`.kernel_engine`."""


@emitted
def turn_lanes(
    typing_context: Any,
    fourier: Any,
    first: Any,
    table: Any,
    row: Any,
    orders: Any,
    out: Any,
    place: Any,
) -> Any:
    r"""
    Fourier sums over m at one angle, for all m'.

    ``out[place + m' * 32]`` :math:`= \sum_m` ``table[row + m] * fourier[first + (m * n + m') *
    32]`` for m, m' below ``n = len(orders)``; ``table[row]`` is 1 and not read.
    """
    del typing_context
    count = orders.count

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        values, factors, target = (lanes.pointer(signature.args[k], args[k]) for k in (0, 2, 5))
        weights = [
            lanes.load_splat(factors, lanes.index(args[3], m), WIDTH) for m in range(1, count)
        ]
        for part in range(_PARTS):
            with lanes.loop(lanes.integer(0), lanes.integer(count)) as other:
                step = lanes.index(lanes.times(other, PAIRS), part * WIDTH)
                at = builder.add(args[1], step)
                total = lanes.load(values, at, WIDTH)
                for m, weight in enumerate(weights, start=1):
                    value = lanes.load(values, lanes.index(at, m * count * PAIRS), WIDTH)
                    total = lanes.mul_add(weight, value, total)
                lanes.store(total, target, builder.add(args[6], step))
        return context.get_dummy_value()

    return types.void(fourier, first, table, row, orders, out, place), generate


@emitted
def power_lanes(
    typing_context: Any,
    turned: Any,
    table: Any,
    n_rows: Any,
    even: Any,
    odd: Any,
    powers: Any,
    weight: Any,
    out: Any,
    place: Any,
) -> Any:
    r"""
    Fourier sums over m' at pairs of angles γ and -γ, and sums of their powers.

    With E and O the sums of the ``len(even)`` first and ``len(odd)`` next values of ``turned``,
    ``out[place + k * 32]`` grows by ``weight`` :math:`\sum_\gamma [(E + O)^{k+3} + (E - O)^{k+3}]`
    for ``k < len(powers)``. ``table`` has a row ``1, cos γ, sin γ, cos 2γ, …`` for each γ.
    """
    del typing_context
    n_even, n_odd = even.count, odd.count
    n_columns = max(n_even, n_odd)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        source, waves_at, target = (lanes.pointer(signature.args[k], args[k]) for k in (0, 1, 7))
        kind = vector(source.type.pointee, WIDTH)
        parts = range(0, _PARTS, _AT_ONCE)
        for part in parts:
            sums = [lanes.registers(2 * _AT_ONCE, kind) for _ in range(powers.count)]
            with lanes.loop(lanes.integer(0), args[2]) as angle:
                row = lanes.times(angle, n_columns)
                waves = [
                    lanes.load_splat(waves_at, lanes.index(row, k), WIDTH)
                    for k in range(1, n_columns)
                ]
                for own in range(_AT_ONCE):
                    first = (part + own) * WIDTH
                    values = [
                        lanes.load(source, lanes.integer(k * PAIRS + first), WIDTH)
                        for k in range(n_even + n_odd)
                    ]
                    totals = [total[2 * own : 2 * own + 2] for total in sums]
                    _add_both(lanes, totals, values[:n_even], values[n_even:], waves)
            for k, own in product(range(powers.count), range(_AT_ONCE)):
                at = lanes.index(args[8], k * PAIRS + (part + own) * WIDTH)
                both = [builder.load(sums[k][2 * own + side]) for side in range(2)]
                factor = lanes.splat(args[6], WIDTH)
                grown = lanes.mul_add(factor, lanes.add(*both), lanes.load(target, at, WIDTH))
                lanes.store(grown, target, at)
        return context.get_dummy_value()

    kinds = (turned, table, n_rows, even, odd, powers, weight, out, place)
    return types.void(*kinds), generate


def _add_both(
    lanes: Lanes,
    totals: list[list[ir.Value]],
    even: list[ir.Value],
    odd: list[ir.Value],
    waves: list[ir.Value],
) -> None:
    """Add the powers of E + O and of E - O, at an angle and its opposite, to two totals each."""
    pairs = zip(fourier_sums(lanes, even, waves), fourier_sums(lanes, odd, waves), strict=True)
    for e, o in pairs:
        _add_powers(lanes, [total[0] for total in totals], lanes.add(e, o))
        _add_powers(lanes, [total[1] for total in totals], lanes.sub(e, o))


def fourier_sums(lanes: Lanes, values: list[ir.Value], waves: list[ir.Value]) -> list[ir.Value]:
    """``values[0] + values[1] cos γ + values[2] sin γ + …`` at an angle and its opposite."""
    cosines, sines = values[0], None
    for k, value in enumerate(values[1:]):
        if k % 2 == 0:
            cosines = lanes.mul_add(waves[k], value, cosines)
        elif sines is None:
            sines = lanes.mul(waves[k], value)
        else:
            sines = lanes.mul_add(waves[k], value, sines)
    if sines is None:
        return [cosines, cosines]
    return [lanes.add(cosines, sines), lanes.sub(cosines, sines)]


def _add_powers(lanes: Lanes, totals: list[ir.Value], base: ir.Value) -> None:
    """Add the third and higher powers of ``base`` to ``totals``."""
    known = {1: base}

    def power(nu: int) -> ir.Value:
        if nu not in known:
            known[nu] = lanes.mul(power(nu // 2), power(nu - nu // 2))
        return known[nu]

    for nu, total in enumerate(totals, start=LOWEST_POWER):
        lanes.accumulate(total, power(nu // 2), power(nu - nu // 2))
