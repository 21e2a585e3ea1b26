"""Kernels on disk: the bytes of one computation, however it was cut and interrupted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

import rhobar
from rhobar.kernels import KernelStore, WignerKernel
from rhobar.kernels import computing_store as module
from tests.kernels.stored_frames import DENSITY, frames, store

ROOT = Path(__file__).resolve().parents[2]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("engine", ["cg", "grid"])
def test_chunks_are_the_bits_of_the_whole(tmp_path: Path, engine: str) -> None:
    found = store(tmp_path, engine).compute_missing()
    assert found.chunks() == [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
    whole = WignerKernel(DENSITY, engine=engine).matrices(frames())
    for rows, columns, kernels in KernelStore(tmp_path):
        expected = whole[rows.start : rows.stop, columns.start : columns.stop]
        assert torch.equal(kernels, expected)
    assert torch.equal(found.load(2, 0), whole[8:, :4])
    weights = [3.0, 0.1, 0.5, 0.0, 2.0]
    mixed = whole @ torch.tensor(weights, dtype=torch.float64)
    torch.testing.assert_close(KernelStore(tmp_path).mixed(weights), mixed, rtol=1e-14, atol=0.0)
    assert torch.equal(KernelStore(tmp_path).mixed(weights), KernelStore(tmp_path).mixed(weights).T)


def test_tensors(tmp_path: Path) -> None:
    kernel = WignerKernel(DENSITY, nu_max=2, engine="cg")
    found = KernelStore.of(tmp_path, kernel, frames(5), chunk=3, target=(1, 1)).compute_missing()
    whole = kernel.matrices(frames(5), target=(1, 1))
    assert torch.equal(found.load(0, 1), whole[:3, :, 3:])
    assert torch.equal(found.load(1, 0), whole[3:, :, :3])
    weights = torch.tensor([0.0, 1.0, 0.5], dtype=torch.float64)
    torch.testing.assert_close(found.mixed(weights), whole @ weights, rtol=1e-14, atol=1e-300)
    with pytest.raises(ValueError, match="other kernels: target differ"):
        KernelStore.of(tmp_path, kernel, frames(5), chunk=3)


def test_killed_and_resumed(tmp_path: Path) -> None:
    killed = tmp_path / "killed"
    expected = store(tmp_path / "whole", chunk=2).compute_missing()
    command = f"from tests.kernels.stored_frames import *; endless(Path({str(killed)!r}))"
    process = subprocess.Popen([sys.executable, "-c", command], cwd=ROOT)
    deadline = time.monotonic() + 120
    while len(list(killed.glob("*.npy"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.wait()
    begun = store(killed, chunk=2)
    assert 0 < len(begun.missing()) < len(expected.chunks())
    begun.compute_missing()
    resumed = {n: b for n, b in files(killed).items() if not n.startswith(".")}
    assert resumed == files(tmp_path / "whole")


def test_a_chunk_is_not_computed_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    computing = store(tmp_path)
    computing.compute(0, 1)
    monkeypatch.setattr(module, "center_pairs", None)
    computing.compute(0, 1)
    assert (0, 1) not in computing.missing()
    assert json.loads((tmp_path / "wk_000_001.json").read_text())["columns"] == [4, 8]


def test_damage_is_seen(tmp_path: Path) -> None:
    computing = store(tmp_path)
    computing.compute(1, 1)
    path = tmp_path / "wk_001_001.npy"
    values = np.load(path)
    values[0, 0, 1] *= 1 + 1e-15
    np.save(path, values)
    with pytest.raises(ValueError, match=r"wk_001_001\.npy: .* damaged. Remove .*compute\(1, 1\)"):
        computing.load(1, 1)


@pytest.mark.parametrize("text", ["", '{"settings": "a1"', "[1]", '{"crc32": 7}'])
def test_damaged_notes_are_seen(tmp_path: Path, text: str) -> None:
    computing = store(tmp_path)
    computing.compute(0, 0)
    expected = computing.load(0, 0)
    path = tmp_path / "wk_000_000.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"wk_000_000\.json is damaged .*Remove it and compute"):
        computing.load(0, 0)
    path.unlink()
    computing.compute(0, 0)
    assert torch.equal(computing.load(0, 0), expected)


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2, "kernel"'])
def test_damaged_settings_are_seen_and_made_again(tmp_path: Path, text: str) -> None:
    computing = store(tmp_path)
    computing.compute(0, 0)
    path = tmp_path / "kernel.json"
    before = path.read_text()
    path.write_text(text)
    for make in (lambda: KernelStore(tmp_path), lambda: store(tmp_path)):
        with pytest.raises(ValueError, match=r"kernel\.json is damaged .*Remove it"):
            make()
    path.unlink()
    assert (0, 0) in store(tmp_path)
    assert path.read_text() == before


def test_chunks_of_other_kernels_are_refused(tmp_path: Path) -> None:
    """What the settings beside them do not describe."""
    store(tmp_path).compute(0, 0)
    (tmp_path / "kernel.json").unlink()
    other = store(tmp_path, engine="grid")
    with pytest.raises(ValueError, match=r"wk_000_000\.json is of other kernels than kernel\.json"):
        other.load(0, 0)


def test_formats_and_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of the package reads the same format, and no other."""
    computing = store(tmp_path)
    computing.compute(0, 0)
    assert computing.settings["rhobar"] == rhobar.__version__
    note = json.loads((tmp_path / "wk_000_000.json").read_text())
    assert note["rhobar"] == rhobar.__version__
    monkeypatch.setattr(rhobar, "__version__", "9.9")
    assert torch.equal(store(tmp_path).load(0, 0), computing.load(0, 0))
    path = tmp_path / "kernel.json"
    path.write_text(path.read_text().replace('"format": 2', '"format": 3'))
    for make in (lambda: KernelStore(tmp_path), lambda: store(tmp_path)):
        with pytest.raises(ValueError, match=r"is of format 3 and this rhobar 9\.9 reads 2"):
            make()


def test_structures_that_were_changed_are_refused(tmp_path: Path) -> None:
    structures = frames()
    kernel = WignerKernel(DENSITY, engine="cg")
    computing = KernelStore.of(tmp_path, kernel, structures, chunk=4)
    computing.compute(0, 0)
    structures[9].positions[0, 0] += 1e-12
    computing.compute(0, 1)
    with pytest.raises(ValueError, match=r"structures 8 … 10 were changed"):
        computing.compute(1, 2)
    with pytest.raises(ValueError, match=r"other kernels: frames differ"):
        KernelStore.of(tmp_path, kernel, structures, chunk=4)
    structures[9].positions[0, 0] = frames()[9].positions[0, 0]
    computing.compute_missing()


def test_what_a_kill_left_is_removed(tmp_path: Path) -> None:
    store(tmp_path).compute(0, 0)
    old, new = (tmp_path / f".wk_000_001-{name * 8}.npy" for name in "ab")
    for path in (old, new):
        path.touch()
    os.utime(old, (0, 0))
    store(tmp_path)
    assert new.exists()
    assert not old.exists()


def test_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"holds no kernel\.json"):
        KernelStore(tmp_path)
    with pytest.raises(ValueError, match=r"chunk=0\): give the number"):
        store(tmp_path, chunk=0)
    with pytest.raises(ValueError, match=r"chunk=2\.5.*whole number"):
        store(tmp_path, chunk=2.5)
    kernel = WignerKernel(DENSITY)
    with pytest.raises(ValueError, match="the list of frames is empty"):
        KernelStore.of(tmp_path, kernel, [], chunk=2)
    with pytest.raises(TypeError, match="Atoms was given; one structure goes into a list"):
        KernelStore.of(tmp_path, kernel, frames()[0], chunk=2)
    with pytest.raises(ValueError, match=r"target=\(1, 0\)"):
        KernelStore.of(tmp_path, kernel, frames(), chunk=2, target=(1, 0))
    found = store(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"wk_000_000\.npy is missing"):
        found.load(0, 0)
    with pytest.raises(ValueError, match=r"5 weights are due.*got shape \(2,\)"):
        found.mixed([1.0, 2.0])
    with pytest.raises(ValueError, match=r"has no chunk \(1, 0\)"):
        found.compute(1, 0)
    with pytest.raises(ValueError, match="other kernels: kernel differ"):
        store(tmp_path, engine="grid")
    with pytest.raises(ValueError, match="other kernels: n_systems, frames differ"):
        KernelStore.of(tmp_path, WignerKernel(DENSITY, engine="cg"), frames(7), chunk=4)
