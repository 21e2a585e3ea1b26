"""Neighbors by channel, found at once, beside those of a list that is sorted."""

from __future__ import annotations

import math
from itertools import chain

import ase
import numpy as np
import pytest

from rhobar.ops import cpu
from rhobar.systems import batched, neighborhoods_within_cutoff
from tests.structures import ethanol, fcc_one_atom, isolated, rock_salt, slab

from .environments import CUTOFF, Sample, sample

FRAMES = [ethanol(), fcc_one_atom(), isolated(), rock_salt(), slab()]


def found(
    frames: list[ase.Atoms], centers: np.ndarray | None = None, num_threads: int = 1
) -> tuple[cpu.Grouped, float]:
    batch = batched(frames)
    types, channels = np.unique(batch.types, return_inverse=True)
    return cpu.neighbors_within(
        batch.positions,
        batch.system_ptr,
        CUTOFF.radius,
        channels=channels,
        n_channels=len(types),
        centers=centers,
        cells=batch.cells,
        pbc=batch.pbc,
        num_threads=num_threads,
    )


def wrapped(atoms: ase.Atoms, pbc: bool) -> ase.Atoms:
    copy = atoms.copy()
    copy.pbc = pbc
    return copy


def assert_same(one: cpu.Grouped, other: cpu.Grouped) -> None:
    for a, b in zip(
        chain(one.neighborhoods, one[1:]), chain(other.neighborhoods, other[1:]), strict=True
    ):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("centers", [None, np.array([1, 2, 7, 9, 12]), np.zeros(0, np.int64)])
def test_the_same_as_of_a_sorted_list(centers: np.ndarray | None) -> None:
    listed: Sample = sample(FRAMES, centers)
    grouped, shortest = found(FRAMES, centers)
    assert_same(grouped, listed.grouped)
    if centers is None:
        assert len(grouped.neighbor) > 150
        assert math.isclose(shortest, listed.pairs.shortest, rel_tol=1e-15)


def test_without_centers_nothing_is_near() -> None:
    grouped, shortest = found(FRAMES, np.zeros(0, np.int64))
    assert shortest == math.inf
    assert grouped.neighborhoods.run_ptr.tolist() == [0]


def test_threads_change_nothing() -> None:
    positions = np.random.default_rng(0).uniform(0, 15, (180, 3))
    gas = ase.Atoms("CNH" * 60, positions, cell=[15, 15, 15])
    many = [*FRAMES, *(wrapped(gas, pbc) for pbc in (False, True) * 4), *FRAMES]
    assert sum(len(frame) ** 2 for frame in many) > 200_000  # one thread is left alone with less
    alone, shortest = found(many)
    for num_threads in (2, 3):
        shared, same = found(many, num_threads=num_threads)
        assert_same(shared, alone)
        assert same == shortest


def test_atoms_too_close_are_refused_also_where_none_is_a_center() -> None:
    water = ase.Atoms("OH2", [[0, 0, 0], [0, 0, 0.96], [0, 0.93, -0.24]])
    broken = ase.Atoms("OH2", [[0, 0, 0], [0, 0, 0.96], [0, 0, 0.9601]])
    with pytest.raises(ValueError, match=r"frame 1: atoms 1 and 2 are 1\.00e-04 Å apart"):
        neighborhoods_within_cutoff(
            batched([water, broken]),
            0.5,
            channels=np.array([1, 0, 0, 1, 0, 0]),
            n_channels=2,
            centers=np.array([0, 3]),
            num_threads=1,
        )
