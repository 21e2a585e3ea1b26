"""Kernels of several ν from random features, and targets that they can learn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Labelled:
    """Kernels ``(row, row, nu)`` of all structures, targets ``(structure, component)``."""

    kernels: NDArray[np.float64]
    targets: NDArray[np.float64]


def labelled(n_structures: int, *, n_components: int = 1, nu_max: int = 3, seed: int) -> Labelled:
    """Features of each ν with a tenth of the scale of the one before; a noisy target."""
    rng = np.random.default_rng(seed)
    n_rows = n_structures * n_components
    targets = 0.3 * rng.normal(size=n_rows)
    kernels = np.empty((n_rows, n_rows, nu_max + 1))
    for nu in range(nu_max + 1):
        features = 10.0**-nu * rng.normal(size=(n_rows, 12))
        kernels[..., nu] = features @ features.T
        targets += 3 * 10.0**nu * features @ rng.normal(size=12)
    return Labelled(kernels, targets.reshape(n_structures, n_components))
