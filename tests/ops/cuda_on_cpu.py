"""CUDA sources compiled as plain C++, in the place of :func:`rhobar.ops.cuda.device_code.load`."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path

from rhobar.ops.cuda.device_code import source_code

COMPILER = shutil.which("g++") or shutil.which("clang++")
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
