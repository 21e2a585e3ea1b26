"""
Vector instructions for the innermost loops, written as LLVM code.

A row of a density, all n of one (l, m), is held in vectors of up to 8 numbers; pairs go through
the spherical harmonics 8 at a time. LLVM maps these vectors to the registers of the machine (one
AVX-512, two AVX2, four NEON), so there is one code for all of them.

Sizes are compile-time constants. They travel as lengths of tuples, which are part of the type
under which numba compiles: ``orders = (0,) * (l_max + 1)`` and ``functions = (0,) * n_radial``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types

WIDTH = 8
"""Numbers in a vector; pairs in a block."""

_CONTRACT = ("contract",)  # lets a product and a sum become one fused instruction
_INDEX = ir.IntType(64)
_SHORT = ir.IntType(32)


def padded(n: int) -> int:
    """Length of a row of ``n`` numbers in scratch memory: a multiple of 4, the rest zero."""
    return (n + 3) // 4 * 4


def chunks(n: int) -> list[tuple[int, int]]:
    """(start, width) of the vectors that hold a padded row of ``n`` numbers."""
    end = padded(n)
    return [(start, min(WIDTH, end - start)) for start in range(0, end, WIDTH)]


def tiles(count: int, largest: int) -> list[range]:
    """``range(count)`` in portions of at most ``largest``, as equal as can be."""
    parts = -(-count // largest)
    bounds = [count * k // parts for k in range(parts + 1)]
    return [range(start, stop) for start, stop in pairwise(bounds)]


class Lanes:
    """Emits vector instructions at the current place of ``builder``."""

    def __init__(self, context: Any, builder: ir.IRBuilder):
        self.context = context
        self.builder = builder

    def pointer(self, array_type: types.Array, array: ir.Value) -> ir.Value:
        """Address of the first number of a numba array."""
        return self.context.make_array(array_type)(self.context, self.builder, value=array).data

    def at_address(self, address: ir.Value, element: ir.Type) -> ir.Value:
        """Pointer to numbers of type ``element`` at an integer address."""
        return self.builder.inttoptr(address, element.as_pointer())

    def index(self, base: ir.Value, steps: int) -> ir.Value:
        """``base + steps``."""
        return self.builder.add(base, _INDEX(steps))

    def times(self, value: ir.Value, factor: int) -> ir.Value:
        """``value * factor`` for integers."""
        return self.builder.mul(value, _INDEX(factor))

    def integer(self, value: int) -> ir.Value:
        """An index known now."""
        return _INDEX(value)

    def load(self, pointer: ir.Value, index: ir.Value, width: int) -> ir.Value:
        """``width`` numbers from ``pointer[index]`` on."""
        place = self.builder.gep(pointer, [index])
        element = pointer.type.pointee
        vector = ir.VectorType(element, width).as_pointer()
        return self.builder.load(self.builder.bitcast(place, vector), align=_size(element))

    def store(
        self, value: ir.Value, pointer: ir.Value, index: ir.Value, *, streaming: bool = False
    ) -> None:
        """
        Write a vector to ``pointer[index]``.

        :param streaming: past the caches; the address has to be a multiple of the vector's size
        """
        place = self.builder.gep(pointer, [index])
        size = _size(value.type.element)
        # streaming is chosen at run time for whole vectors only, yet compiled for all widths
        whole = value.type.count & (value.type.count - 1) == 0
        align = size * value.type.count if streaming and whole else size
        target = self.builder.bitcast(place, value.type.as_pointer())
        written = self.builder.store(value, target, align=align)
        if streaming:
            mark = self.builder.module.add_metadata([_SHORT(1)])
            written.set_metadata("nontemporal", mark)

    def splat(self, scalar: ir.Value, width: int) -> ir.Value:
        """A vector of ``width`` times the same number."""
        vector = ir.VectorType(scalar.type, width)
        nothing = ir.Constant(vector, ir.Undefined)
        first = self.builder.insert_element(nothing, scalar, _SHORT(0))
        zeros = ir.Constant(ir.VectorType(_SHORT, width), [0] * width)
        return self.builder.shuffle_vector(first, nothing, zeros)

    def load_splat(self, pointer: ir.Value, index: ir.Value, width: int) -> ir.Value:
        """The number ``pointer[index]``, ``width`` times."""
        return self.splat(self.builder.load(self.builder.gep(pointer, [index])), width)

    def first(self, vector: ir.Value, count: int) -> ir.Value:
        """The first ``count`` numbers of a vector."""
        return vector if count == vector.type.count else self._part(vector, 0, count)

    def _part(self, vector: ir.Value, start: int, count: int) -> ir.Value:
        """Some consecutive numbers of a vector."""
        nothing = ir.Constant(vector.type, ir.Undefined)
        kept = ir.Constant(ir.VectorType(_SHORT, count), list(range(start, start + count)))
        return self.builder.shuffle_vector(vector, nothing, kept)

    def total(self, vector: ir.Value) -> ir.Value:
        """Sum of the numbers of a vector, of 4 or 8."""
        while vector.type.count > 1:
            half = vector.type.count // 2
            vector = self.add(self._part(vector, 0, half), self._part(vector, half, half))
        return self.builder.extract_element(vector, _SHORT(0))

    def constant(self, value: float, like: ir.Type) -> ir.Value:
        """A scalar or vector constant of type ``like``."""
        if isinstance(like, ir.VectorType):
            return ir.Constant(like, [value] * like.count)
        return ir.Constant(like, value)

    def mul(self, x: ir.Value, y: ir.Value) -> ir.Value:
        """``x * y``."""
        return self.builder.fmul(x, y, flags=_CONTRACT)

    def add(self, x: ir.Value, y: ir.Value) -> ir.Value:
        """``x + y``."""
        return self.builder.fadd(x, y, flags=_CONTRACT)

    def sub(self, x: ir.Value, y: ir.Value) -> ir.Value:
        """``x - y``."""
        return self.builder.fsub(x, y, flags=_CONTRACT)

    def mul_add(self, x: ir.Value, y: ir.Value, z: ir.Value) -> ir.Value:
        """``x * y + z`` in one instruction where the machine has it."""
        return self.add(self.mul(x, y), z)

    def scaled(self, x: ir.Value, factor: float) -> ir.Value:
        """``factor * x`` for a factor known now."""
        return self.mul(x, self.constant(factor, x.type))

    def converted(self, x: ir.Value, element: ir.Type) -> ir.Value:
        """A float64 vector as numbers of type ``element``."""
        if x.type.element == element:
            return x
        return self.builder.fptrunc(x, ir.VectorType(element, x.type.count))

    def registers(self, count: int, vector: ir.Type) -> list[ir.Value]:
        """Variables that start at zero; LLVM keeps them in registers."""
        zero = self.constant(0.0, vector)
        variables = [cgutils.alloca_once(self.builder, vector) for _ in range(count)]
        for variable in variables:
            self.builder.store(zero, variable)
        return variables

    def accumulate(self, variable: ir.Value, x: ir.Value, y: ir.Value) -> None:
        """``variable += x * y``."""
        total = self.mul_add(x, y, self.builder.load(variable))
        self.builder.store(total, variable)

    @contextmanager
    def loop(self, start: ir.Value, stop: ir.Value) -> Iterator[ir.Value]:
        """The body runs for ``start <= index < stop``."""
        with cgutils.for_range_slice(self.builder, start, stop, _INDEX(1)) as (index, _):
            yield index


def vector(element: ir.Type, width: int) -> ir.Type:
    """Type of ``width`` numbers in a row."""
    return ir.VectorType(element, width)


def _size(element: ir.Type) -> int:
    """Bytes of a number."""
    return 8 if isinstance(element, ir.DoubleType) else 4
