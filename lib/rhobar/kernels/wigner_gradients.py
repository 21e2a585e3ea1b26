"""Derivatives of Wigner kernels by the positions or the strain of the structures on one side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import ase
import torch
from metatensor.torch import Labels, TensorBlock
from torch import Tensor

from rhobar.ops import CgIteration, PairKernel, RotationPowers, kernel_slopes

from .wigner_density import WignerDensity
from .wigner_pairs import CenterPairs, Side, zeros

AXES = {
    "positions": [Labels.range("xyz", 3)],
    "strain": [Labels.range("xyz_2", 3), Labels.range("xyz_1", 3)],
}
"""components of a gradient, named and ordered as those of descriptors"""


class DensitySlopes(NamedTuple):
    """How the densities around centers of one type change with positions or strain."""

    values: Tensor
    """``(entry, axis, (l_max + 1)**2, channel)``, Å^(-5/2), or Å^(-3/2) for strain"""
    center: Tensor
    """``(entry,)`` int64, the center among those of its type"""
    moved: Tensor
    """``(entry,)`` int64, for positions the moved atom among all; for strain the structure"""


@dataclass(frozen=True)
class Moves:
    """How the densities of one side change with positions or strain."""

    parameter: str
    by_type: dict[int, DensitySlopes]

    @property
    def n_axes(self) -> int:
        """Number of components of the parameter."""
        return math.prod(map(len, AXES[self.parameter]))

    def n_moved(self, side: Side) -> int:
        """How many things can move: atoms, or structures."""
        return int(side.system_ptr[-1]) if self.parameter == "positions" else side.n_systems

    def of_structures(self, side: Side) -> Labels:
        """Samples of gradients of kernels between structures, all that can move."""
        system = torch.repeat_interleave(torch.arange(side.n_systems), side.system_ptr.diff())
        if self.parameter != "positions":
            return Labels(["sample"], torch.arange(side.n_systems)[:, None])
        atom = torch.arange(len(system)) - side.system_ptr[system]
        return Labels(["sample", "system", "atom"], torch.stack([system, system, atom], dim=1))

    def of_centers(self, side: Side, center_type: int) -> Labels:
        """Samples of gradients of kernels between centers, an entry each."""
        slopes = self.by_type[center_type]
        if self.parameter != "positions":
            return Labels(["sample"], slopes.center[:, None])
        system = torch.searchsorted(side.system_ptr, slopes.moved, right=True) - 1
        atom = slopes.moved - side.system_ptr[system]
        columns = torch.stack([slopes.center, system, atom], dim=1)
        return Labels(["sample", "system", "atom"], columns)


def moves(
    density: WignerDensity, frames: Sequence[ase.Atoms], pairs: CenterPairs, parameter: str
) -> Moves:
    """
    Derivatives of the densities of the rows, which are those of ``frames``.

    :raises MemoryError: if they cannot fit
    """
    side, neighbor_types = pairs.rows, list(pairs.neighbor_types)
    blocks = density.expansion.compute(frames, gradients=[parameter])
    n_moved = max(int(side.system_ptr[-1]), side.n_systems)
    parts: dict[int, list[tuple[int, int, Tensor, Tensor]]] = {}
    for key, block in blocks.items():
        center_type, l = int(key["center_type"]), int(key["o3_lambda"])
        if center_type not in side.densities or int(key["neighbor_type"]) not in neighbor_types:
            continue
        gradient = block.gradient(parameter)
        rows = side.labels(center_type).select(block.samples)
        center = rows[gradient.samples.column("sample").to(torch.int64)]
        if parameter == "positions":
            system, atom = gradient.samples.values[:, 1:].to(torch.int64).T
            moved = side.system_ptr[system] + atom
        else:
            moved = side.densities[center_type].system[center]
        compression = density.compressions[l, : gradient.values.shape[-1]]
        values = gradient.values.flatten(1, -3) @ compression  # (entry, axis, m, kept)
        channel = neighbor_types.index(int(key["neighbor_type"])) * values.shape[3]
        found = (l, channel, center * n_moved + moved, values)
        parts.setdefault(center_type, []).append(found)
    n_channels = len(neighbor_types) * density.compressions.shape[2]
    return Moves(parameter, {a: _joined(p, n_channels, n_moved) for a, p in parts.items()})


def _joined(
    parts: list[tuple[int, int, Tensor, Tensor]], n_channels: int, n_moved: int
) -> DensitySlopes:
    """Derivatives of all l and channels of one type of centers, from those of each block."""
    places = torch.unique(torch.cat([place for _, _, place, _ in parts]))
    n_lm = (max(l for l, _, _, _ in parts) + 1) ** 2
    values = zeros((len(places), parts[0][3].shape[1], n_lm, n_channels), "slopes of densities")
    for l, channel, place, part in parts:
        entry = torch.searchsorted(places, place)
        values[entry, :, l * l : (l + 1) ** 2, channel : channel + part.shape[3]] = part
    return DensitySlopes(values, places // n_moved, places % n_moved)


def structure_gradients(
    kernel: PairKernel, pairs: CenterPairs, moves: Moves, num_threads: int | None
) -> Tensor:
    """
    Derivatives of the kernels between structures by what is moved in those of the rows.

    Cost: that of the kernels times three for each ν, and where λ > 0 for each μ and μ'.

    :returns: ``(moved, column, nu_max, mu, mu', axis)``
    """
    shape = moves.n_moved(pairs.rows), pairs.columns.n_systems
    result = _zeros(kernel, shape, moves)
    for center_type in pairs.center_types:
        left = pairs.rows.densities[center_type]
        right = pairs.columns.densities[center_type]
        slopes = moves.by_type[center_type]
        sides = (left.values, left.system), (right.values, right.system)
        _add(result, kernel, *sides, slopes, slopes.moved, num_threads)
    return result


def center_gradients(
    kernel: PairKernel, pairs: CenterPairs, moves: Moves, center_type: int, num_threads: int | None
) -> Tensor:
    """
    The same of kernels between centers of one type, for each entry of their slopes.

    :returns: ``(entry, other center, nu_max, mu, mu', axis)``
    """
    left = pairs.rows.densities[center_type].values
    right = pairs.columns.densities[center_type].values
    slopes = moves.by_type[center_type]
    result = _zeros(kernel, (len(slopes.center), len(right)), moves)
    sides = (left, torch.arange(len(left))), (right, torch.arange(len(right)))
    _add(result, kernel, *sides, slopes, torch.arange(len(result)), num_threads)
    return result


def _zeros(kernel: PairKernel, shape: tuple[int, int], moves: Moves) -> Tensor:
    """Memory for gradients of kernels."""
    size = 2 * kernel.target[0] + 1
    shape_of_all = (*shape, kernel.nu_max, size, size, moves.n_axes)
    return zeros(shape_of_all, "gradients of Wigner kernels")


def _add(
    result: Tensor,
    kernel: PairKernel,
    left: tuple[Tensor, Tensor],
    right: tuple[Tensor, Tensor],
    slopes: DensitySlopes,
    rows: Tensor,
    num_threads: int | None,
) -> None:
    """
    Add the derivatives of kernels of one type of centers; compiled for invariants.

    :param left: densities, and the group of each
    :param right: densities, and the column of each
    :param rows: ``(entry,)``, row of the result for each change of a density
    """
    if kernel.target != (0, 1) or not isinstance(kernel, CgIteration | RotationPowers):
        for column in torch.unique(right[1]).tolist():
            by_density = kernel_slopes(kernel, left[0], right[0][right[1] == column])
            by_density = by_density[:, :, :, slopes.center]
            part = torch.einsum("nuvemc,eamc->enuva", by_density, slopes.values)
            result[:, column].index_add_(0, rows, part)
        return
    from rhobar.ops import cpu

    n_axes = slopes.values.shape[1]
    axes = torch.arange(n_axes)
    for nu in range(kernel.nu_max):
        found = torch.zeros(len(result) * n_axes, result.shape[1], dtype=torch.float64)
        cpu.moved_kernels(
            kernel,
            *left,
            *right,
            slopes.values.flatten(0, 1),
            torch.repeat_interleave(slopes.center, n_axes),
            (rows[:, None] * n_axes + axes).flatten(),
            torch.eye(kernel.nu_max, dtype=torch.float64)[nu],
            found,
            num_threads=torch.get_num_threads() if num_threads is None else num_threads,
        )
        result[:, :, nu, 0, 0] += found.unflatten(0, (-1, n_axes)).transpose(1, 2)


def add_gradient(block: TensorBlock, parameter: str, values: Tensor, samples: Labels) -> None:
    """
    Store a gradient beside the values of a block of kernels.

    :param values: ``(row, column, mu, mu', axis)``
    """
    axes = AXES[parameter]
    shape = (len(samples), *(len(axis) for axis in axes), *block.values.shape[1:])
    gradient = TensorBlock(
        values=values.permute(0, 4, 2, 1, 3).reshape(shape).contiguous(),
        samples=samples,
        components=[*axes, *block.components],
        properties=block.properties,
    )
    block.add_gradient(parameter, gradient)
