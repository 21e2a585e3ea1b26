"""Memory of the loops over pairs of environments."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compilation import compiled_part
from .pair_lanes import PAIRS
from .rotation_grid import RotationGrid

Array = NDArray[np.float64]


class PairScratch(NamedTuple):
    """Values of 32 pairs, see :mod:`.pair_lanes`, and those of the sums over rotations."""

    slots: Array
    fourier: Array
    turned: Array
    by_fourier: Array
    by_turned: Array


@compiled_part
def pair_scratch(grid: RotationGrid, n_slots: int, one: int) -> PairScratch:
    """Zeros for ``n_slots`` values of each pair, but for slot ``one``, which holds 1."""
    n_even, n_odd = len(grid.even), len(grid.odd)
    n_fourier, n_turned = (
        (n_even * n_even + n_odd * n_odd) * PAIRS,
        (n_even + n_odd) * PAIRS,
    )
    slots = aligned_zeros(n_slots * PAIRS)
    slots[one * PAIRS : (one + 1) * PAIRS] = 1.0
    return PairScratch(
        slots,
        aligned_zeros(n_fourier),
        aligned_zeros(n_turned),
        aligned_zeros(n_fourier),
        aligned_zeros(n_turned),
    )


@compiled_part
def aligned_zeros(size: int) -> Array:
    """Memory at the start of a cache line, which vectors then never straddle."""
    memory = np.zeros(size + 8)
    start = -memory.ctypes.data % 64 // 8
    return memory[start : start + size]
