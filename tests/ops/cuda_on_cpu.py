"""CUDA sources compiled as plain C++, in the place of :func:`rhobar.ops.cuda.device_code.load`."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from rhobar.ops import cuda
from rhobar.ops.cuda import device_code, group_sums, pair_values
from rhobar.ops.cuda.device_code import source_code

COMPILER = shutil.which("g++") or shutil.which("clang++")
DEVICES = [
    pytest.param(
        "cpu", marks=pytest.mark.skipif(COMPILER is None, reason="no C++ compiler is there")
    ),
    pytest.param(
        "cuda",
        marks=pytest.mark.skipif(
            not (torch.cuda.is_available() and cuda.is_available(torch.device("cuda"))),
            reason="no GPU is there, or no CuPy",
        ),
    ),
]
"""a GPU, or the CPU in the place of one"""

SHIM = Path(__file__).with_name("cuda_on_cpu.h")
SHARED_BYTES = 227 * 1024

# shared memory starts as nonsense, so that reading what nobody wrote is seen
LAUNCH = """
real shared_slots[{size}];
static const long long* given;
extern "C" void launch(unsigned x, unsigned y, unsigned threads, const long long* arguments) {{
    const size_t stack = 1 << 16;
    ucontext_t* contexts = (ucontext_t*)malloc(threads * sizeof(ucontext_t));
    char* stacks = (char*)malloc(threads * stack);
    given = arguments;
    body = [] {{ call({kernel}, given); }};
    for (blockIdx.y = 0; blockIdx.y < y; ++blockIdx.y)
        for (blockIdx.x = 0; blockIdx.x < x; ++blockIdx.x) {{
            for (real& slot : shared_slots) slot = 0.0 / 0.0;
            run_block(threads, contexts, stacks, stack);
        }}
    free(contexts);
    free(stacks);
}}
"""


@contextmanager
def device_of(name: str) -> Iterator[torch.device]:
    """One of ``DEVICES`` to run CUDA kernels on."""
    if name == "cuda":
        yield torch.device("cuda", 0)
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(device_code, "load", load)
        patch.setattr(device_code, "shared_bytes", lambda device: SHARED_BYTES)
        yield torch.device("cpu")
    pair_values.pair_values.cache_clear()
    group_sums._sum_groups.cache_clear()


def options(macros):
    return ["-std=c++17", *(f"-D{key}={value}" for key, value in macros.items())]


def load(name, kernel, macros, shared, device):
    """The same as for a device, which is the CPU here."""
    assert device.type == "cpu"
    assert shared <= SHARED_BYTES
    size = max(1, shared // (4 if macros["REAL"] == "float" else 8))
    folder = Path(tempfile.mkdtemp(prefix="cuda_on_cpu_"))
    source, library = folder / "kernel.cpp", folder / "kernel.so"
    tail = LAUNCH.format(size=size, kernel=kernel)
    source.write_text(SHIM.read_text() + source_code(name) + tail)
    command = [COMPILER, "-O1", "-w", "-shared", "-fPIC", *options(macros), source, "-o", library]
    subprocess.run(command, check=True)
    run = ctypes.CDLL(str(library)).launch
    shutil.rmtree(folder)

    def launch(blocks, threads, arguments):
        run(*blocks, threads, (ctypes.c_longlong * len(arguments))(*arguments))

    return launch
