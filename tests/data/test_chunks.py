"""Chunks on disk: the same bytes however often the computation was killed, by any processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from rhobar.data.chunks import Chunk, ChunkStore, compute_chunks
from tests.data.chunk_jobs import RandomChunks

ROOT = Path(__file__).parents[2]


def computed(folder: Path, *, count: int, processes: int = 1) -> list[int]:
    """Compute chunks 0 … count - 1; the numbers of the chunks reported, in order."""
    job = RandomChunks()
    reported: list[int] = []
    compute_chunks(
        job,
        ChunkStore(folder, job.settings),
        first=0,
        needed=lambda index: index < count,
        processes=processes,
        done=lambda index, chunk: reported.append(index),
    )
    return reported


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_processes_change_nothing(tmp_path: Path) -> None:
    assert computed(tmp_path / "one", count=5) == [0, 1, 2, 3, 4]
    assert sorted(computed(tmp_path / "three", count=5, processes=3)) == [0, 1, 2, 3, 4]
    assert contents(tmp_path / "three") == contents(tmp_path / "one")


@pytest.mark.parametrize("processes", [1, 2])
def test_a_kill_loses_at_most_what_was_begun(tmp_path: Path, processes: int) -> None:
    killed = tmp_path / "killed"
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from rhobar.data.chunks import ChunkStore, compute_chunks\n"
        "from tests.data.chunk_jobs import RandomChunks\n"
        "if __name__ == '__main__':\n"
        "    job = RandomChunks(pause=0.2)\n"
        f"    store = ChunkStore(Path({str(killed)!r}), job.settings)\n"
        "    compute_chunks(job, store, first=0, needed=lambda k: k < 50,\n"
        f"        processes={processes}, done=lambda k, chunk: None)\n"
    )
    script = tmp_path / "run.py"
    script.write_text(code, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, script], env=environment)
    deadline = time.monotonic() + 60
    while len(list(killed.glob("[0-9]*.npz"))) < 3:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.5)  # processes of the pool end with their parent
    left = contents(killed)
    time.sleep(0.5)
    assert contents(killed) == left
    computed(killed, count=8)
    computed(tmp_path / "whole", count=8)
    whole = contents(tmp_path / "whole")
    found = {name: data for name, data in contents(killed).items() if name in whole}
    assert found == whole


def test_finished_chunks_are_not_computed_again(tmp_path: Path) -> None:
    store = ChunkStore(tmp_path, RandomChunks().settings)
    store.save(1, {"energy": np.array([7.0])})
    computed(tmp_path, count=3)
    assert store.load(1)["energy"].tolist() == [7.0]
    assert [len(chunk["energy"]) for chunk in store.leading()] == [3, 1, 3]


def test_a_chunk_that_fails_stops_the_computation(tmp_path: Path) -> None:
    def job(index: int) -> Chunk:
        if index == 1:
            raise ArithmeticError("no such energy")
        return {"energy": np.zeros(1)}

    store = ChunkStore(tmp_path, {})
    with pytest.raises(ArithmeticError, match="no such energy"):
        compute_chunks(
            job,
            store,
            first=0,
            needed=lambda index: True,
            processes=1,
            done=lambda index, chunk: None,
        )
    assert 0 in store
    assert 1 not in store


def test_other_settings_are_refused(tmp_path: Path) -> None:
    ChunkStore(tmp_path, RandomChunks(seed=1).settings)
    with pytest.raises(ValueError, match=r"chunks of other settings.*'seed': 1.*'seed': 2"):
        ChunkStore(tmp_path, RandomChunks(seed=2).settings)


def test_bad_requests_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="processes is 0"):
        computed(tmp_path, count=1, processes=0)
    with pytest.raises(FileNotFoundError, match=r"00003\.npz is missing"):
        ChunkStore(tmp_path, RandomChunks().settings).load(3)
