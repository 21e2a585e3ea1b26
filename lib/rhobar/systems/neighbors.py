"""Neighbor lists inside metatomic systems."""

from __future__ import annotations

import numpy as np
import torch
from metatensor.torch import Labels, TensorBlock
from metatomic.torch import NeighborListOptions, System, register_autograd_neighbors

from .batch import Batch
from .pairs import pairs_within_cutoff

_SAMPLE_NAMES = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]


def neighbor_options(cutoff: float) -> NeighborListOptions:
    """The list that descriptors ask for: each pair from both sides, none beyond ``cutoff`` (Å)."""
    return NeighborListOptions(cutoff=cutoff, full_list=True, strict=True)


def neighbors_added(systems: list[System], cutoff: float) -> list[System]:
    """
    Add the full, strict neighbor list of radius ``cutoff`` (Å) to each system, and return them.

    Periodic images of an atom are neighbors of it; the atom itself is not. Vectors record
    positions and cell where these require gradients.

    :raises ValueError: if two different atoms are closer than 1e-3 Å
    """
    if not systems:
        return systems
    options = neighbor_options(cutoff)
    batch = _batch(systems)
    pairs = pairs_within_cutoff(batch, cutoff)
    ends = np.searchsorted(pairs.center, batch.system_ptr)
    first_atom = np.repeat(batch.system_ptr[:-1], np.diff(ends))  # of each pair's system
    samples = torch.from_numpy(
        np.column_stack([pairs.center - first_atom, pairs.neighbor - first_atom, pairs.shifts])
    ).to(torch.int32)
    vectors = torch.from_numpy(pairs.vectors).reshape(-1, 3, 1)
    for number, system in enumerate(systems):
        own = slice(int(ends[number]), int(ends[number + 1]))
        device = system.positions.device
        block = TensorBlock(
            # a copy, as lists of different systems must not share memory
            values=vectors[own].to(system.positions, copy=True),
            samples=Labels(_SAMPLE_NAMES, samples[own].to(device), assume_unique=True),
            components=[Labels.range("xyz", 3).to(device)],
            properties=Labels.range("distance", 1).to(device),
        )
        register_autograd_neighbors(system, block, check_consistency=False)
        system.add_neighbor_list(options, block)
    return systems


def _batch(systems: list[System]) -> Batch:
    """The arrays of ``systems``, on the CPU in float64."""
    return Batch(
        positions=torch.cat([system.positions.detach().cpu() for system in systems])
        .double()
        .numpy(),
        types=torch.cat([system.types.cpu() for system in systems]).numpy(),
        system_ptr=np.cumsum([0, *(len(system) for system in systems)]),
        cells=torch.stack([system.cell.detach().cpu() for system in systems]).double().numpy(),
        pbc=torch.stack([system.pbc.cpu() for system in systems]).numpy(),
    )
