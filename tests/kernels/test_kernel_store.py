"""Kernels on disk: the bytes of one computation, however it was cut and interrupted."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from rhobar.kernels import KernelStore, WignerKernel
from rhobar.kernels import kernel_store as module
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
    with pytest.raises(ValueError, match="the file is damaged"):
        computing.load(1, 1)


def test_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"holds no kernel\.json"):
        KernelStore(tmp_path)
    with pytest.raises(ValueError, match="give at least one"):
        store(tmp_path, chunk=0)
    with pytest.raises(ValueError, match=r"chunk=2\.5.*whole numbers"):
        store(tmp_path, chunk=2.5)
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
