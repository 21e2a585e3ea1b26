"""Scratch memory for the pairs of one center."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compilation import compiled_part
from .lanes import WIDTH

Array = NDArray[np.float64]

# Rows of Scratch.geometry: unit vector, 1/length (1/Å), length (Å), weight and its derivative (1/Å)
X, Y, Z, INVERSE, LENGTH, WEIGHT, SLOPE = range(7)
_N_GEOMETRY = 7


class Scratch(NamedTuple):
    """Numbers of all pairs of one center; pairs go in blocks of 8, the last one not full."""

    geometry: Array
    """``(7, pair)``, see above"""
    harmonics: Array
    """``(block, lm, 8)``, flat"""
    harmonic_gradients: Array
    """``(block, 3, lm, 8)``, flat, 1/Å"""
    radial: Array
    """``(pair, l * padded(n))``, flat"""
    radial_slopes: Array
    """same, derivatives, 1/Å"""


@compiled_part
def scratch_for(most_pairs: int, n_lm: int, radial_size: int, gradients: bool) -> Scratch:
    """
    Memory for centers with up to ``most_pairs`` pairs.

    :param radial_size: numbers in the radial functions of a pair
    :param gradients: whether derivatives are needed as well
    """
    blocks = (most_pairs + WIDTH - 1) // WIDTH
    pairs = blocks * WIDTH
    return Scratch(
        np.zeros((_N_GEOMETRY, pairs)),
        np.zeros(pairs * n_lm),
        np.zeros(3 * pairs * n_lm if gradients else 0),
        np.zeros(pairs * radial_size),
        np.zeros(pairs * radial_size if gradients else 0),
    )
