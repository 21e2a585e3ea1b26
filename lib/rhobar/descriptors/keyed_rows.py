"""Rows of features sorted into the blocks of a TensorMap."""

from typing import NamedTuple, Optional

import torch
from torch import Tensor


class KeyedRows(NamedTuple):
    """
    Rows sorted by key, so that each block is one stretch of them.

    The rows of block k, named ``keys[k]``, are ``order[start[k]:stop[k]]`` of the input.
    """

    keys: Tensor
    start: Tensor
    stop: Tensor
    order: Tensor


def keyed_rows(names: Tensor, wanted: Optional[Tensor]) -> KeyedRows:
    """
    Sort rows into blocks; rows keep their order inside a block.

    :param names: ``(row, name)`` int64, not negative: the key of each row
    :param wanted: ``(block, name)``, exactly these blocks; None: all that have rows, sorted
    """
    base = 1
    if names.numel() > 0:
        base = max(base, int(names.max()) + 1)
    if wanted is not None and wanted.numel() > 0:
        base = max(base, int(wanted.max()) + 1)
    numbers = _number(names, base)
    blocks = torch.unique(numbers) if wanted is None else _number(wanted, base)
    kept = torch.where(torch.isin(numbers, blocks))[0]
    order = kept[torch.argsort(numbers[kept], stable=True)]
    ordered = numbers[order]
    start = torch.searchsorted(ordered, blocks)
    stop = torch.searchsorted(ordered, blocks, right=True)
    if wanted is None:
        wanted = names[order[start]]
    return KeyedRows(wanted, start, stop, order)


def _number(names: Tensor, base: int) -> Tensor:
    """Names of several parts as one whole number that sorts alike."""
    number = torch.zeros_like(names[:, 0])
    for column in range(names.shape[1]):
        number = number * base + names[:, column]
    return number


def run_pairs(run_center: Tensor) -> tuple[Tensor, Tensor]:
    """
    Every two runs of one center, the first not after the second; ordered by center.

    :returns: positions of the first and the second run, ``(pair of runs,)`` each
    """
    index = torch.arange(run_center.shape[0], device=run_center.device)
    partners = torch.searchsorted(run_center, run_center, right=True) - index
    first = torch.repeat_interleave(index, partners)
    before = torch.cumsum(partners, 0) - partners
    second = torch.arange(first.shape[0], device=first.device) - before[first] + first
    return first, second
