"""Grouped pairs: sorted, complete, with a run for every center's own channel."""

from __future__ import annotations

import numpy as np
import pytest

from rhobar.ops import cpu

from .environments import Sample, sample


@pytest.fixture(scope="module")
def everything() -> Sample:
    return sample()


def test_pairs_are_sorted_by_center_channel_and_neighbor(everything: Sample) -> None:
    order = np.lexsort(
        (
            everything.pairs.neighbor,
            everything.channels[everything.pairs.neighbor],
            everything.pairs.center,
        )
    )
    np.testing.assert_array_equal(everything.grouped.shifts.numpy(), everything.pairs.shifts[order])
    np.testing.assert_array_equal(
        everything.grouped.neighborhoods.vectors.numpy(), everything.pairs.vectors[order]
    )
    np.testing.assert_array_equal(
        everything.grouped.neighbor.numpy(), everything.pairs.neighbor[order]
    )


def test_runs_are_what_their_pairs_say(everything: Sample) -> None:
    runs = everything.grouped.neighborhoods
    sizes = np.diff(runs.run_ptr.numpy())
    center = np.sort(everything.pairs.center)
    channel = everything.channels[everything.grouped.neighbor.numpy()]
    np.testing.assert_array_equal(np.repeat(runs.run_center.numpy(), sizes), center)
    np.testing.assert_array_equal(np.repeat(runs.run_channel.numpy(), sizes), channel)
    names = list(zip(runs.run_center.tolist(), runs.run_channel.tolist(), strict=True))
    assert names == sorted(set(names))
    own = set(enumerate(everything.channels.tolist()))
    expected = sorted(own | set(zip(center.tolist(), channel.tolist(), strict=True)))
    assert names == expected
    assert [name in own for name in names] == (runs.run_self == 1.0).tolist()
    assert (runs.run_self.numpy()[sizes == 0] == 1.0).all()
    assert (sizes == 0).any()


def test_pairs_need_not_be_sorted_by_neighbor(everything: Sample) -> None:
    pairs = everything.pairs
    shuffled = np.random.default_rng(1).permutation(len(pairs.center))
    shuffled = shuffled[np.argsort(pairs.center[shuffled], kind="stable")]
    grouped = cpu.group(
        pairs.center[shuffled],
        pairs.neighbor[shuffled],
        pairs.vectors[shuffled],
        pairs.shifts[shuffled],
        channels=everything.channels,
        n_channels=everything.n_channels,
    )
    np.testing.assert_array_equal(grouped.neighbor, everything.grouped.neighbor)
    np.testing.assert_array_equal(
        grouped.neighborhoods.run_ptr, everything.grouped.neighborhoods.run_ptr
    )


def test_chosen_centers_keep_their_pairs(everything: Sample) -> None:
    centers = np.array([1, 2, 7, 9, 12])
    part = sample(centers=centers).grouped
    np.testing.assert_array_equal(part.center_atom, centers)
    runs, whole = part.neighborhoods, everything.grouped.neighborhoods
    assert runs.run_center.unique().tolist() == list(range(len(centers)))
    kept = np.isin(whole.run_center.numpy(), centers)
    np.testing.assert_array_equal(runs.run_channel.numpy(), whole.run_channel.numpy()[kept])
    kept_pairs = np.repeat(kept, np.diff(whole.run_ptr.numpy()))
    np.testing.assert_array_equal(runs.vectors.numpy(), whole.vectors.numpy()[kept_pairs])


def test_unordered_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="not ordered by center; sort them first"):
        cpu.group(
            np.array([1, 0]),
            np.array([0, 1]),
            np.zeros((2, 3)),
            np.zeros((2, 3), np.int32),
            channels=np.zeros(2, np.int64),
            n_channels=1,
        )
