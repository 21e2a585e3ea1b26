"""Wigner kernels as labelled blocks, with gradients beside their values."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from torch import Tensor

from rhobar.ops import PairKernel

from .pair_sums import PairSums
from .wigner_gradients import Moves, add_gradient, center_gradients, structure_gradients
from .wigner_pairs import CenterPairs, zeros

Kernels = dict[tuple[int, int], PairKernel]
"""what is wanted, by ``(o3_lambda, o3_sigma)``"""


def structure_map(
    pairs: CenterPairs, kernels: Kernels, moves: Sequence[Moves], num_threads: int | None
) -> TensorMap:
    """
    Kernels between structures: a block for each ν and target, and ν = 0 of invariants.

    :param moves: how the densities of the rows change, for each gradient that is wanted
    """
    samples = Labels.range("system", pairs.rows.n_systems)
    columns = torch.arange(pairs.columns.n_systems)[:, None]
    keys, blocks = [], []
    if (0, 1) in kernels:
        counts = torch.zeros(len(samples), len(columns), 1, 1, dtype=torch.float64)
        pairs.add_composition(counts[:, :, 0, 0], per_atom=False)
        keys.append([0, 0, 1])
        blocks.append(kernel_block(counts, samples, ["system_ref"], columns))
        for move in moves:
            nothing = counts.new_zeros(0, *counts.shape[1:], move.n_axes)
            names = move.of_structures(pairs.rows).names
            add_gradient(blocks[-1], move.parameter, nothing, Labels.empty(names))
    for target, kernel in kernels.items():
        size = 2 * target[0] + 1
        shape = (len(samples), len(columns), kernel.nu_max, size, size)
        sums = zeros(shape, "Wigner kernels")
        pairs.add_sums(sums, PairSums(kernel, num_threads), per_atom=False)
        slopes = [structure_gradients(kernel, pairs, move, num_threads) for move in moves]
        for nu in range(kernel.nu_max):
            keys.append([nu + 1, *target])
            blocks.append(kernel_block(sums[:, :, nu], samples, ["system_ref"], columns))
            for move, values in zip(moves, slopes, strict=True):
                rows = move.of_structures(pairs.rows)
                add_gradient(blocks[-1], move.parameter, values[:, :, nu], rows)
    return TensorMap(Labels(["nu", "o3_lambda", "o3_sigma"], torch.tensor(keys)), blocks)


def center_map(
    pairs: CenterPairs, kernels: Kernels, moves: Sequence[Moves], num_threads: int | None
) -> TensorMap:
    """
    Kernels between centers: a block for each ν > 0, target and type that both sides have.

    :param moves: how the densities of the rows change, for each gradient that is wanted
    """
    keys, blocks = [], []
    for target, kernel in kernels.items():
        for center_type in pairs.center_types:
            values = pairs.each(PairSums(kernel, num_threads), center_type)
            samples = pairs.rows.labels(center_type)
            others = pairs.columns.labels(center_type).values
            slopes = [
                center_gradients(kernel, pairs, move, center_type, num_threads) for move in moves
            ]
            for nu in range(kernel.nu_max):
                keys.append([nu + 1, *target, center_type])
                names = ["system_ref", "atom_ref"]
                blocks.append(kernel_block(values[:, :, nu], samples, names, others))
                for move, derivatives in zip(moves, slopes, strict=True):
                    rows = move.of_centers(pairs.rows, center_type)
                    add_gradient(blocks[-1], move.parameter, derivatives[:, :, nu], rows)
    names = ["nu", "o3_lambda", "o3_sigma", "center_type"]
    return TensorMap(Labels(names, torch.tensor(keys).reshape(-1, 4)), blocks)


def kernel_block(
    values: Tensor, samples: Labels, names: Sequence[str], columns: Tensor
) -> TensorBlock:
    """
    A block of the kernels ``(row, column, mu, mu')``; columns and mu' are its properties.

    :param columns: ``(column, name)``, what the columns are called
    """
    size = values.shape[2]
    mu = torch.arange(size) - size // 2
    references = torch.repeat_interleave(columns, size, dim=0)
    components = mu.repeat(len(columns))[:, None]
    return TensorBlock(
        values=values.transpose(1, 2).flatten(2).contiguous(),
        samples=samples,
        components=[Labels(["o3_mu"], mu[:, None])],
        properties=Labels([*names, "o3_mu_ref"], torch.cat([references, components], dim=1)),
    )
