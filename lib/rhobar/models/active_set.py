"""Environments that a kernel model compares with: chosen, written to a file and read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ase
import numpy as np
import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from numpy.typing import NDArray

from rhobar.descriptors import select_samples
from rhobar.models.environments import EnvironmentFeatures, joined

# Farthest points are searched among this many random environments of each type, or twice as many as
# are chosen: enough for a cover of the set, and seconds instead of minutes for large ones.
_CANDIDATES = 4000


def farthest_environments(
    frames: Sequence[ase.Atoms], environments: EnvironmentFeatures, *, n_active: int, seed: int
) -> TensorMap:
    """
    At most ``n_active`` diverse environments of each type among random ones of ``frames``.

    :param seed: of the random choice of candidates, for types of which there are more
    :return: key ``center_type``; samples ``system`` (index in ``frames``), ``atom``
    """
    wanted = candidate_atoms(frames, max(_CANDIDATES, 2 * n_active), seed)
    parts = []
    first_atom = np.cumsum([0, *map(len, frames)])
    for chunk in environments.chunks(frames):
        kept = torch.from_numpy(wanted[first_atom[chunk.first] :])
        starts = torch.cumsum(torch.tensor([0, *chunk.n_atoms]), dim=0)
        parts.append((chunk.first, _filtered(chunk.features, kept, starts)))
    return select_samples(joined(parts), n_active)


def active_arrays(active: TensorMap) -> dict[str, NDArray[Any]]:
    """Features and samples of the active environments, for a file."""
    arrays = {}
    for key, block in active.items():
        arrays[f"active/{int(key[0])}"] = block.values.numpy()
        arrays[f"active_samples/{int(key[0])}"] = block.samples.values.numpy()
    return arrays


def active_from_arrays(
    arrays: Mapping[str, NDArray[Any]], properties: Mapping[int, Labels]
) -> TensorMap:
    """What :func:`active_arrays` was given, with the ``properties`` of each center type."""
    blocks = [
        TensorBlock(
            values=torch.from_numpy(arrays[f"active/{number}"]),
            samples=Labels(
                ["system", "atom"], torch.from_numpy(arrays[f"active_samples/{number}"])
            ),
            components=[],
            properties=labels,
        )
        for number, labels in properties.items()
    ]
    keys = Labels("center_type", torch.tensor([[number] for number in properties]))
    return TensorMap(keys, blocks)


def candidate_atoms(frames: Sequence[ase.Atoms], n_candidates: int, seed: int) -> NDArray[np.bool_]:
    """``(atom,)`` True for at most ``n_candidates`` random atoms of each type."""
    random = np.random.default_rng(seed)
    numbers = np.concatenate([frame.numbers for frame in frames])
    wanted = np.ones(len(numbers), dtype=bool)
    for number in np.unique(numbers):
        rows = np.flatnonzero(numbers == number)
        surplus = max(0, len(rows) - n_candidates)
        wanted[random.choice(rows, surplus, replace=False)] = False
    return wanted


def _filtered(features: TensorMap, wanted: torch.Tensor, first_atom: torch.Tensor) -> TensorMap:
    """The environments of the atoms that are ``wanted``, counted through all systems."""
    blocks = []
    for block in features.blocks():
        samples = block.samples
        atom = first_atom[samples.column("system").long()] + samples.column("atom").long()
        rows = torch.nonzero(wanted[atom])[:, 0]
        blocks.append(
            TensorBlock(
                values=block.values[rows],
                samples=Labels(samples.names, samples.values[rows]),
                components=[],
                properties=block.properties,
            )
        )
    return TensorMap(features.keys, blocks)
