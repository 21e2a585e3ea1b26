"""Kernels summed on a GPU, or on the CPU in the place of one, beside those of the CPU."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from rhobar.kernels import KernelStore, WignerKernel, pair_sums
from rhobar.ops import cuda
from tests.kernels.stored_frames import DENSITY, frames
from tests.ops import cuda_on_cpu

KERNEL = WignerKernel(DENSITY, nu_max=3, engine="cg", lambda_max=2)
WEIGHTS = [3.0, 0.1, 0.5, 2.0]


@pytest.fixture(scope="module", params=cuda_on_cpu.DEVICES)
def device(request: pytest.FixtureRequest) -> Iterator[torch.device]:
    with cuda_on_cpu.device_of(request.param) as device:
        yield device


def use_loops_of_a_gpu(monkeypatch: pytest.MonkeyPatch) -> list[torch.device]:
    """Where the kernels are summed, call by call."""
    devices: list[torch.device] = []

    def summed_kernels(kernel, left, *others, **options):
        devices.append(left.device)
        cuda.summed_kernels(kernel, left, *others, **options)

    loops = SimpleNamespace(summed_kernels=summed_kernels)
    monkeypatch.setattr(pair_sums, "loops", lambda _: loops)
    return devices


@pytest.mark.parametrize("other", [None, 3])
def test_matrices(device: torch.device, monkeypatch: pytest.MonkeyPatch, other: int | None) -> None:
    columns = None if other is None else frames(other)
    expected = [
        KERNEL.matrices(frames(4), columns),
        KERNEL.mixed_matrix(WEIGHTS, frames(4), columns),
        KERNEL.matrices(frames(4), columns, per_atom=True),
    ]
    used = use_loops_of_a_gpu(monkeypatch)
    found = [
        KERNEL.matrices(frames(4), columns, device=device),
        KERNEL.mixed_matrix(WEIGHTS, frames(4), columns, device=device),
        KERNEL.matrices(frames(4), columns, per_atom=True, device=device),
    ]
    assert used == 9 * [device]  # three types of centers
    for ours, those in zip(found, expected, strict=True):
        assert ours.device.type == "cpu"
        torch.testing.assert_close(ours, those, rtol=1e-12, atol=1e-15)


def test_stores(device: torch.device, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    expected = KERNEL.matrices(frames(4))
    store = KernelStore.of(tmp_path, KERNEL, frames(4), chunk=3)
    store.compute(0, 0)
    used = use_loops_of_a_gpu(monkeypatch)
    store.compute_missing(device=device)
    assert set(used) == {device}
    torch.testing.assert_close(store.load(0, 1), expected[:3, 3:], rtol=1e-12, atol=1e-15)
    assert torch.equal(store.load(0, 0), expected[:3, :3])
    note = json.loads((tmp_path / "wk_000_001.json").read_text())
    assert note["device"] == device.type


def test_what_a_gpu_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pair_sums.loops(torch.device("cuda:1")) is cuda
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(ModuleNotFoundError, match=r"need CuPy: pip install 'rhobar\[gpu\]'"):
        KERNEL.matrices(frames(1), device="cuda")
    monkeypatch.setitem(sys.modules, "cupy", object())
    assert pair_sums.kernel_device("cuda") == torch.device("cuda")
    with pytest.raises(RuntimeError, match=r"device='cuda:1': torch finds no such GPU"):
        KERNEL.matrices(frames(1), device="cuda:1")
