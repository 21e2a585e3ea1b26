r"""
How the density of a run changes as one of its pairs is moved.

.. math:: \frac{\partial c_{lmn}}{\partial \mathbf r} = \hat{\mathbf r}\, G'_{ln} Y_{lm}
    + G_{ln} \nabla Y_{lm}

for a pair in scratch memory (scratch.py), 1/Å, as ``(3, lm, padded(n))``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llvmlite import ir
from numba.core import types

from .compilation import emitted
from .lanes import WIDTH, Lanes, chunks, padded, vector


@emitted
def store_derivative(
    typing_context: Any,
    scratch: Any,
    row: Any,
    pair: Any,
    target: Any,
    orders: Any,
    functions: Any,
) -> Any:
    """
    Write the derivative by the vector of one pair to ``target``.

    ``scratch`` is a :class:`.scratch.Scratch`, ``row`` the length of the rows of its geometry.
    """
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        out = lanes.pointer(signature.args[3], args[3])
        for place, value in _Pair(lanes, signature, args).derivative():
            lanes.store(value, out, lanes.integer(place))
        return context.get_dummy_value()

    return types.void(scratch, row, pair, target, orders, functions), generate


@emitted
def add_derivative(
    typing_context: Any,
    scratch: Any,
    row: Any,
    pair: Any,
    sums: Any,
    by_atom: Any,
    by_center: Any,
    orders: Any,
    functions: Any,
) -> Any:
    """Add the derivative to ``sums[by_atom:]`` and subtract it from ``sums[by_center:]``."""
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        out = lanes.pointer(signature.args[3], args[3])
        for place, value in _Pair(lanes, signature, args).derivative():
            change = lanes.converted(value, out.type.pointee)
            for start, combine in ((args[4], lanes.add), (args[5], lanes.sub)):
                at = lanes.index(start, place)
                before = lanes.load(out, at, change.type.count)
                lanes.store(combine(before, change), out, at)
        return context.get_dummy_value()

    return (
        types.void(scratch, row, pair, sums, by_atom, by_center, orders, functions),
        generate,
    )


@emitted
def contract_derivative(
    typing_context: Any,
    scratch: Any,
    row: Any,
    pair: Any,
    gradients: Any,
    target: Any,
    orders: Any,
    functions: Any,
) -> Any:
    r"""
    Set ``target`` ``(3,)`` to :math:`\sum_{lmn} g_{lmn}\, \partial c_{lmn} / \partial \mathbf r`
    for one pair; ``gradients`` ``(lm, padded(n))`` are g, derivatives by the density of its run.
    """
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        weights = lanes.pointer(signature.args[3], args[3])
        out = lanes.pointer(signature.args[4], args[4])
        for k, total in enumerate(_Pair(lanes, signature, args).contracted(weights)):
            builder.store(total, builder.gep(out, [lanes.integer(k)]))
        return context.get_dummy_value()

    return types.void(scratch, row, pair, gradients, target, orders, functions), generate


class _Pair:
    """One pair of the center in scratch memory, as the first three arguments name it."""

    def __init__(self, lanes: Lanes, signature: Any, args: Any):
        self.lanes = lanes
        self.n_orders, self.n_radial = signature.args[-2].count, signature.args[-1].count
        builder, (scratch, row, pair) = lanes.builder, args[:3]
        geometry, self.harmonics, self.angular, self.radial, self.slopes = (
            lanes.pointer(kind, builder.extract_value(scratch, k))
            for k, kind in enumerate(signature.args[0].types)
        )
        n_lm = self.n_orders**2
        block = builder.lshr(pair, lanes.integer(WIDTH.bit_length() - 1))
        lane = builder.and_(pair, lanes.integer(WIDTH - 1))
        self.at_harmonics = builder.add(lanes.times(block, n_lm * WIDTH), lane)
        self.at_angular = builder.add(lanes.times(block, 3 * n_lm * WIDTH), lane)
        self.at_radial = lanes.times(pair, self.n_orders * padded(self.n_radial))
        self.directions = [
            builder.load(builder.gep(geometry, [builder.add(lanes.times(row, k), pair)]))
            for k in range(3)
        ]

    def _functions(self, l: int, start: int, width: int) -> tuple[ir.Value, ir.Value]:
        """Radial functions of order l and their derivatives."""
        place = self.lanes.index(self.at_radial, l * padded(self.n_radial) + start)
        values = self.lanes.load(self.radial, place, width)
        return values, self.lanes.load(self.slopes, place, width)

    def _y(self, lm: int, width: int) -> ir.Value:
        """The spherical harmonic lm."""
        place = self.lanes.index(self.at_harmonics, lm * WIDTH)
        return self.lanes.load_splat(self.harmonics, place, width)

    def _dy(self, k: int, lm: int, width: int) -> ir.Value:
        """Its derivative along direction k."""
        place = self.lanes.index(self.at_angular, (k * self.n_orders**2 + lm) * WIDTH)
        return self.lanes.load_splat(self.angular, place, width)

    def derivative(self) -> Iterator[tuple[int, ir.Value]]:
        """Vectors of the derivative with their places."""
        lanes, row = self.lanes, padded(self.n_radial)
        for l in range(self.n_orders):
            for start, width in chunks(self.n_radial):
                values, slopes = self._functions(l, start, width)
                for k, direction in enumerate(self.directions):
                    along = lanes.mul(lanes.splat(direction, width), slopes)
                    for lm in range(l * l, (l + 1) ** 2):
                        around = lanes.mul(self._dy(k, lm, width), values)
                        place = (k * self.n_orders**2 + lm) * row + start
                        yield place, lanes.mul_add(self._y(lm, width), along, around)

    def contracted(self, weights: ir.Value) -> list[ir.Value]:
        """The three sums over l, m, n of ``weights`` times the derivative."""
        lanes, row = self.lanes, padded(self.n_radial)
        totals = [lanes.constant(0.0, self.radial.type.pointee) for _ in range(3)]
        for start, width in chunks(self.n_radial):
            zero = lanes.constant(0.0, vector(self.radial.type.pointee, width))
            radially, around = zero, [zero, zero, zero]
            for l in range(self.n_orders):
                values, slopes = self._functions(l, start, width)
                for lm in range(l * l, (l + 1) ** 2):
                    weight = lanes.load(weights, lanes.integer(lm * row + start), width)
                    along = lanes.mul(weight, slopes)
                    radially = lanes.mul_add(along, self._y(lm, width), radially)
                    weight = lanes.mul(weight, values)
                    around = [
                        lanes.mul_add(weight, self._dy(k, lm, width), total)
                        for k, total in enumerate(around)
                    ]
            for k, direction in enumerate(self.directions):
                part = lanes.mul_add(lanes.splat(direction, width), radially, around[k])
                totals[k] = lanes.add(totals[k], lanes.total(part))
        return totals
