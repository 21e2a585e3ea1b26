"""What a block of threads does to get from densities to Wigner kernels or their derivatives."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rhobar.math import BilinearTerms
from rhobar.ops.kernel_terms import KernelTerms, kernel_terms, reversed_parts
from rhobar.ops.rotation_powers import RotationPowers
from rhobar.ops.wigner_iteration import CgIteration

from .rotation_tables import RotationTables, rotation_tables
from .term_program import Level, levels_of

Array = NDArray[np.float64]

_TILES = ((4, 8), (4, 4), (2, 4))
"""environments on both sides of a tile, from the one that reads least per pair on"""
_CHANNELS = 16  # CHANNELS of pair_tile.cuh
_LOWEST_POWER = 3  # LOWEST_POWER of rotation_sums.cuh


class PairEngine(NamedTuple):
    """One of the sources, and what it reads."""

    source: str
    macros: dict[str, int]
    levels: list[Level]
    waves: Array
    beta_weights: Array

    @property
    def tile(self) -> tuple[int, int]:
        """Environments on both sides of the tile of a block."""
        return self.macros["TILE_ROWS"], self.macros["TILE_COLUMNS"]

    @property
    def n_threads(self) -> int:
        """Threads of a block."""
        return self.tile[0] * self.tile[1] * self.macros["GROUPS"]

    @property
    def n_shared(self) -> int:
        """Numbers in shared memory: slots, or overlaps and the channels that make them."""
        rows, columns = self.tile
        size = self.macros["L_MAX"] + 1
        n_overlaps = size * (2 * size - 1) * (2 * size + 1) // 3
        channels = (rows + columns) * size**2 * _CHANNELS
        return max(self.macros["N_SLOTS"] * rows * columns, n_overlaps * rows * columns + channels)


@functools.cache
def pair_engine(
    iteration: CgIteration | RotationPowers, derivatives: bool, n_shared: int
) -> PairEngine:
    """
    The engine that holds most pairs at once.

    :param derivatives: of a weighted sum of the kernels by the overlaps, and that sum; otherwise
        the kernels
    :param n_shared: numbers that the shared memory of a block holds
    :raises ValueError: for derivatives of equivariant kernels, and where no tile fits
    """
    if derivatives and iteration.target != (0, 1):
        raise ValueError(f"{iteration!r}: only invariant kernels have a compiled derivative.")
    for tile in _TILES:
        engine = _engine(iteration, derivatives, tile)
        if engine.n_shared <= n_shared:
            return engine
    raise ValueError(
        f"{iteration!r}: a block needs {engine.n_shared} numbers of shared memory and this device "
        f"has {n_shared}. Lower lambda_max, l_max or nu_max, or compute it on a CPU."
    )


def _engine(
    iteration: CgIteration | RotationPowers, derivatives: bool, tile: tuple[int, int]
) -> PairEngine:
    """The engine with one size of tiles."""
    terms, n_powers, degree = kernel_terms(iteration), 0, 0
    # derivatives leave room for one block at a time, which then has to hide its own latencies
    n_groups = (512 if derivatives else 256) // (tile[0] * tile[1])
    if isinstance(iteration, RotationPowers) and iteration.target == (0, 1):
        n_powers, degree = max(0, iteration.nu_max - _LOWEST_POWER + 1), int(iteration.degree or 0)
    if n_powers:  # a pair of angles for each group
        n_groups = min(degree // 2 + 1, 512 // (tile[0] * tile[1]))
    macros, levels = _products(terms, derivatives, n_powers, n_groups)
    macros |= {"L_MAX": iteration.l_max, "TILE_ROWS": tile[0], "TILE_COLUMNS": tile[1]}
    if not n_powers:
        return PairEngine("wigner_cg", macros, levels, np.zeros(0), np.zeros(0))
    tables = rotation_tables(iteration.l_max, degree)
    own, grid_levels = _grid(tables, terms, macros, n_powers, derivatives)
    return PairEngine(
        source="wigner_grid_slopes" if derivatives else "wigner_grid",
        macros=macros | own,
        levels=levels + grid_levels,
        waves=tables.waves,
        beta_weights=tables.beta_weights,
    )


def _products(
    terms: KernelTerms, derivatives: bool, n_powers: int, n_groups: int
) -> tuple[dict[str, int], list[Level]]:
    """Slots and levels of what is made from products alone."""
    parts, free, given = list(terms.parts), terms.n_slots, set(range(terms.one + 1))
    first, n_results, n_seeds = terms.result, terms.n_slots - terms.result, 0
    if derivatives:
        parts += [*reversed_parts(terms), _total(terms, n_results - n_powers)]
        given.update(range(free + terms.result, 2 * free))
        first, free, n_results, n_seeds = terms.n_slots, 2 * free, terms.one + 1, n_results
    levels, free = levels_of(
        parts,
        given=given,
        results=range(first, first + n_results),
        one=terms.one,
        free=free,
        n_groups=n_groups,
    )
    macros = {
        "GROUPS": n_groups,
        "FIRST_RESULT": first,
        "N_RESULTS": n_results,
        "FIRST_SEED": terms.n_slots + terms.result,
        "N_SEEDS": n_seeds,
        "N_LEVELS": len(levels),
        "N_SLOTS": free,
    }
    return macros, levels


def _total(terms: KernelTerms, n_made: int) -> BilinearTerms:
    """The weighted sum of the first kernels, in the slot of the derivative by 1."""
    results = terms.result + np.arange(n_made)
    where = np.full(n_made, terms.n_slots + terms.one)
    return BilinearTerms(where, results + terms.n_slots, results, np.ones(n_made))


def _grid(
    tables: RotationTables,
    terms: KernelTerms,
    macros: dict[str, int],
    n_powers: int,
    derivatives: bool,
) -> tuple[dict[str, int], list[Level]]:
    """Slots of the sums over rotations, and levels before, between and after them."""
    n_groups, free, one = macros["GROUPS"], macros["N_SLOTS"], terms.one
    n_half, n_even, n_odd = len(tables.waves), tables.even.shape[1], tables.odd.shape[1]
    n_partial = 1 if derivatives else n_powers
    partial = free + n_even**2 + n_odd**2
    end = partial + n_groups * n_partial
    own = {
        "N_EVEN": n_even,
        "N_ODD": n_odd,
        "N_HALF": n_half,
        "N_BETA": len(tables.beta_weights),
        "N_POWERS": n_powers,
        "FOURIER": free,
        "PARTIAL": partial,
        "N_SLOTS": end,
    }
    levels: list[Level] = []
    for even, odd in zip(tables.even, tables.odd, strict=True):
        table = np.concatenate([part.reshape(-1, part.shape[-1]) for part in (even, odd)])
        levels.append({free + k: _linear(row, 0, one) for k, row in enumerate(table)})
        if derivatives:
            bars = enumerate(table.T, start=terms.n_slots)
            levels.append(
                {bar: [(one, bar, 1.0), *_linear(column, free, one)] for bar, column in bars}
            )
    if derivatives:
        own |= {"TURNED": end, "N_SLOTS": end + n_half * 2 * (n_even + n_odd)}
        levels.append(_by_fourier(tables.waves, (n_even, n_odd), one, end, free))
        total = terms.n_slots + one
        sums = {total: [(one, total, 1.0), *_linear(np.ones(n_groups), partial, one)]}
    else:
        first = terms.result + _LOWEST_POWER - 1
        shares = np.kron(np.ones(n_groups), np.eye(n_powers))
        sums = {first + k: _linear(row, partial, one) for k, row in enumerate(shares)}
    return own, [*levels, sums]


def _linear(row: Array, first: int, one: int) -> list[tuple[int, int, float]]:
    """Terms of a sum of slots."""
    return [(one, first + int(k), float(row[k])) for k in np.flatnonzero(row)]


def _by_fourier(waves: Array, sizes: tuple[int, int], one: int, turned: int, fourier: int) -> Level:
    """Derivatives by Fourier coefficients, in the place of these, from those by sums over m."""
    n_both, place, first = sum(sizes), fourier, 0
    level: Level = {}
    for size in sizes:
        for k in range(size):
            is_sine = k > 0 and k % 2 == 0
            starts = turned + n_both * (2 * np.arange(len(waves)) + is_sine) + first
            for n in range(size):
                level[place] = [
                    (one, int(start) + n, float(wave))
                    for start, wave in zip(starts, waves[:, k], strict=True)
                ]
                place += 1
        first += size
    return level
