"""From overlaps of densities to Wigner kernels: a bilinear program and a grid of rotations."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from rhobar.math import (
    BilinearTerms,
    coupled_terms,
    frobenius_terms,
    kernel_slots,
    merged_terms,
)
from rhobar.ops.rotation_powers import RotationPowers
from rhobar.ops.wigner_iteration import CgIteration

from .bilinear_program import BilinearProgram, bilinear_program
from .rotation_grid import RotationGrid, no_grid, rotation_grid
from .rotation_lanes import LOWEST_POWER

Irreps = dict[tuple[int, int], int]


class KernelEngine(NamedTuple):
    """Kernels of orders 1 … nu_max from the overlaps of densities."""

    program: BilinearProgram
    grid: RotationGrid
    orders: tuple[int, ...]
    """as many as values of l"""
    n_slots: int
    result: int
    """first slot of the kernels ``(nu, mu, mu')``"""
    n_results: int
    one: int
    """slot that holds 1"""
    grid_result: int
    """first slot of those of the grid"""


class EngineTerms(NamedTuple):
    """The bilinear part of an iteration: overlaps, then 1, then what is made from them."""

    parts: list[BilinearTerms]
    one: int
    result: int
    n_slots: int


@functools.cache
def kernel_engine(iteration: CgIteration | RotationPowers) -> KernelEngine:
    """Compiled form of an iteration."""
    terms = engine_terms(iteration)
    grid, grid_result = no_grid(), terms.result + LOWEST_POWER - 1
    if isinstance(iteration, RotationPowers) and iteration.target == (0, 1):
        n_powers = terms.n_slots - grid_result
        if n_powers > 0:
            grid = rotation_grid(iteration.l_max, int(iteration.degree or 0), n_powers)
    return KernelEngine(
        program=bilinear_program(terms.parts),
        grid=grid,
        orders=(0,) * (iteration.l_max + 1),
        n_slots=terms.n_slots,
        result=terms.result,
        n_results=terms.n_slots - terms.result,
        one=terms.one,
        grid_result=grid_result,
    )


def engine_terms(iteration: CgIteration | RotationPowers) -> EngineTerms:
    """
    What a program has to do, and where its values are.

    Equivariant kernels without a limit of angular momentum come from products that reach as far
    as there are any: a grid would have to be summed once for each of their components.
    """
    density, one = kernel_slots([(l, 1) for l in range(iteration.l_max + 1)], 0)
    l_max, nu_max = iteration.l_max, iteration.nu_max
    if isinstance(iteration, CgIteration):
        return _coupled(iteration, density, one)
    if iteration.target == (0, 1):
        return _first_two(density, one, nu_max)
    exact = CgIteration(l_max, nu_max, (nu_max + 1) // 2 * l_max, iteration.target)
    return _coupled(exact, density, one)


def _first_two(density: Irreps, one: int, nu_max: int) -> EngineTerms:
    """Invariants of the first two orders, which need no grid."""
    result = one + 1
    parts = [_copy(density[0, 1], one, result, 1)]
    if nu_max > 1:
        parts.append(merged_terms(frobenius_terms(density, density, result + 1)))
    return EngineTerms(parts, one, result, result + nu_max)


def _coupled(iteration: CgIteration, density: Irreps, one: int) -> EngineTerms:
    """All orders by the reduced schedule; values that no kernel needs are left out."""
    half = iteration.nu_max - iteration.nu_max // 2
    irreps = [(l, sigma) for l in range(iteration.lambda_max + 1) for sigma in (1, -1)]
    kernels, end, parts = [density], one + 1, []
    for _ in range(1, half):
        slots, end = kernel_slots(irreps, end)
        parts.append(merged_terms(coupled_terms(kernels[-1], density, slots)))
        kernels.append(slots)
    result, size = end, (2 * iteration.target[0] + 1) ** 2
    wanted = []
    if iteration.target in density:
        wanted.append(_copy(density[iteration.target], one, result, size))
    for nu in range(2, iteration.nu_max + 1):
        larger, place = min(half, nu - 1), result + (nu - 1) * size
        left, right = kernels[larger - 1], kernels[nu - larger - 1]
        if iteration.target == (0, 1):
            terms = frobenius_terms(left, right, place)
        else:
            terms = coupled_terms(left, right, {iteration.target: place})
        wanted.append(merged_terms(terms))
    n_slots = result + iteration.nu_max * size
    return EngineTerms(_needed(parts, wanted), one, result, n_slots)


def _copy(source: int, one: int, place: int, size: int) -> BilinearTerms:
    square = np.arange(size)
    return BilinearTerms(place + square, source + square, np.full(size, one), np.ones(size))


def _needed(parts: list[BilinearTerms], wanted: list[BilinearTerms]) -> list[BilinearTerms]:
    """The terms of ``parts`` whose values are used later, and ``wanted``."""
    kept = list(wanted)
    for terms in reversed(parts):
        used = np.concatenate([column for later in kept for column in (later.left, later.right)])
        rows = np.isin(terms.out, used)
        columns = (terms.out[rows], terms.left[rows], terms.right[rows], terms.coefficient[rows])
        kept.insert(0, BilinearTerms(*columns))
    return kept
