"""The kernel between energies and their derivatives by positions, of two lists of structures."""

from __future__ import annotations

from collections.abc import Sequence

import ase
import torch
from torch import Tensor

from rhobar.ops import joint_kernels

from .wigner_gradients import DensitySlopes, moves
from .wigner_kernel import WignerKernel
from .wigner_pairs import CenterPairs, Side, center_pairs, zeros

_CENTERS = 32
"""centers on the right of a tile, with some hundred changes of their densities: 200 MB"""


def joint_matrix(
    kernel: WignerKernel,
    weights: Tensor,
    frames: Sequence[ase.Atoms],
    other: Sequence[ase.Atoms] | None = None,
) -> Tensor:
    r"""
    Covariance of energies and of their derivatives, of models of both.

    .. math:: \begin{pmatrix} K & \partial_B K \\ \partial_A K & \partial_A \partial_B K
        \end{pmatrix}, \qquad K = \sum_{\nu = 0}^{\nu_{max}} b_\nu K^\nu

    With it, training on energies and forces is the same ridge regression as on energies alone;
    forces are minus the derivatives. Cost: that of the kernels times the number of coordinates
    that an environment has, on both sides together, so for a few hundred small structures.

    :param kernel: of the engine "grid"
    :param weights: b of ν = 0 … nu_max
    :param other: the columns; None: ``frames`` again
    :returns: ``(n + 3 N, n' + 3 N')`` float64 for n structures of N atoms in all: energies first,
        then derivatives, atom by atom in the order x, y, z
    :raises ValueError: for another engine, or another number of weights
    :raises MemoryError: if the result cannot fit
    """
    b = torch.as_tensor(weights, dtype=torch.float64)
    if kernel.engine != "grid":
        raise ValueError(
            f"joint_matrix: second derivatives are those of engine='grid', not {kernel.engine!r}."
        )
    if b.shape != (kernel.nu_max + 1,):
        raise ValueError(
            f"joint_matrix: {kernel.nu_max + 1} weights are due, of ν = 0 … {kernel.nu_max}; got "
            f"shape {tuple(b.shape)}."
        )
    pairs = center_pairs(kernel.density, frames, other, kernel.center_types, None)
    columns = frames if other is None else other
    turned = CenterPairs(pairs.columns, pairs.rows, pairs.neighbor_types)
    by_left = moves(kernel.density, frames, pairs, "positions").by_type
    by_right = moves(kernel.density, columns, turned, "positions").by_type
    result = zeros((_size(pairs.rows), _size(pairs.columns)), "joint kernels")
    for center_type in pairs.center_types:
        sides = (
            _Changes(pairs.rows, center_type, by_left),
            _Changes(pairs.columns, center_type, by_right),
        )
        _add_type(result, b, *sides)
    return result


class _Changes:
    """Centers of one type, what moves their densities, and where both are in the matrix."""

    def __init__(self, side: Side, center_type: int, slopes: dict[int, DensitySlopes]):
        found = slopes[center_type]
        self.densities, self.system, _ = side.densities[center_type]
        self.values = found.values.flatten(0, 1)  # (entry * axis, lm, channel)
        self.center = found.center.repeat_interleave(3)
        self.place = side.n_systems + (3 * found.moved[:, None] + torch.arange(3)).flatten()

    def part(self, first: int, stop: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Densities and changes of some centers, which change is of which, and their places."""
        limits = torch.searchsorted(self.center, torch.tensor([first, stop])).tolist()
        own = slice(*limits)
        place = torch.cat([self.system[first:stop], self.place[own]])
        return self.densities[first:stop], self.values[own], self.center[own] - first, place


def _add_type(result: Tensor, weights: Tensor, rows: _Changes, columns: _Changes) -> None:
    """Add the pairs of centers of one type."""
    for first in range(0, len(columns.densities), _CENTERS):
        right, changes, center, column = columns.part(first, first + _CENTERS)
        for i in range(len(rows.densities)):
            left, moved, _, row = rows.part(i, i + 1)
            block = joint_kernels(weights, left[0], moved, right, changes, center)
            result.index_put_((row[:, None], column[None, :]), block, accumulate=True)


def _size(side: Side) -> int:
    """Energies and coordinates of some structures."""
    return side.n_systems + 3 * int(side.system_ptr[-1])
