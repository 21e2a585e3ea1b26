"""Features of a tile times matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from .center_tiles import TILE, Blocks
from .compilation import compiled
from .lane_sums import COMPONENTS, contract_lanes

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


def padded_matrices(matrices: Sequence[Tensor], products: Integers) -> tuple[Array, Integers]:
    """Matrices with columns of zeros up to a multiple of 4, flat, and where each begins."""
    parts = []
    for number, (matrix, n) in enumerate(zip(matrices, products.tolist(), strict=True)):
        if matrix.ndim != 2 or len(matrix) != n:
            raise ValueError(
                f"matrix {number} has shape {tuple(matrix.shape)}; its block has {n} products."
            )
        more = -matrix.shape[1] % COMPONENTS
        parts.append(np.pad(matrix.detach().double().numpy(), ((0, 0), (0, more))).ravel())
    return np.concatenate([*parts, np.zeros(0)]), np.cumsum([0, *(len(part) for part in parts)])


@compiled
def contract_tile(
    tile: Array,
    products: Blocks,
    weights: Array,
    places: Integers,
    widths: Integers,
    components: Array,
    results: Blocks,
) -> None:
    """Products times their matrices ``(product, width)``, which begin at ``places``."""
    for b in range(len(products.starts)):
        step, width = products.components[b] * TILE, widths[b]
        for m in range(products.components[b]):
            for k in range(0, width, COMPONENTS):
                contract_lanes(
                    weights,
                    places[b] + k,
                    width,
                    tile,
                    products.starts[b] + m * TILE,
                    step,
                    products.features[b],
                    components,
                    results.starts[b] + k * step + m * TILE,
                    step,
                )
