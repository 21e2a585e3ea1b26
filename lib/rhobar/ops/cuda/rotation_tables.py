r"""
Tables for sums over a grid of rotations, by separate sums over angles.

With :math:`R = R_z(\alpha) R_y(\beta) R_z(\gamma)` a turn about z mixes m and -m only, so that for
each β

.. math:: \sum_{l m m'} D^l_{mm'}(R) \kappa_{l, mm'}
    = \sum_{k k'} t_k(\alpha) \, f_{k k'}(\beta) \, t_{k'}(\gamma), \quad
    t = (1, \cos\alpha, \sin\alpha, \cos 2\alpha, \ldots)

The f are Fourier coefficients of the elements of Wigner matrices, found here as such.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rhobar.math import wigner_d

Array = NDArray[np.float64]

_ROUNDING = 1e-13  # Fourier coefficients below are zeros


class RotationTables(NamedTuple):
    """Angles come in pairs of opposite sign; those of the first half are listed."""

    waves: Array
    """``(angle, function)``: 1, cos, sin, cos 2, sin 2, … of α and of γ"""
    beta_weights: Array
    """``(beta,)``, half of the weight of a rotation: one for it, one for its inverted form"""
    even: Array
    """``(beta, k, k', overlap)``, coefficients of the even l"""
    odd: Array
    """the same of the odd l; without any a single function, zero"""


def rotation_tables(l_max: int, degree: int) -> RotationTables:
    """Tables for polynomials in Wigner matrices of order up to ``degree``, as exact as these."""
    # an even number of angles that avoids 0 and π comes in pairs of opposite sign
    n_half = degree // 2 + 1
    angles = np.pi * (np.arange(n_half) + 0.5) / n_half
    heights, weights = np.polynomial.legendre.leggauss(degree // 2 + 1)
    return RotationTables(
        waves=_waves(angles, l_max),
        beta_weights=weights / 2 / (2 * n_half) ** 2 / 2,
        even=_coefficients(heights, l_max, 0),
        odd=_coefficients(heights, l_max, 1),
    )


def _waves(angles: Array, highest: int) -> Array:
    """``(angle, 2 highest + 1)``: 1, cos, sin, cos 2, sin 2, …"""
    orders = np.arange(1, highest + 1)
    both = np.stack([np.cos(angles[:, None] * orders), np.sin(angles[:, None] * orders)], axis=-1)
    return np.concatenate([np.ones((len(angles), 1)), both.reshape(len(angles), -1)], axis=1)


def _coefficients(heights: Array, l_max: int, parity: int) -> Array:
    """``(beta, k, k', overlap)`` of the l of one parity."""
    highest = max(0, l_max - (l_max - parity) % 2)
    angles = 2 * np.pi * np.arange(2 * highest + 1) / (2 * highest + 1)
    project = np.linalg.inv(_waves(angles, highest))  # values at angles to coefficients
    alpha, beta, gamma = torch.meshgrid(
        torch.from_numpy(angles),
        torch.from_numpy(np.arccos(heights)),
        torch.from_numpy(angles),
        indexing="ij",
    )
    rotations = _turn(alpha, 2) @ _turn(beta, 1) @ _turn(gamma, 2)
    n_overlaps = (l_max + 1) * (2 * l_max + 1) * (2 * l_max + 3) // 3
    n = 2 * highest + 1
    table = np.zeros((len(heights), n, n, n_overlaps))
    for l in range(parity, l_max + 1, 2):
        elements = wigner_d(l, rotations).flatten(-2).numpy()
        first = l * (4 * l * l - 1) // 3
        table[..., first : first + (2 * l + 1) ** 2] = np.einsum(
            "ka,nc,abcx->bknx", project, project, elements
        )
    table[np.abs(table) < _ROUNDING] = 0.0
    return table


def _turn(angle: Tensor, axis: int) -> Tensor:
    """Rotations about an axis, ``(..., 3, 3)``."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = torch.zeros(*angle.shape, 3, 3, dtype=torch.float64)
    matrix[..., axis, axis] = 1.0
    matrix[..., first, first] = matrix[..., second, second] = angle.cos()
    matrix[..., first, second] = -angle.sin()
    matrix[..., second, first] = angle.sin()
    return matrix
