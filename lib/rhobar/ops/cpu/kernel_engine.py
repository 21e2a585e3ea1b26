"""From overlaps of densities to Wigner kernels: a bilinear program and a grid of rotations."""

from __future__ import annotations

import functools
from typing import NamedTuple

from rhobar.ops.kernel_terms import kernel_terms
from rhobar.ops.rotation_powers import RotationPowers
from rhobar.ops.wigner_iteration import CgIteration

from .bilinear_program import BilinearProgram, bilinear_program
from .rotation_grid import RotationGrid, no_grid, rotation_grid
from .rotation_lanes import LOWEST_POWER


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


@functools.cache
def kernel_engine(iteration: CgIteration | RotationPowers) -> KernelEngine:
    """Compiled form of an iteration."""
    terms = kernel_terms(iteration)
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
