"""The CUDA sources of this folder, compiled when they are used (CuPy, the extra ``gpu``)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch

Launch = Callable[[tuple[int, int], int, Sequence[int]], None]
"""Starts a kernel from blocks ``(x, y)``, threads of each, and arguments of 64 bits"""

_FOLDER = Path(__file__).parent


def is_available(device: torch.device) -> bool:
    """Whether a device is a GPU of NVIDIA and what compiles for it is installed."""
    return device.type == "cuda" and find_spec("cupy") is not None


def found_device(device: torch.device) -> torch.device:
    """
    The same, if it can be used.

    :raises ValueError: for a device other than a GPU of NVIDIA
    :raises RuntimeError: if torch finds none
    :raises ModuleNotFoundError: without CuPy
    """
    if device.type != "cuda":
        raise ValueError(f"device={str(device)!r}: kernels are summed on 'cpu' or 'cuda'.")
    if not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count():
        raise RuntimeError(f"device={str(device)!r}: torch finds no such GPU; use device='cpu'.")
    _cupy()
    return device


def source_code(name: str) -> str:
    """One source with the headers that it includes, which caches of compiled code do not see."""
    included: set[str] = set()

    def text(file: str) -> str:
        if file in included:
            return ""
        included.add(file)
        code = (_FOLDER / file).read_text(encoding="utf-8")
        return re.sub(r'^#include "(.+)"$', lambda found: text(found[1]), code, flags=re.MULTILINE)

    return text(f"{name}.cu")


def shared_bytes(device: torch.device) -> int:
    """
    How much shared memory a block can have.

    :raises ValueError: for a device other than a GPU of NVIDIA
    """
    if device.type != "cuda":
        raise ValueError(
            f"rhobar.ops.cuda: tensors are on {str(device)!r}. Move them to a device of type "
            "'cuda', or use rhobar.ops.cpu."
        )
    return int(_cupy().cuda.Device(device.index).attributes["MaxSharedMemoryPerBlockOptin"])


def load(
    name: str, kernel: str, macros: dict[str, int | str], shared: int, device: torch.device
) -> Launch:
    """
    Compile a source; what starts one of its kernels, on the current stream of torch.

    :param shared: bytes of shared memory of each block
    """
    cupy = _cupy()
    options = ("-std=c++17", *(f"-D{key}={value}" for key, value in sorted(macros.items())))
    with cupy.cuda.Device(device.index):
        function = cupy.RawModule(code=source_code(name), options=options).get_function(kernel)
        function.max_dynamic_shared_size_bytes = shared

    def launch(blocks: tuple[int, int], threads: int, arguments: Sequence[int]) -> None:
        stream = torch.cuda.current_stream(device).cuda_stream
        with cupy.cuda.Device(device.index), cupy.cuda.ExternalStream(stream, device.index):
            function(blocks, (threads,), tuple(map(np.int64, arguments)), shared_mem=shared)

    return launch


def _cupy() -> Any:
    try:
        import cupy
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "Wigner kernels on a GPU need CuPy: pip install 'rhobar[gpu]'."
        ) from error
    return cupy
