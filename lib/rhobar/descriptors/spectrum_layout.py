"""Rows, columns and blocks of invariants of two neighbor types."""

from typing import Optional

import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from torch import Tensor

from .keyed_rows import KeyedRows, keyed_rows, run_pairs
from .neighbor_density import Centers


def spectrum_rows(
    run_center: Tensor, neighbor_type: Tensor, centers: Centers, keys: Optional[Tensor]
) -> tuple[KeyedRows, Tensor, Tensor]:
    """
    One row for each two runs of a center, sorted into blocks.

    :param run_center: ``(run,)`` position of the center, not decreasing
    :param neighbor_type: ``(run,)`` increasing within a center
    :param keys: ``(block, 3)``, exactly these blocks; None: all that have rows
    :returns: the blocks, and the first and second run of each row in their order
    """
    first, second = run_pairs(run_center)
    center_type = centers.type[run_center[first]]
    names = torch.stack([center_type, neighbor_type[first], neighbor_type[second]], 1)
    wanted = keys
    if wanted is not None:
        wanted = wanted.to(torch.int64)
    rows = keyed_rows(names, wanted)
    return rows, first[rows.order], second[rows.order]


def spectrum_scale(first: Tensor, second: Tensor, dtype: torch.dtype) -> Tensor:
    """√2 ``(row,)`` for rows of two types, which stand for both orders; else 1."""
    return 1.0 + (2.0**0.5 - 1.0) * (first != second).to(dtype)


def spectrum_labels(keys: Tensor) -> Labels:
    """Keys ``(block, 3)`` with their names."""
    return Labels(["center_type", "neighbor_1_type", "neighbor_2_type"], keys.to(torch.int32))


def declared_spectrum_keys(center_types: Tensor, neighbor_types: Tensor) -> Tensor:
    """Keys ``(block, 3)`` of all declared types, sorted."""
    pairs = torch.combinations(neighbor_types, with_replacement=True)
    center = torch.repeat_interleave(center_types, pairs.shape[0]).unsqueeze(1)
    return torch.cat([center, pairs.repeat(center_types.shape[0], 1)], 1)


def spectrum_properties(n_per_l: list[int]) -> Labels:
    """Names ``l, n_1, n_2`` of the columns, l slowest."""
    parts: list[Tensor] = []
    for l, n in enumerate(n_per_l):
        functions = torch.arange(n)
        n_1 = torch.repeat_interleave(functions, n)
        parts.append(torch.stack([torch.full_like(n_1, l), n_1, functions.repeat(n)], 1))
    return Labels(["l", "n_1", "n_2"], torch.cat(parts).to(torch.int32))


def flat_spectrum(products: Tensor, n_per_l: list[int]) -> Tensor:
    """``(…, l, n_1, n_2)`` to ``(…, property)``, without functions that do not exist."""
    parts: list[Tensor] = []
    for l, n in enumerate(n_per_l):
        parts.append(products.select(-3, l)[..., :n, :n].flatten(-2))
    return torch.cat(parts, dim=-1)


def spectrum_map(values: Tensor, rows: KeyedRows, samples: Tensor, properties: Labels) -> TensorMap:
    """
    Blocks from rows in their order.

    :param values: ``(row, property)``
    :param samples: ``(row, 2)``, system and atom
    """
    blocks: list[TensorBlock] = []
    for k in range(rows.keys.shape[0]):
        start, stop = int(rows.start[k]), int(rows.stop[k])
        blocks.append(
            TensorBlock(
                values=values[start:stop],
                samples=Labels(["system", "atom"], samples[start:stop]),
                components=[],
                properties=properties,
            )
        )
    return TensorMap(spectrum_labels(rows.keys), blocks)
