r"""
Real spherical harmonics of 8 directions at a time.

.. math:: Y_{lm} = \bar P_l^{|m|}(z) \times
    \begin{cases} \sqrt2\, \mathrm{Im}\,(x + i y)^{|m|} & m < 0 \\ 1 & m = 0 \\
    \sqrt2\, \mathrm{Re}\,(x + i y)^m & m > 0 \end{cases}

for unit vectors (x, y, z), with the normalised polynomials
:math:`\bar P_m^m = \sqrt{(2m+1)/(2m)}\,\bar P_{m-1}^{m-1}`, :math:`\bar P_0^0 = 1/\sqrt{4\pi}`,
:math:`\bar P_l^m = a_l^m (z \bar P_{l-1}^m - b_l^m \bar P_{l-2}^m)` and
:math:`d\bar P_l^m/dz = \sqrt{(l-m)(l+m+1)}\,\bar P_l^{m+1}`, so that derivatives need no division.
Bigi, Fraux, Browning, Ceriotti, J. Chem. Phys. 159, 064802 (2023), doi:10.1063/5.0156307; here
everything stays in vector registers. Orthonormal, no Condon-Shortley phase, index l*l + l + m.
"""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba.core import types

from .compilation import emitted
from .lanes import WIDTH, Lanes, vector


@emitted
def harmonics(
    typing_context: Any,
    geometry: Any,
    place: Any,
    row: Any,
    values: Any,
    target: Any,
    orders: Any,
) -> Any:
    """
    Values for one block of 8 pairs.

    ``geometry`` has rows of ``row`` numbers for x, y, z of the unit vectors and 1/r, and the block
    begins at ``place`` in each; Y_lm goes to ``values[target + (l*l + l + m) * 8:]``.
    """
    del typing_context

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        polynomials = _Polynomials(lanes, signature, args)
        out = lanes.pointer(signature.args[3], args[3])
        for lm, value in polynomials.values().items():
            lanes.store(value, out, lanes.index(args[4], lm * WIDTH))
        return context.get_dummy_value()

    return types.void(geometry, place, row, values, target, orders), generate


@emitted
def harmonics_with_gradients(
    typing_context: Any,
    geometry: Any,
    place: Any,
    row: Any,
    values: Any,
    gradients: Any,
    target: Any,
    orders: Any,
) -> Any:
    """
    Values as :func:`harmonics`, and their gradients with respect to the vector (1/Å).

    The component k (x, y, z) goes to ``gradients[3*target + (k*lm_count + lm) * 8:]``.
    """
    del typing_context
    count = orders.count**2

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lanes = Lanes(context, builder)
        polynomials = _Polynomials(lanes, signature, args)
        out = lanes.pointer(signature.args[3], args[3])
        slopes = lanes.pointer(signature.args[4], args[4])
        start = lanes.times(args[5], 3)
        for lm, value in polynomials.values().items():
            lanes.store(value, out, lanes.index(args[5], lm * WIDTH))
        for lm, gradient in polynomials.gradients().items():
            for k, component in enumerate(gradient):
                place = lanes.index(start, (k * count + lm) * WIDTH)
                lanes.store(component, slopes, place)
        return context.get_dummy_value()

    return types.void(geometry, place, row, values, gradients, target, orders), generate


class _Polynomials:
    """The recursions for one block; every number is a vector over its 8 pairs."""

    def __init__(self, lanes: Lanes, signature: Any, args: Any):
        self.lanes = lanes
        self.l_max = signature.args[-1].count - 1
        geometry = lanes.pointer(signature.args[0], args[0])
        self.x, self.y, self.z, self.inverse = (
            lanes.load(geometry, lanes.builder.add(args[1], lanes.times(args[2], k)), WIDTH)
            for k in range(4)
        )
        self.number = vector(geometry.type.pointee, WIDTH)
        self.cosines, self.sines = self._powers()
        self.legendre = self._legendre()

    def _powers(self) -> tuple[list[ir.Value], list[ir.Value]]:
        """Real and imaginary part of (x + iy)^m for m = 0 … l_max."""
        lanes = self.lanes
        real, imaginary = [lanes.constant(1.0, self.number)], [lanes.constant(0.0, self.number)]
        for _ in range(self.l_max):
            c, s = real[-1], imaginary[-1]
            real.append(lanes.sub(lanes.mul(self.x, c), lanes.mul(self.y, s)))
            imaginary.append(lanes.mul_add(self.x, s, lanes.mul(self.y, c)))
        return real, imaginary

    def _legendre(self) -> dict[tuple[int, int], ir.Value]:
        """The polynomials in z by (l, m), for all 0 <= m <= l."""
        lanes, table = self.lanes, {}
        diagonal = math.sqrt(1 / (4 * math.pi))
        for m in range(self.l_max + 1):
            if m:
                diagonal *= math.sqrt((2 * m + 1) / (2 * m))
            table[m, m] = lanes.constant(diagonal, self.number)
            for l in range(m + 1, self.l_max + 1):
                a = math.sqrt((4 * l * l - 1) / (l * l - m * m))
                table[l, m] = lanes.mul(lanes.scaled(self.z, a), table[l - 1, m])
                if l > m + 1:
                    b = math.sqrt(((l - 1) ** 2 - m * m) / (4 * (l - 1) ** 2 - 1))
                    minus = lanes.scaled(table[l - 2, m], -a * b)
                    table[l, m] = lanes.add(table[l, m], minus)
        return table

    def values(self) -> dict[int, ir.Value]:
        """Y by flat index."""
        found = {}
        for (l, m), polynomial in self.legendre.items():
            if m == 0:
                found[l * l + l] = polynomial
                continue
            scaled = self.lanes.scaled(polynomial, math.sqrt(2))
            found[l * l + l + m] = self.lanes.mul(scaled, self.cosines[m])
            found[l * l + l - m] = self.lanes.mul(scaled, self.sines[m])
        return found

    def gradients(self) -> dict[int, list[ir.Value]]:
        """Gradients of Y by flat index, 1/Å: x, y, z."""
        found = {}
        for (l, m), polynomial in self.legendre.items():
            slope = self._slope(l, m)
            if m == 0:
                zero = self.lanes.constant(0.0, self.number)
                found[l * l + l] = self._tangential([zero, zero, slope])
                continue
            mul, scaled = self.lanes.mul, self.lanes.scaled
            p, dp = scaled(polynomial, math.sqrt(2) * m), scaled(slope, math.sqrt(2))
            c, s = mul(p, self.cosines[m - 1]), mul(p, self.sines[m - 1])
            minus_s = scaled(s, -1.0)
            cosine = self._tangential([c, minus_s, mul(dp, self.cosines[m])])
            sine = self._tangential([s, c, mul(dp, self.sines[m])])
            found[l * l + l + m], found[l * l + l - m] = cosine, sine
        return found

    def _slope(self, l: int, m: int) -> ir.Value:
        """Derivative of the polynomial (l, m) by z."""
        if m == l:
            return self.lanes.constant(0.0, self.number)
        return self.lanes.scaled(self.legendre[l, m + 1], math.sqrt((l - m) * (l + m + 1)))

    def _tangential(self, slopes: list[ir.Value]) -> list[ir.Value]:
        """From derivatives by x, y, z on the sphere: without the radial part, times 1/r."""
        lanes, unit = self.lanes, (self.x, self.y, self.z)
        along = lanes.mul(unit[0], slopes[0])
        for direction, slope in zip(unit[1:], slopes[1:], strict=True):
            along = lanes.mul_add(direction, slope, along)
        return [
            lanes.mul(lanes.sub(slope, lanes.mul(direction, along)), self.inverse)
            for direction, slope in zip(unit, slopes, strict=True)
        ]
