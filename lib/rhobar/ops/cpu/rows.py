"""Which row of which block belongs to which center, for invariants of two channels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rhobar.ops.neighborhoods import Neighborhoods

from .compilation import compiled
from .grouping import Grouped, first_runs
from .slots import merge, run_slots

Integers = NDArray[np.int64]


class SpectrumRows(NamedTuple):
    """
    Rows of a power spectrum: one for each center and each two of its runs, first <= second.

    Blocks are ordered by key, their rows by center. All rows are counted through the blocks. An
    *entry* is the same thing in the order of the loops: by center, first run, second run.
    """

    keys: Integers
    """``(block, 3)``: center type (its index), first and second channel"""
    block_ptr: Integers
    """``(block + 1,)``; rows of block b are ``block_ptr[b]:block_ptr[b + 1]``"""
    center: Integers
    """``(row,)``, the center of each row"""
    center_ptr: Integers
    """``(center + 1,)``; runs of center i are ``center_ptr[i]:center_ptr[i + 1]``"""
    entry_ptr: Integers
    """``(center + 1,)``; entries of center i are ``entry_ptr[i]:entry_ptr[i + 1]``"""
    entry_row: Integers
    """``(entry,)``, row of each entry; -1 where its block was not selected"""


class GradientRows(NamedTuple):
    """
    Rows of position gradients: for each row its center and all neighbors in its two channels.

    Atoms increase within a row of the power spectrum.
    """

    row_ptr: Integers
    """``(row + 1,)``; gradient rows of row r are ``row_ptr[r]:row_ptr[r + 1]``"""
    atom: Integers
    """``(gradient row,)``, the atom that is moved"""


def spectrum_rows(
    neighborhoods: Neighborhoods,
    *,
    center_types: Integers,
    n_channels: int,
    selected: NDArray[np.bool_] | None = None,
) -> SpectrumRows:
    """
    Lay out the power spectrum of ``neighborhoods``.

    :param center_types: ``(center,)``, index of the type of each center
    :param n_channels: number of neighbor channels
    :param selected: ``(center type, channel, channel)``, blocks to be made; None for all
    """
    center_types = np.ascontiguousarray(center_types, dtype=np.int64)
    n_types = int(center_types.max(initial=-1)) + 1
    if selected is None:
        selected = np.ones((n_types, n_channels, n_channels), dtype=np.bool_)
    channels = neighborhoods.run_channel.numpy()
    center_ptr = first_runs(neighborhoods.run_center.numpy(), len(center_types))
    block_rows, entry_ptr, entry_row, center = _laid_out(
        center_ptr, channels, center_types, n_types, n_channels, selected
    )
    present = np.nonzero(block_rows)[0]
    keys = np.unravel_index(present, (n_types, n_channels, n_channels))
    return SpectrumRows(
        keys=np.stack(keys, axis=1),
        block_ptr=np.concatenate([[0], np.cumsum(block_rows[present])]),
        center=center,
        center_ptr=center_ptr,
        entry_ptr=entry_ptr,
        entry_row=entry_row,
    )


@compiled
def _laid_out(
    center_ptr: Integers,
    channels: Integers,
    center_types: Integers,
    n_types: int,
    n_channels: int,
    selected: NDArray[np.bool_],
) -> tuple[Integers, Integers, Integers, Integers]:
    """Rows in each block; entries of each center; row of each entry; center of each row."""
    wanted, n_centers = selected.ravel(), len(center_ptr) - 1
    count = np.zeros(n_types * n_channels * n_channels, np.int64)
    entry_ptr = np.zeros(n_centers + 1, np.int64)
    for i in range(n_centers):
        first, last = center_ptr[i], center_ptr[i + 1]
        entry_ptr[i + 1] = entry_ptr[i] + (last - first) * (last - first + 1) // 2
        for a in range(first, last):
            blocks = (center_types[i] * n_channels + channels[a]) * n_channels
            for b in range(a, last):
                count[blocks + channels[b]] += 1
    place = np.zeros(count.size, np.int64)
    n_rows = 0
    for block in range(count.size):
        count[block] = count[block] if wanted[block] else 0
        place[block] = n_rows
        n_rows += count[block]
    entry_row, center = np.empty(entry_ptr[-1], np.int64), np.empty(n_rows, np.int64)
    entry = 0
    for i in range(n_centers):
        for a in range(center_ptr[i], center_ptr[i + 1]):
            blocks = (center_types[i] * n_channels + channels[a]) * n_channels
            for b in range(a, center_ptr[i + 1]):
                block = blocks + channels[b]
                entry_row[entry] = -1
                if wanted[block]:
                    entry_row[entry] = place[block]
                    center[place[block]] = i
                    place[block] += 1
                entry += 1
    return count, entry_ptr, entry_row, center


def gradient_rows(grouped: Grouped, rows: SpectrumRows) -> GradientRows:
    """
    Lay out the position gradients of a power spectrum.

    Of each row: the center, and every other atom that has an image within the cutoff in one of
    the two channels.
    """
    arguments = (
        grouped.neighborhoods.run_ptr.numpy(),
        grouped.neighbor.numpy(),
        grouped.center_atom.numpy(),
        rows.center_ptr,
        rows.entry_ptr,
        rows.entry_row,
    )
    sizes = _gradient_sizes(*arguments, len(rows.center))
    row_ptr = np.concatenate([[0], np.cumsum(sizes)])
    atom = np.empty(row_ptr[-1], np.int64)
    _gradient_atoms(*arguments, row_ptr, atom)
    return GradientRows(row_ptr, atom)


@compiled
def _gradient_sizes(
    run_ptr: Integers,
    neighbor: Integers,
    center_atom: Integers,
    center_ptr: Integers,
    entry_ptr: Integers,
    entry_row: Integers,
    n_rows: int,
) -> Integers:
    """Number of gradient rows of each row."""
    sizes = np.zeros(n_rows, np.int64)
    for i in range(len(center_atom)):
        _, slot_ptr, _ = run_slots(
            run_ptr, neighbor, center_ptr[i], center_ptr[i + 1], center_atom[i]
        )
        entry = entry_ptr[i]
        n_runs = len(slot_ptr) - 1
        for a in range(n_runs):
            for b in range(a, n_runs):
                size = 1 + slot_ptr[a + 1] - slot_ptr[a]
                if b > a:
                    size += slot_ptr[b + 1] - slot_ptr[b]
                if entry_row[entry] >= 0:
                    sizes[entry_row[entry]] = size
                entry += 1
    return sizes


@compiled
def _gradient_atoms(
    run_ptr: Integers,
    neighbor: Integers,
    center_atom: Integers,
    center_ptr: Integers,
    entry_ptr: Integers,
    entry_row: Integers,
    row_ptr: Integers,
    atom: Integers,
) -> None:
    """Write the atom of each gradient row."""
    for i in range(len(center_atom)):
        slot_atom, slot_ptr, _ = run_slots(
            run_ptr, neighbor, center_ptr[i], center_ptr[i + 1], center_atom[i]
        )
        order = np.empty(len(slot_atom) + 1, np.int64)
        entry = entry_ptr[i]
        n_runs = len(slot_ptr) - 1
        for a in range(n_runs):
            for b in range(a, n_runs):
                row = entry_row[entry]
                entry += 1
                if row < 0:
                    continue
                size = merge(slot_atom, slot_ptr, a, b, center_atom[i], order)
                for k in range(size):
                    slot = order[k]
                    atom[row_ptr[row] + k] = center_atom[i] if slot < 0 else slot_atom[slot]
