"""Layout of power spectra and their gradients against loops over centers."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest

from rhobar.ops import cpu

from .environments import Sample, sample


@pytest.fixture(scope="module")
def everything() -> Sample:
    return sample()


def entries(everything: Sample) -> list[tuple[int, int, int]]:
    """(center, first run, second run) in the order of the loops."""
    runs = everything.grouped.neighborhoods.run_center.numpy()
    return [
        (center, a, b)
        for center in range(len(everything.channels))
        for a, b in combinations_with_replacement(np.nonzero(runs == center)[0], 2)
    ]


def test_every_two_runs_have_a_row(everything: Sample) -> None:
    rows = everything.rows
    channels = everything.grouped.neighborhoods.run_channel.numpy()
    block_of_row = np.repeat(np.arange(len(rows.keys)), np.diff(rows.block_ptr))
    found = entries(everything)
    assert sorted(rows.entry_row.tolist()) == list(range(len(found)))
    for entry, (center, a, b) in enumerate(found):
        row = rows.entry_row[entry]
        assert rows.entry_ptr[center] <= entry < rows.entry_ptr[center + 1]
        assert rows.center[row] == center
        key = [everything.channels[center], channels[a], channels[b]]
        assert rows.keys[block_of_row[row]].tolist() == key


def test_blocks_are_sorted_and_so_are_their_rows(everything: Sample) -> None:
    rows = everything.rows
    keys = rows.keys.tolist()
    assert keys == sorted(keys)
    assert (np.diff(rows.block_ptr) > 0).all()
    for start, stop in zip(rows.block_ptr[:-1], rows.block_ptr[1:], strict=True):
        assert (np.diff(rows.center[start:stop]) > 0).all()


def test_blocks_can_be_selected(everything: Sample) -> None:
    n = everything.n_channels
    selected = np.zeros((n, n, n), dtype=bool)
    wanted = everything.rows.keys[[1, 4]]
    selected[tuple(wanted.T)] = True
    rows = cpu.spectrum_rows(
        everything.grouped.neighborhoods,
        center_types=everything.channels,
        n_channels=n,
        selected=selected,
    )
    np.testing.assert_array_equal(rows.keys, wanted)
    whole = everything.rows
    kept = np.isin(np.repeat(np.arange(len(whole.keys)), np.diff(whole.block_ptr)), [1, 4])
    np.testing.assert_array_equal(rows.center, whole.center[kept])
    np.testing.assert_array_equal(rows.entry_row >= 0, kept[whole.entry_row])


def test_gradient_rows_are_the_center_and_its_neighbors(everything: Sample) -> None:
    rows = everything.rows
    found = cpu.gradient_rows(everything.grouped, rows)
    run_ptr = everything.grouped.neighborhoods.run_ptr.numpy()
    neighbor = everything.grouped.neighbor.numpy()
    for entry, (center, a, b) in enumerate(entries(everything)):
        atoms = {center}
        for run in (a, b):
            atoms |= set(neighbor[run_ptr[run] : run_ptr[run + 1]].tolist())
        row = rows.entry_row[entry]
        start, stop = found.row_ptr[row : row + 2]
        assert found.atom[start:stop].tolist() == sorted(atoms)
    assert len(found.atom) == found.row_ptr[-1]


def test_without_centers() -> None:
    none = np.zeros(0, np.int64)
    grouped = cpu.group(none, none, np.zeros((0, 3)), np.zeros((0, 3)), channels=none, n_channels=0)
    rows = cpu.spectrum_rows(grouped.neighborhoods, center_types=none, n_channels=0)
    assert rows.keys.shape == (0, 3)
    assert rows.block_ptr.tolist() == [0]
    assert cpu.gradient_rows(grouped, rows).row_ptr.tolist() == [0]
