"""The catalogue survives its file in full precision."""

from __future__ import annotations

from pathlib import Path

import ase.io
import numpy as np
import pytest

from rhobar.counterexamples import (
    catalogue,
    presets,
    read_catalogue,
    sampled_catalogue,
    write_catalogue,
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("catalogue") / "catalogue.xyz"
    write_catalogue(path, n_pairs=2, seed=3)
    return path


def test_pairs_come_back_exactly(file: Path) -> None:
    assert read_catalogue(file) == sampled_catalogue(n_pairs=2, seed=3)


def test_each_entry_has_its_draws(file: Path) -> None:
    entries = [pair.entry for pair in read_catalogue(file)]
    for family in catalogue():
        assert entries.count(family.name) == 3
    for axes in ("x", "xy", "xyz"):
        assert entries.count(f"planes-{axes}") == 2
    assert entries[-len(presets()) :] == list(presets())


def test_frames_say_what_they_are(file: Path) -> None:
    frames = ase.io.read(file, index=":")
    assert [frame.info["label"] for frame in frames] == [0, 1] * (len(frames) // 2)
    assert [frame.info["pair"] for frame in frames] == list(np.arange(len(frames)) // 2)
    ring = next(frame for frame in frames if frame.info["entry"] == "env4b_rings")
    assert ring.info["equal_for"] == "env-3"
    assert ring.info["nu_equal"] == 3
    assert ring.info["resolved_by"] == "nu=4, triplets, wl1 of all atoms"
    assert ring.info["centers"] == 0
    bulk = next(frame for frame in frames if frame.info["entry"] == "c6_bulk")
    assert bulk.pbc.all()
    np.testing.assert_array_equal(bulk.cell.lengths(), [3.9875, 2.8855, 3.5785])
    chain = next(frame for frame in frames if frame.info["entry"] == "c6_chain")
    assert chain.pbc.tolist() == [True, False, False]


def test_an_edited_structure_is_refused(file: Path, tmp_path: Path) -> None:
    frames = ase.io.read(file, index=":4")
    frames[3].positions[1] += 1e-3
    edited = tmp_path / "edited.xyz"
    ase.io.write(edited, frames)
    with pytest.raises(ValueError, match=r"edited\.xyz: frame 3 does not hold the structure"):
        read_catalogue(edited)


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "water.xyz"
    ase.io.write(path, ase.Atoms("H"))
    with pytest.raises(ValueError, match="frame 0 is of the family None; families are bk_tetra"):
        read_catalogue(path)


def test_negative_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="n_pairs = -1"):
        sampled_catalogue(n_pairs=-1)
