r"""
Sums of powers of the rotational overlap over a grid of rotations, by separate sums over angles.

With :math:`R = R_z(\alpha) R_y(\beta) R_z(\gamma)` and real harmonics, a turn about z mixes m and
-m only, and d(β) does not mix :math:`m \ge 0` with :math:`m < 0`, so that for each β

.. math:: S(R) = \sum_{l m m'} D^l_{mm'}(R) \kappa_{l, mm'}
    = \sum_{k k'} t_k(\alpha) \, f_{k k'}(\beta) \, t_{k'}(\gamma), \quad
    t = (1, \cos\alpha, \sin\alpha, \cos 2\alpha, \ldots)

with the even and the odd l apart, since inversion changes the sign of the latter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from rhobar.math import wigner_d

from .compilation import compiled_part
from .pair_lanes import PAIRS, sum_slots
from .rotation_lanes import power_lanes, turn_lanes

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


class RotationGrid(NamedTuple):
    """Tables of the three sums; sizes known when compiling are lengths of tuples."""

    ptr: Integers
    """``(beta * (even**2 + odd**2) + 1,)``, entries of each Fourier coefficient"""
    places: Integers
    """``(entry,)``, where its kernel is, in numbers"""
    weights: Array
    """``(entry,)``, elements of Wigner's d"""
    alpha: Array
    """``(alpha * columns,)``, cosines and sines"""
    gamma: Array
    """``(gamma * columns,)``, the same for one of each pair of angles of opposite sign"""
    beta_weights: Array
    """``(beta,)``, weight of one rotation"""
    even: tuple[int, ...]
    """as many as there are functions of α up to the highest even l"""
    odd: tuple[int, ...]
    """as many as up to the highest odd l"""
    powers: tuple[int, ...]
    """as many as the powers from the third on"""


def rotation_grid(l_max: int, degree: int, n_powers: int) -> RotationGrid:
    """Tables for polynomials in Wigner matrices of order up to ``degree``."""
    highest_even = l_max - l_max % 2
    highest_odd = l_max - (l_max + 1) % 2
    even = 2 * highest_even + 1
    odd = 2 * max(0, highest_odd) + 1  # without odd l a sum of nothing
    # an even number of angles that avoids 0 and π comes in pairs of opposite sign
    n_angles = 2 * (degree // 2 + 1)
    angles = 2 * np.pi * (np.arange(n_angles) + 0.5) / n_angles
    waves = _waves(angles, max(highest_even, highest_odd))
    heights, height_weights = np.polynomial.legendre.leggauss(degree // 2 + 1)
    ptr, places, weights = [0], [], []
    for beta in np.arccos(heights):
        for parity, size in ((0, even), (1, odd)):
            terms = _fourier_terms(beta, range(parity, l_max + 1, 2))
            for key in np.ndindex(size, size):
                for place, weight in terms.get(key, []):
                    places.append(PAIRS * place)
                    weights.append(weight)
                ptr.append(len(places))
    return RotationGrid(
        ptr=np.array(ptr, dtype=np.int64),
        places=np.array(places, dtype=np.int64),
        weights=np.array(weights, dtype=np.float64),
        alpha=waves.reshape(-1),
        gamma=waves[: n_angles // 2].reshape(-1).copy(),
        beta_weights=height_weights / 2 / n_angles**2,
        even=(0,) * even,
        odd=(0,) * odd,
        powers=(0,) * n_powers,
    )


def no_grid() -> RotationGrid:
    """Nothing to sum: kernels come from a program alone."""
    empty, none = np.zeros(0), np.zeros(0, dtype=np.int64)
    return RotationGrid(none, none, empty, empty, empty, empty, (0,), (0,), ())


def _waves(angles: Array, highest: int) -> Array:
    """``(angle, 2 highest + 1)``: 1, cos, sin, cos 2, sin 2, …"""
    orders = np.arange(1, highest + 1)
    both = np.stack([np.cos(angles[:, None] * orders), np.sin(angles[:, None] * orders)], axis=-1)
    return np.concatenate([np.ones((len(angles), 1)), both.reshape(len(angles), -1)], axis=1)


def _fourier_terms(beta: float, orders: range) -> dict[tuple[int, int], list[tuple[int, float]]]:
    """Kernels (place, weight) whose sum is the coefficient of each pair of functions."""
    c, s = float(np.cos(beta)), float(np.sin(beta))
    turn = torch.tensor([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]], dtype=torch.float64)
    terms: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for l in orders:
        d = wigner_d(l, turn).numpy()
        first = l * (4 * l * l - 1) // 3  # of the kernels of this l
        for m, n in np.ndindex(l + 1, l + 1):
            # X(α) d X(γ) with X = [[cos, -sin], [sin, cos]] between m and -m
            for row, column, sign_row, sign_column, weight in (
                (_cosine(m), _cosine(n), 1, 1, d[l + m, l + n]),
                (_sine(m), _sine(n), 1, 1, -d[l - m, l - n]),
                (_cosine(m), _sine(n), 1, -1, -d[l + m, l + n]),
                (_sine(m), _cosine(n), 1, -1, -d[l - m, l - n]),
                (_sine(m), _cosine(n), -1, 1, d[l + m, l + n]),
                (_cosine(m), _sine(n), -1, 1, d[l - m, l - n]),
                (_sine(m), _sine(n), -1, -1, -d[l + m, l + n]),
                (_cosine(m), _cosine(n), -1, -1, d[l - m, l - n]),
            ):
                # at m = 0 there is neither a sine nor a second function
                missing = row < 0 or column < 0
                repeated = (m == 0 and sign_row < 0) or (n == 0 and sign_column < 0)
                if missing or repeated or abs(weight) < 1e-16:  # rounding of a zero
                    continue
                place = first + (l + sign_row * m) * (2 * l + 1) + l + sign_column * n
                terms.setdefault((row, column), []).append((place, float(weight)))
    return terms


def _cosine(m: int) -> int:
    return max(0, 2 * m - 1)


def _sine(m: int) -> int:
    return 2 * m if m else -1


@compiled_part
def run_grid(grid: RotationGrid, slots: Array, fourier: Array, turned: Array, out: int) -> None:
    """
    Add the sums of powers to ``slots`` from ``out`` on, for 32 pairs.

    :param fourier: scratch, 32 (even² + odd²)
    :param turned: scratch, 32 (even + odd)
    """
    n_even, n_odd = len(grid.even), len(grid.odd)
    n_columns = max(n_even, n_odd)
    n_coefficients = n_even * n_even + n_odd * n_odd
    for b in range(len(grid.beta_weights)):
        for k in range(n_coefficients):
            entry = b * n_coefficients + k
            start, stop = grid.ptr[entry], grid.ptr[entry + 1]
            sum_slots(slots, grid.places, grid.weights, start, stop, fourier, k * PAIRS)
        # half of the weight for each of a rotation and its product with the inversion
        weight = grid.beta_weights[b] / 2
        for row in range(0, len(grid.alpha), n_columns):
            turn_lanes(fourier, 0, grid.alpha, row, grid.even, turned, 0)
            first = n_even * n_even * PAIRS
            turn_lanes(fourier, first, grid.alpha, row, grid.odd, turned, n_even * PAIRS)
            n_rows = len(grid.gamma) // n_columns
            power_lanes(
                turned,
                grid.gamma,
                n_rows,
                grid.even,
                grid.odd,
                grid.powers,
                weight,
                slots,
                out,
            )
