"""Radial functions of pairs, cutoff and scaling included: by a spline table or as given."""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from rhobar.math import Cutoff, RadialSpline, Willatt

from .compilation import compiled_part
from .hermite import combine
from .lanes import padded

Array = NDArray[np.float64]


class Radial(NamedTuple):
    """
    What the loops need to know about the radial direction; rows are padded to multiples of 4.

    Either ``table`` or ``values`` is empty. Lengths in Å, weights without unit.
    """

    table: Array
    """``(knot, 2, l, padded(n))``, flat: integrals, their derivatives at the knots of a spline"""
    values: Array
    """``(pair, l * padded(n))``: integrals times cutoff and scaling"""
    slopes: Array
    """``(pair, l * padded(n))``: derivatives of ``values`` (1/Å)"""
    center: Array
    """``(padded(n),)``: what the center adds at l = 0 to its own run"""
    knots: int
    spacing: float
    inverse_spacing: float
    cutoff: float
    width: float
    scale: float
    rate: float
    exponent: float
    """0 for no scaling"""
    orders: tuple[int, ...]
    """``l_max + 1`` zeros: sizes are lengths of tuples, see lanes.py"""
    functions: tuple[int, ...]
    """``n_radial`` zeros"""


def splined(
    spline: RadialSpline, *, cutoff: Cutoff, scaling: Willatt | None, self_values: Tensor
) -> Radial:
    """
    Radial functions by table lookup; cutoff and scaling are evaluated exactly at each distance.

    :param self_values: ``(n,)``, what a center adds to its own run at l = 0, as for
        :func:`rhobar.ops.density_coefficients`
    """
    knots, n_orders, n_radial, _ = spline.table.shape
    none = np.zeros((0, n_orders * padded(n_radial)))
    scale, rate, exponent = (
        (1.0, 1.0, 0.0) if scaling is None else (scaling.scale, scaling.rate, scaling.exponent)
    )
    return Radial(
        table=_padded_table(spline),
        values=none,
        slopes=none,
        center=_center_row(self_values),
        knots=knots,
        spacing=float(spline.spacing),
        inverse_spacing=1.0 / float(spline.spacing),
        cutoff=float(cutoff.radius),
        width=float(cutoff.width),
        scale=float(scale),
        rate=float(rate),
        exponent=float(exponent),
        orders=(0,) * n_orders,
        functions=(0,) * n_radial,
    )


_TABLES: WeakKeyDictionary[RadialSpline, tuple[Tensor, int, Array]] = WeakKeyDictionary()
"""Tables in the order of the loops, and of which state of which tensor they are."""


def _padded_table(spline: RadialSpline) -> Array:
    """``(knot, 2, l, padded(n))``, flat; kept, since it takes as long as a small molecule."""
    # torch counts changes in place, but for tensors of inference mode
    version = -1 if spline.table.is_inference() else spline.table._version  # noqa: SLF001
    tensor, known, table = _TABLES.get(spline, (None, -1, np.zeros(0)))
    if tensor is not spline.table or known != version or version < 0:
        numbers = spline.table.detach().double().cpu().numpy()  # (knot, l, n, 2)
        knots, n_orders, n_radial, _ = numbers.shape
        rows = np.zeros((knots, 2, n_orders, padded(n_radial)))
        rows[:, 0, :, :n_radial] = numbers[..., 0]
        rows[:, 1, :, :n_radial] = numbers[..., 1]
        table = rows.reshape(-1)
        _TABLES[spline] = spline.table, version, table
    return table


def given(values: Tensor, slopes: Tensor | None, *, self_values: Tensor) -> Radial:
    """
    Radial functions evaluated by the caller, for example analytic ones.

    :param values: ``(pair, l, n)``, integrals times cutoff and scaling
    :param slopes: ``(pair, l, n)``, their derivatives by the distance (1/Å); None where no
        gradients are asked for
    :param self_values: as for :func:`splined`
    """
    _, n_orders, n_radial = values.shape
    row = n_orders * padded(n_radial)
    return Radial(
        table=np.zeros(0),
        values=_padded_rows(values),
        slopes=np.zeros((0, row)) if slopes is None else _padded_rows(slopes),
        center=_center_row(self_values),
        knots=0,
        spacing=1.0,
        inverse_spacing=1.0,
        cutoff=1.0,
        width=0.0,
        scale=1.0,
        rate=1.0,
        exponent=0.0,
        orders=(0,) * n_orders,
        functions=(0,) * n_radial,
    )


def _padded_rows(functions: Tensor) -> Array:
    """``(pair, l, n)`` as ``(pair, l * padded(n))``."""
    n_pairs, n_orders, n_radial = functions.shape
    rows = np.zeros((n_pairs, n_orders, padded(n_radial)))
    rows[:, :, :n_radial] = functions.detach().cpu().numpy()
    return rows.reshape(n_pairs, n_orders * padded(n_radial))  # of no pairs too


def _center_row(self_values: Tensor) -> Array:
    """``self_values`` padded with zeros."""
    row = np.zeros(padded(len(self_values)))
    row[: len(self_values)] = self_values.detach().cpu().numpy()
    return row


@compiled_part
def row_size(radial: Radial) -> int:
    """Length of a padded row of radial functions; a constant for the compiler."""
    return (len(radial.functions) + 3) // 4 * 4


@compiled_part
def radial_row(radial: Radial, pair: int, distance: float, f: float, target: Array) -> None:
    """Fill ``target`` ``(l * padded(n),)`` with the functions of one pair of weight ``f``."""
    size = row_size(radial) * len(radial.orders)
    if radial.table.size == 0:
        source = radial.values[pair]
        for k in range(size):
            target[k] = source[k]
        return
    h = radial.spacing
    position = distance * radial.inverse_spacing
    knot = min(int(position), radial.knots - 2)
    t = position - knot
    u = 1.0 - t
    weights = (
        f * (1.0 + 2.0 * t) * u * u,
        f * h * t * u * u,
        f * t * t * (3.0 - 2.0 * t),
        -f * h * t * t * u,
    )
    place = 2 * knot * size
    combine(radial.table, place, weights, target, radial.orders, radial.functions)


@compiled_part
def radial_rows(
    radial: Radial,
    pair: int,
    distance: float,
    f: float,
    df: float,
    target: Array,
    slopes: Array,
) -> None:
    """Fill ``target`` and ``slopes``, the derivatives by the distance (1/Å), of one pair."""
    size = row_size(radial) * len(radial.orders)
    if radial.table.size == 0:
        source, source_slopes = radial.values[pair], radial.slopes[pair]
        for k in range(size):
            target[k] = source[k]
            slopes[k] = source_slopes[k]
        return
    h = radial.spacing
    position = distance * radial.inverse_spacing
    knot = min(int(position), radial.knots - 2)
    t = position - knot
    u = 1.0 - t
    left, left_slope = (1.0 + 2.0 * t) * u * u, h * t * u * u
    right, right_slope = t * t * (3.0 - 2.0 * t), -h * t * t * u
    rise = 6.0 * t * u / h  # derivative of right, and of -left
    left_bend, right_bend = u * (1.0 - 3.0 * t), t * (3.0 * t - 2.0)
    place = 2 * knot * size
    weights = (f * left, f * left_slope, f * right, f * right_slope)
    combine(radial.table, place, weights, target, radial.orders, radial.functions)
    weights = (
        df * left - f * rise,
        df * left_slope + f * left_bend,
        df * right + f * rise,
        df * right_slope + f * right_bend,
    )
    combine(radial.table, place, weights, slopes, radial.orders, radial.functions)
