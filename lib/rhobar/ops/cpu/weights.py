r"""
How much a pair counts: the cutoff function, 8 pairs at a time, and the scaling by distance.

.. math:: f_c(r) = \tfrac12 + \tfrac12 \sin\!\bigl(\pi (\tfrac12 - x)\bigr), \qquad
    x = \min(\max((r - r_c + w) / w, 0), 1)

is the cosine end of :class:`rhobar.math.Cutoff`, in a form whose argument stays within a quarter
wave: there twelve terms of the series are exact to rounding.
"""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba.core import types

from .compilation import compiled_part, emitted
from .lanes import WIDTH, Lanes, vector
from .scratch import LENGTH, SLOPE, WEIGHT, Array

_TERMS = 12


@emitted
def cutoff_weights(
    typing_context: Any,
    geometry: Any,
    place: Any,
    row: Any,
    start: Any,
    inverse_width: Any,
    cutoff: Any,
) -> Any:
    """
    Weights and their derivatives (1/Å) of one block of 8 pairs, from their lengths.

    ``geometry`` has rows of ``row`` numbers, see scratch.py, and the block begins at ``place`` in
    each; ``start`` is where the cosine begins, ``inverse_width`` 0 for a step.
    """
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        memory = lanes.pointer(signature.args[0], args[0])
        places = {k: builder.add(args[1], lanes.times(args[2], k)) for k in (LENGTH, WEIGHT, SLOPE)}
        number = vector(memory.type.pointee, WIDTH)
        zero, one = lanes.constant(0.0, number), lanes.constant(1.0, number)
        length = lanes.load(memory, places[LENGTH], WIDTH)
        begin, scale, end = (lanes.splat(value, WIDTH) for value in args[3:])
        phase = lanes.mul(lanes.sub(length, begin), scale)
        phase = builder.select(builder.fcmp_ordered("<", phase, zero), zero, phase)
        phase = builder.select(builder.fcmp_ordered(">", phase, one), one, phase)
        angle = lanes.scaled(lanes.sub(lanes.constant(0.5, number), phase), math.pi)
        sine, cosine = _quarter_wave(lanes, angle)
        weight = lanes.mul_add(sine, lanes.constant(0.5, number), lanes.constant(0.5, number))
        slope = lanes.mul(lanes.scaled(cosine, -0.5 * math.pi), scale)
        inside = builder.fcmp_ordered("<", length, end)
        lanes.store(builder.select(inside, weight, zero), memory, places[WEIGHT])
        lanes.store(builder.select(inside, slope, zero), memory, places[SLOPE])
        return context.get_dummy_value()

    return types.void(geometry, place, row, start, inverse_width, cutoff), generate


def _quarter_wave(lanes: Lanes, x: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Sine and cosine for |x| <= pi/2."""
    one = lanes.constant(1.0, x.type)
    minus_square = lanes.scaled(lanes.mul(x, x), -1.0)
    sine = cosine = one
    for k in range(_TERMS - 1, 0, -1):
        sine = lanes.mul_add(lanes.scaled(minus_square, 1 / (2 * k * (2 * k + 1))), sine, one)
        cosine = lanes.mul_add(lanes.scaled(minus_square, 1 / (2 * k * (2 * k - 1))), cosine, one)
    return lanes.mul(x, sine), cosine


@compiled_part
def scale_weights(
    lengths: Array, scale: float, rate: float, exponent: float, weights: Array, slopes: Array
) -> None:
    r"""Multiply weights by :math:`rate / (rate + (r / scale)^{exponent})`, with derivatives."""
    for k in range(len(lengths)):
        if lengths[k] > 0.0:
            power = (lengths[k] / scale) ** exponent
            scaling = rate / (rate + power)
            fall = -scaling * scaling * power * exponent / (rate * lengths[k])
            slopes[k] = slopes[k] * scaling + weights[k] * fall
            weights[k] *= scaling
