"""Neighbor searches against ase's, which is slow and independent."""

from __future__ import annotations

import ase
import ase.neighborlist
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rhobar.systems import batched, pairs_within_cutoff
from tests import structures

CUTOFF = 4.2


def expected(frame: ase.Atoms, cutoff: float) -> dict[tuple, np.ndarray]:
    i, j, shifts, vectors = ase.neighborlist.neighbor_list("ijSD", frame, cutoff)
    keys = zip(i.tolist(), j.tolist(), map(tuple, shifts.tolist()), strict=True)
    return dict(zip(keys, vectors, strict=True))


def found(frames: list[ase.Atoms], cutoff: float) -> list[dict[tuple, np.ndarray]]:
    """Pairs of each frame by center, neighbor and shift, counted within the frame."""
    batch = batched(frames)
    pairs = pairs_within_cutoff(batch, cutoff)
    assert (np.diff(pairs.center) >= 0).all()
    result: list[dict[tuple, np.ndarray]] = [{} for _ in frames]
    for pair in range(len(pairs.center)):
        system = batch.atom_system[pairs.center[pair]]
        assert system == batch.atom_system[pairs.neighbor[pair]]
        start = batch.system_ptr[system]
        key = (
            int(pairs.center[pair] - start),
            int(pairs.neighbor[pair] - start),
            tuple(pairs.shifts[pair].tolist()),
        )
        assert key not in result[system]
        result[system][key] = pairs.vectors[pair]
    return result


def assert_pairs(frames: list[ase.Atoms], cutoff: float) -> None:
    for frame, pairs in zip(frames, found(frames, cutoff), strict=True):
        reference = expected(frame, cutoff)
        assert pairs.keys() == reference.keys()
        for key, vector in pairs.items():
            np.testing.assert_allclose(vector, reference[key], rtol=0, atol=1e-12)


def test_molecules_crystals_and_lone_atoms_together() -> None:
    assert_pairs(structures.everything(), CUTOFF)


def test_a_molecule_too_large_to_compare_all_atoms() -> None:
    frame = structures.water_box()
    frame.pbc = False
    assert len(found([frame, structures.methane()], CUTOFF)[0]) > 1000
    large = frame.copy()
    large.positions += [40.0, 0.0, 0.0]
    assert_pairs([frame + large, structures.methane()], CUTOFF)


def test_atoms_far_outside_of_their_cell() -> None:
    frame = structures.rock_salt()
    frame.positions[0] += 3 * frame.cell.array[1]
    assert_pairs([frame], CUTOFF)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**16),
    st.tuples(st.booleans(), st.booleans(), st.booleans()),
    st.floats(1.0, 6.0),
)
def test_any_cell(seed: int, pbc: tuple[bool, bool, bool], cutoff: float) -> None:
    generator = np.random.default_rng(seed)
    cell = 3.0 * np.eye(3) + generator.uniform(-0.8, 0.8, (3, 3))
    frame = ase.Atoms("CHN", generator.uniform(-1, 4, (3, 3)), cell=cell, pbc=pbc)
    distances = frame.get_all_distances(mic=True)[np.triu_indices(3, 1)]
    if distances.min() > 0.01:
        assert_pairs([frame], cutoff)


def test_no_pairs() -> None:
    pairs = pairs_within_cutoff(batched([ase.Atoms(), structures.isolated()]), CUTOFF)
    assert pairs.vectors.shape == (0, 3)


def test_the_cutoff_itself_is_outside() -> None:
    frame = ase.Atoms("H2", positions=[[0, 0, 0], [0, 0, 2.0]])
    assert len(pairs_within_cutoff(batched([frame]), 2.0).center) == 0
    assert len(pairs_within_cutoff(batched([frame]), 2.0 + 1e-9).center) == 2


@pytest.mark.parametrize("pbc", [False, True])
def test_two_atoms_at_one_place(pbc: bool) -> None:
    frame = ase.Atoms("CH2", [[0, 0, 0], [1, 1, 1], [1, 1, 1.0005]], cell=3 * [8.0], pbc=pbc)
    batch = batched([structures.methane(), frame])
    with pytest.raises(ValueError, match=r"frame 11: atoms 1 and 2 are 5.00e-04 Å apart"):
        pairs_within_cutoff(batch, CUTOFF, first=10)
