"""Blocks of made-up features with gradients, for what works on features of any origin."""

from __future__ import annotations

import torch
from metatensor.torch import Labels, TensorBlock, TensorMap

N_ATOMS = [3, 2, 4]
TYPES = [[1, 6, 1], [6, 6], [1, 1, 8, 6]]


def feature_blocks(n_features: int = 5, seed: int = 0) -> TensorMap:
    """
    Features of the atoms of three systems, one block for each center type.

    Keys ``center_type``; samples ``system, atom``; each atom has gradients with respect to the
    positions of itself and of the next atom of its system.
    """
    random = torch.Generator().manual_seed(seed)
    keys = [1, 6, 8]
    blocks = []
    for center_type in keys:
        samples = [
            (system, atom)
            for system, types in enumerate(TYPES)
            for atom, number in enumerate(types)
            if number == center_type
        ]
        moved = [
            (row, system, atom)
            for row, (system, first) in enumerate(samples)
            for atom in sorted({first, (first + 1) % N_ATOMS[system]})
        ]
        properties = Labels.range("n", n_features)
        block = TensorBlock(
            values=_random(random, len(samples), n_features),
            samples=Labels(["system", "atom"], torch.tensor(samples)),
            components=[],
            properties=properties,
        )
        block.add_gradient(
            "positions",
            TensorBlock(
                values=_random(random, len(moved), 3, n_features),
                samples=Labels(["sample", "system", "atom"], torch.tensor(moved)),
                components=[Labels.range("xyz", 3)],
                properties=properties,
            ),
        )
        blocks.append(block)
    return TensorMap(Labels("center_type", torch.tensor(keys)[:, None]), blocks)


def moved_blocks(features: TensorMap, step: torch.Tensor) -> TensorMap:
    """
    ``features`` to first order after moving atoms, without gradients.

    :param step: ``(system, atom, 3)``, padded with atoms that do not exist
    """
    blocks = []
    for block in features.blocks():
        gradient = block.gradient("positions")
        sample, system, atom = gradient.samples.values.long().T
        change = torch.einsum("gx,gxf->gf", step[system, atom], gradient.values)
        blocks.append(
            TensorBlock(
                values=block.values.index_add(0, sample, change),
                samples=block.samples,
                components=[],
                properties=block.properties,
            )
        )
    return TensorMap(features.keys, blocks)


def _random(random: torch.Generator, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=random, dtype=torch.float64)
