"""Sets of joined chunks: grown, interrupted, grown again, published, verified."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rhobar.data.chunks import ChunkStore
from rhobar.data.reference_set import (
    EMPTY,
    ReferenceSet,
    grow_reference_set,
    joined,
    load_reference_set,
    publish_reference_sets,
    save_reference_set,
    verified_arrays,
)
from rhobar.data.units import MICRO
from tests.data.chunk_jobs import RandomChunks


def grown(folder: Path, start: ReferenceSet = EMPTY, *, n: int, processes: int = 1) -> ReferenceSet:
    return grow_reference_set(
        RandomChunks(), start, chunks=folder, n_structures=n, processes=processes
    )


def publish(data: ReferenceSet, folder: Path) -> Path:
    """Save and publish ``data``; the folder of published sets."""
    npz, note = folder / "random.npz", folder / "random.json"
    save_reference_set(data, RandomChunks(), npz=npz, provenance=note)
    publish_reference_sets({"random": (npz, note)}, folder / "published")
    return folder / "published"


def test_whole_chunks_until_there_is_enough(tmp_path: Path) -> None:
    data = grown(tmp_path, n=7)
    assert (len(data), data.chunks, data.dropped) == (9, 3, {"unlucky": 3})
    expected = [RandomChunks()(index) for index in range(3)]
    assert data.arrays["energy"].tolist() == [e for c in expected for e in c["energy"]]
    forces = np.concatenate([chunk["forces"] for chunk in expected])
    assert data.arrays["forces"].dtype == np.int32
    np.testing.assert_allclose(data.arrays["forces"] * MICRO, forces, rtol=0, atol=1e-12)


def test_growing_is_the_same_as_making_it_at_once(tmp_path: Path) -> None:
    """Of the first part only the published file is left: its chunks are not computed again."""
    published = publish(grown(tmp_path / "first", n=5), tmp_path)
    start = load_reference_set(published, RandomChunks().settings)
    assert (len(start), start.chunks) == (6, 2)
    continued = grown(tmp_path / "second", start, n=14, processes=2)
    assert not (tmp_path / "second" / "00001.npz").exists()
    at_once = grown(tmp_path / "all", n=14)
    assert continued.chunks == at_once.chunks
    assert continued.versions == at_once.versions
    assert continued.arrays.keys() == at_once.arrays.keys()
    for key, values in at_once.arrays.items():
        np.testing.assert_array_equal(continued.arrays[key], values)


def test_a_complete_set_stays_as_it_is(tmp_path: Path) -> None:
    data = grown(tmp_path / "first", n=6)
    assert grown(tmp_path / "second", data, n=6) is data


def test_the_end_of_the_candidates_ends_the_set(tmp_path: Path) -> None:
    maker = RandomChunks(n_chunks=2)
    data = grow_reference_set(maker, EMPTY, chunks=tmp_path, n_structures=100, processes=2)
    assert (len(data), data.chunks) == (6, 2)


def test_chunks_after_a_gap_wait(tmp_path: Path) -> None:
    store = ChunkStore(tmp_path, RandomChunks().settings)
    for index in (0, 1, 3):
        store.save(index, RandomChunks()(index))
    assert joined(RandomChunks(), EMPTY, store, n_structures=100).chunks == 2


def test_same_data_same_bytes(tmp_path: Path) -> None:
    for name, processes in (("a", 1), ("b", 3)):
        publish(grown(tmp_path / f"chunks-{name}", n=9, processes=processes), tmp_path / name)
    for file in ("random.npz", "provenance.json"):
        first, second = (tmp_path / name / "published" / file for name in "ab")
        assert first.read_bytes() == second.read_bytes()


def test_provenance(tmp_path: Path) -> None:
    published = publish(grown(tmp_path / "chunks", n=3), tmp_path)
    entry = json.loads((published / "provenance.json").read_text(encoding="utf-8"))["sets"][
        "random"
    ]
    assert entry["structures"] == 3
    assert entry["tries"] == 4
    assert entry["acceptance_rate"] == 0.75
    assert entry["dropped"] == {"unlucky": 1}
    assert entry["settings"] == RandomChunks().settings
    assert entry["command"] == "make reference-data"
    assert [sorted(versions) for versions in entry["versions"]] == [["ase", "numpy"]]


def test_publishing_keeps_other_sets(tmp_path: Path) -> None:
    published = publish(grown(tmp_path / "chunks", n=3), tmp_path)
    publish_reference_sets(
        {"another": (tmp_path / "random.npz", tmp_path / "random.json")}, published
    )
    np.testing.assert_array_equal(
        verified_arrays(published, "another")["energy"],
        verified_arrays(published, "random")["energy"],
    )


def test_other_settings_start_over(tmp_path: Path) -> None:
    published = publish(grown(tmp_path / "chunks", n=3), tmp_path)
    assert load_reference_set(published, RandomChunks(seed=5).settings) is EMPTY
    assert load_reference_set(tmp_path / "nothing", RandomChunks().settings) is EMPTY


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    published = publish(grown(tmp_path / "chunks", n=3), tmp_path)
    file = published / "random.npz"
    content = bytearray(file.read_bytes())
    content[-100] ^= 1
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"random\.npz has the sha256 .*make reference-data"):
        load_reference_set(published, RandomChunks().settings)
    with pytest.raises(ValueError, match=r"describes \['random'\], not 'nosuch'"):
        verified_arrays(published, "nosuch")


def test_an_empty_set_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no structure to write"):
        save_reference_set(
            EMPTY, RandomChunks(), npz=tmp_path / "a.npz", provenance=tmp_path / "a.json"
        )
