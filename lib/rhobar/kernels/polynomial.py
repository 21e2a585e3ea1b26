"""Powers of scalar products of features."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from metatensor.torch import Labels, LabelsEntry, TensorBlock, TensorMap

_ROWS_PER_TILE = 2048


@dataclass(frozen=True)
class PolynomialKernel:
    r"""
    Similarity of two environments: a power of the scalar product of their features.

    .. math:: k(i, j) = \delta_{a_i a_j} (p_i \cdot p_j)^\zeta, \qquad
              k(A, B) = \sum_{i \in A, j \in B} k(i, j)

    Bartok, Kondor, Csanyi, Phys. Rev. B 87, 184115 (2013), doi:10.1103/PhysRevB.87.184115, there
    with features of unit length; here they are taken as they come, so pass them through
    :func:`rhobar.descriptors.normalized` first. With ζ = 1 it equals the scalar product of
    features summed over the atoms of each type.

    In: one block per ``center_type``, samples ``system, atom``, no components, as
    :func:`rhobar.descriptors.by_center_type` makes them; the same properties on both sides.

    :param exponent: ζ, a positive integer
    """

    exponent: int = 2

    def __post_init__(self) -> None:
        if self.exponent < 1 or int(self.exponent) != self.exponent:
            raise ValueError(
                f"PolynomialKernel: exponent must be a positive integer, got {self.exponent}; "
                "other powers of a negative product have no meaning."
            )

    def between(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """Kernel of rows of features, ``(row, feature)`` each -> ``(left row, right row)``."""
        return (left @ right.T) ** self.exponent

    def combined(
        self, features: torch.Tensor, active: torch.Tensor, weights: torch.Tensor
    ) -> torch.Tensor:
        """
        ``between(features, active) @ weights`` without the whole kernel in memory.

        Differentiable by autograd, which then keeps one number for each pair of rows.

        :param features: ``(row, feature)``
        :param active: ``(active, feature)``
        :param weights: ``(active,)``
        :return: ``(row,)``
        """
        values = features.new_zeros(len(features))
        parts = zip(active.split(_ROWS_PER_TILE), weights.split(_ROWS_PER_TILE), strict=True)
        for rows, part in parts:
            values = values + self.between(features, rows) @ part
        return values

    def columns(self, environments: TensorMap, active: TensorMap) -> TensorMap:
        """
        Kernel of each environment with each active one of its type, with their gradients.

        Memory: environments x active numbers for each type, and gradient samples x 3 x active for
        the gradients. Differentiable by autograd.

        :param environments: samples ``system, atom``, with or without gradients
        :param active: the environments to compare with
        :return: keys and samples of ``environments``, property ``active`` counted from 0
        """
        blocks = []
        for key, block in environments.items():
            reference = _features_like(active, key, block)
            products = block.values @ reference.T  # (environment, active)
            columns = TensorBlock(
                values=products**self.exponent,
                samples=block.samples,
                components=[],
                properties=Labels.range("active", len(reference)).to(block.samples.device),
            )
            for name, gradient in block.gradients():
                rows = gradient.samples.column("sample").to(torch.int64)
                slopes = self.exponent * products ** (self.exponent - 1)
                steps = gradient.values @ reference.T  # (gradient sample, xyz, active)
                shape = (len(rows), *([1] * len(gradient.components)), len(reference))
                columns.add_gradient(
                    name,
                    TensorBlock(
                        values=steps * slopes[rows].reshape(shape),
                        samples=gradient.samples,
                        components=gradient.components,
                        properties=columns.properties,
                    ),
                )
            blocks.append(columns)
        return TensorMap(environments.keys, blocks)

    def matrix(
        self,
        environments: TensorMap,
        others: TensorMap | None = None,
        *,
        n_systems: int,
        n_others: int | None = None,
    ) -> torch.Tensor:
        """
        Kernel between structures: the sum over pairs of environments of equal type.

        Works through tiles of 2048 x 2048 pairs of environments, each once when both sides are
        the same, so that memory beyond the result is about 100 MB. Without autograd history.

        :param environments: environments of structures 0 … n_systems - 1
        :param others: environments of structures 0 … n_others - 1; None: the same
        :return: ``(system, other system)``
        """
        if (others is None) != (n_others is None):
            raise ValueError("PolynomialKernel.matrix: give others and n_others, or neither.")
        kernel = torch.zeros(
            (n_systems, n_systems if n_others is None else n_others), dtype=torch.float64
        )
        for key, block in environments.items():
            rows = _tiles(block)
            if others is not None:
                _features_like(others, key, block)
            for number, left in enumerate(rows):
                columns = rows[number:] if others is None else _tiles(others.block(key))
                for right in columns:
                    self._add(kernel, left, right, mirrored=others is None and right is not left)
        # sums in another order differ in the last digit
        return (kernel + kernel.T) / 2 if others is None else kernel

    def _add(self, kernel: torch.Tensor, left: _Tile, right: _Tile, *, mirrored: bool) -> None:
        """Add the sums over the pairs of environments of two tiles, in place."""
        pairs = self.between(left.values, right.values)
        sums = right.sum_by_system(left.sum_by_system(pairs).T).T
        kernel[left.systems, right.systems] += sums
        if mirrored:
            kernel[right.systems, left.systems] += sums.T


@dataclass(frozen=True)
class _Tile:
    """Some environments of one type: features, their systems in order, and which systems."""

    values: torch.Tensor  # (environment, feature)
    system: torch.Tensor  # (environment,), non-decreasing, counted from the first of the tile
    systems: slice

    def sum_by_system(self, rows: torch.Tensor) -> torch.Tensor:
        """``(environment, column)`` summed over the environments of each system."""
        sums = rows.new_zeros((self.systems.stop - self.systems.start, rows.shape[1]))
        return sums.index_add_(0, self.system, rows)


def _tiles(block: TensorBlock) -> list[_Tile]:
    """The environments of a block in order of their systems, cut into tiles."""
    system = block.samples.column("system").to(torch.int64)
    values = block.values.detach()
    if bool((system.diff() < 0).any()):  # else a copy of all features is spared
        system, order = torch.sort(system, stable=True)
        values = values[order]
    tiles = []
    for part in torch.arange(len(system)).split(_ROWS_PER_TILE):
        if len(part) == 0:
            continue
        first, last = int(system[part[0]]), int(system[part[-1]])
        tiles.append(_Tile(values[part], system[part] - first, slice(first, last + 1)))
    return tiles


def _features_like(active: TensorMap, key: LabelsEntry, block: TensorBlock) -> torch.Tensor:
    """
    The features of ``active`` for the center type of ``block``.

    :raises ValueError: if there are none, or they are other features than those of ``block``
    """
    if key not in active.keys:
        raise ValueError(
            f"PolynomialKernel: no environments of {key.print()} to compare with, only of "
            f"{active.keys.values.flatten().tolist()}."
        )
    reference = active.block(key)
    if reference.properties != block.properties:
        raise ValueError(
            f"PolynomialKernel: the features of {key.print()} differ: {len(block.properties)} "
            f"{block.properties.names} against {len(reference.properties)} "
            f"{reference.properties.names}. Compute both with the same descriptor."
        )
    return reference.values
