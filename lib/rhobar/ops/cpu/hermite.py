"""Rows of cubic Hermite splines, in vector registers."""

from __future__ import annotations

from typing import Any

from numba.core import types

from .compilation import emitted
from .lanes import Lanes, chunks, padded


@emitted
def combine(
    typing_context: Any,
    table: Any,
    place: Any,
    weights: Any,
    target: Any,
    orders: Any,
    functions: Any,
) -> Any:
    r"""
    Set ``target`` to :math:`\sum_{k=0}^{3} w_k\, t_k`.

    The rows :math:`t_k`, ``(l * padded(n),)``, follow each other in ``table`` from ``place`` on:
    values and slopes at one knot, values and slopes at the next. ``weights`` is a tuple of four
    numbers.
    """
    del typing_context
    size = orders.count * padded(functions.count)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        rows = lanes.pointer(signature.args[0], args[0])
        out = lanes.pointer(signature.args[3], args[3])
        factors = [builder.extract_value(args[2], k) for k in range(4)]
        for start, width in chunks(size):
            total = None
            for k, factor in enumerate(factors):
                values = lanes.load(rows, lanes.index(args[1], k * size + start), width)
                weight = lanes.splat(factor, width)
                total = (
                    lanes.mul(weight, values)
                    if total is None
                    else lanes.mul_add(weight, values, total)
                )
            lanes.store(total, out, lanes.integer(start))
        return context.get_dummy_value()

    return types.void(table, place, weights, target, orders, functions), generate
