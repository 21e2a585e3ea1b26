"""Reverse mode of one row of a power spectrum."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .addresses import read
from .compilation import compiled_part
from .products import spread

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@compiled_part
def add_row_gradient(
    densities: Array,
    places: tuple[int, int],
    kind: Array,
    address: int,
    scale: float,
    sizes: Integers,
    weights: Array,
    gradients: Array,
    orders: tuple[int, ...],
    functions: tuple[int, ...],
) -> None:
    r"""
    Add to ``gradients`` what one row contributes, with g at ``address``:
    :math:`\sum_{n_2} g_{l n_1 n_2} c^b_{lmn_2}` for the first density,
    :math:`\sum_{n_1} g_{l n_1 n_2} c^a_{lmn_1}` for the second, times their common prefactor.

    :param places: where the two densities begin in ``densities``, and their derivatives in
        ``gradients``
    :param sizes: ``(l,)``, number of radial functions
    :param weights: scratch memory, ``(2, l, n, padded(n))``, zero where padded
    """
    n_radial = len(functions)
    row = (n_radial + 3) // 4 * 4
    half = len(orders) * n_radial * row
    source = 0
    for l in range(len(orders)):
        prefactor = scale / math.sqrt(2.0 * l + 1.0)
        if l % 2:
            prefactor = -prefactor
        for n_1 in range(sizes[l]):
            for n_2 in range(sizes[l]):
                weight = prefactor * read(kind, address, source)
                weights[(l * n_radial + n_1) * row + n_2] = weight
                weights[half + (l * n_radial + n_2) * row + n_1] = weight
                source += 1
    first, second = places
    spread(densities, first, weights[:half], gradients, second, orders, functions)
    spread(densities, second, weights[half:], gradients, first, orders, functions)
