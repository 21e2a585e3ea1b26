"""Reverse mode of a kernel engine: derivatives of a weighted sum of its kernels by the overlaps."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rhobar.ops.kernel_terms import kernel_terms, reversed_parts
from rhobar.ops.rotation_powers import RotationPowers
from rhobar.ops.wigner_iteration import CgIteration

from .bilinear_program import BilinearProgram, bilinear_program, run_program
from .compilation import compiled_part
from .kernel_engine import KernelEngine, kernel_engine
from .pair_lanes import PAIRS, sum_slots
from .pair_scratch import PairScratch, pair_scratch
from .rotation_lanes import turn_lanes
from .slope_lanes import add_slots, slope_lanes, turn_back_lanes

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


class SlopeEngine(NamedTuple):
    """A :class:`KernelEngine` and what runs it backwards."""

    forward: KernelEngine
    reverse: BilinearProgram
    """derivatives of all values, from the last to the overlaps"""
    n_slots: int
    """of values, and as many of derivatives; the last one is for the sum itself"""
    n_overlaps: int
    ptr: Integers
    """``(beta * overlap + 1,)``, entries of the derivatives of Fourier coefficients"""
    places: Integers
    weights: Array


@functools.cache
def slope_engine(iteration: CgIteration | RotationPowers) -> SlopeEngine:
    """
    Compiled form of an iteration for invariants, with its reverse mode.

    :raises ValueError: for equivariant kernels
    """
    if iteration.target != (0, 1):
        raise ValueError(f"{iteration!r}: only invariant kernels have a compiled derivative.")
    forward = kernel_engine(iteration)
    n_overlaps = forward.one
    parts = reversed_parts(kernel_terms(iteration))
    ptr, places, weights = _reversed_tables(forward, n_overlaps)
    return SlopeEngine(
        forward=forward,
        reverse=bilinear_program(parts),
        n_slots=2 * forward.n_slots + 1,
        n_overlaps=n_overlaps,
        ptr=ptr,
        places=places,
        weights=weights,
    )


def _reversed_tables(forward: KernelEngine, n_overlaps: int) -> tuple[Integers, Integers, Array]:
    """The Fourier coefficients that each overlap goes into, for each β."""
    grid = forward.grid
    n_beta = len(grid.beta_weights)
    n_coefficients = len(grid.even) ** 2 + len(grid.odd) ** 2
    entry = np.repeat(np.arange(n_beta * n_coefficients), np.diff(grid.ptr)) if n_beta else grid.ptr
    beta, coefficient = np.divmod(entry, n_coefficients)
    key = beta * n_overlaps + grid.places // PAIRS
    order = np.argsort(key, kind="stable")
    counts = np.bincount(key, minlength=n_beta * n_overlaps)
    ptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return ptr, PAIRS * coefficient[order], grid.weights[order]


@compiled_part
def slope_scratch(engine: SlopeEngine, nu_weights: Array) -> PairScratch:
    r"""Memory of :func:`run_slopes`, with the derivatives :math:`b_\nu` by kernels in place."""
    forward = engine.forward
    scratch = pair_scratch(forward.grid, engine.n_slots, forward.one)
    for k in range(forward.n_results):
        place = (forward.n_slots + forward.result + k) * PAIRS
        scratch.slots[place : place + PAIRS] = nu_weights[k]
    return scratch


@compiled_part
def run_slopes(
    engine: SlopeEngine,
    nu_weights: Array,
    scratch: PairScratch,
) -> None:
    r"""
    The sum :math:`\sum_\nu b_\nu \kappa^\nu` in the last slot, and its derivatives by the overlaps.

    The latter are in slots ``n_slots`` of the forward engine and following.

    :param scratch: of :func:`slope_scratch`, with the overlaps in its first slots
    """
    forward, slots = engine.forward, scratch.slots
    total = (engine.n_slots - 1) * PAIRS
    run_program(forward.program, slots)
    slots[total : total + PAIRS] = 0.0
    n_simple = forward.n_results - len(forward.grid.powers)
    for k in range(n_simple):
        place = (forward.result + k) * PAIRS
        for pair in range(PAIRS):
            slots[total + pair] += nu_weights[k] * slots[place + pair]
    run_program(engine.reverse, slots)
    if len(forward.grid.powers) > 0:
        _run_grid(engine, nu_weights, scratch)


@compiled_part
def _run_grid(engine: SlopeEngine, nu_weights: Array, scratch: PairScratch) -> None:
    """Add the kernels that are sums over rotations, and their derivatives."""
    grid = engine.forward.grid
    slots, fourier, turned, by_fourier, by_turned = scratch
    n_even, n_odd = len(grid.even), len(grid.odd)
    n_columns = max(n_even, n_odd)
    n_rows = len(grid.gamma) // n_columns
    n_coefficients = n_even * n_even + n_odd * n_odd
    split, turned_split = n_even * n_even * PAIRS, n_even * PAIRS
    total = (engine.n_slots - 1) * PAIRS
    for b in range(len(grid.beta_weights)):
        for k in range(n_coefficients):
            entry = b * n_coefficients + k
            start, stop = grid.ptr[entry], grid.ptr[entry + 1]
            sum_slots(slots, grid.places, grid.weights, start, stop, fourier, k * PAIRS)
        by_fourier[:] = 0.0
        weight = grid.beta_weights[b] / 2
        for row in range(0, len(grid.alpha), n_columns):
            turn_lanes(fourier, 0, grid.alpha, row, grid.even, turned, 0)
            turn_lanes(fourier, split, grid.alpha, row, grid.odd, turned, turned_split)
            slope_lanes(
                turned,
                grid.gamma,
                n_rows,
                grid.even,
                grid.odd,
                grid.powers,
                nu_weights,
                weight,
                slots,
                total,
                by_turned,
            )
            turn_back_lanes(by_turned, 0, grid.alpha, row, grid.even, by_fourier, 0)
            turn_back_lanes(by_turned, turned_split, grid.alpha, row, grid.odd, by_fourier, split)
        for overlap in range(engine.n_overlaps):
            entry = b * engine.n_overlaps + overlap
            start, stop = engine.ptr[entry], engine.ptr[entry + 1]
            place = (engine.forward.n_slots + overlap) * PAIRS
            add_slots(by_fourier, engine.places, engine.weights, start, stop, slots, place)
