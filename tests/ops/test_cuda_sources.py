"""CUDA sources as a compiler sees them, and what has none."""

import shutil
import subprocess
import tomllib
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from rhobar.ops import CgIteration, RotationPowers, cuda
from rhobar.ops.cuda import device_code, pair_engine, pair_values
from tests.ops import cuda_on_cpu

CG = CgIteration(l_max=3, nu_max=4, lambda_max=3)
GRID = RotationPowers(l_max=3, nu_max=4)


def test_what_cannot_be_is_refused():
    one = torch.ones(4, dtype=torch.float64)
    values = torch.ones(4, 16, 2, dtype=torch.float64)
    with pytest.raises(ValueError, match="only invariant kernels have a compiled derivative"):
        pair_engine.pair_engine(CgIteration(3, 4, 3, (1, 1)), True, 29056)
    with pytest.raises(ValueError, match="numbers of shared memory and this device has 1000"):
        pair_engine.pair_engine(CG, False, 1000)
    with pytest.raises(ValueError, match="only invariant kernels have weights"):
        cuda.weighted_values(CgIteration(3, 4, 3, (1, 1)), values, values, one, one)
    sizes = r"4 weights and 4 of the orders are due, .* got "
    for other, arguments in (
        ("3 and 4", (values, one[:3], one)),
        ("4 and 5", (values, one, torch.ones(5))),
        ("4 and 4", (values[:, :, :1], one, one)),
    ):
        for weighted in (cuda.weighted_kernels, cuda.weighted_values):
            with pytest.raises(ValueError, match=sizes + other):
                weighted(CG, values, *arguments)
    with pytest.raises(TypeError, match=r"'torch.float32'\) and \('cpu', 'torch.float64'\): move"):
        cuda.weighted_values(CG, values, values.to(torch.float32), one, one)
    with pytest.raises(ValueError, match=r"tensors are on 'cpu'. Move them to a device"):
        cuda.weighted_kernels(CG, values, values, one, one)
    with pytest.raises(TypeError, match=r"torch.int64 is none of"):
        pair_values.pair_values(CG, False, torch.int64, torch.device("cpu"))


def test_python_packages_carry_the_sources():
    """Every source is read by its name, headers and all, and is among the files of the package."""
    folder = Path(device_code.__file__).parent
    sources = sorted(path.name for path in folder.glob("*.cu*"))
    data = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    patterns = data["tool"]["setuptools"]["package-data"]["rhobar"]
    assert sources
    for name in sources:
        assert any(fnmatch(f"ops/cuda/{name}", pattern) for pattern in patterns)
        if name.endswith(".cu"):
            assert "#include" not in device_code.source_code(name.removesuffix(".cu"))


def test_only_devices_that_have_a_compiler_are_used():
    assert not cuda.is_available(torch.device("cpu"))
    assert not cuda.is_available(torch.device("meta"))
    assert cuda.is_available(torch.device("cuda")) == (find_spec("cupy") is not None)


NVCC = shutil.which("nvcc")


@pytest.mark.slow
@pytest.mark.skipif(NVCC is None, reason="no nvcc is there")
@pytest.mark.parametrize("architecture", ["sm_80", "sm_90"])
@pytest.mark.parametrize(
    ("iteration", "derivatives"),
    [(CG, False), (CG, True), (GRID, False), (GRID, True)],
    ids=str,
)
def test_machine_code_keeps_its_values_in_registers(iteration, derivatives, architecture, tmp_path):
    engine = pair_engine.pair_engine(iteration, derivatives, 163 * 128)  # A100
    source = tmp_path / "kernel.cu"
    source.write_text(device_code.source_code(engine.source))
    options = cuda_on_cpu.options({**engine.macros, "REAL": "double"})
    target = [f"-arch={architecture}", "-cubin", "-Xptxas", "-v", "-o", tmp_path / "kernel.cubin"]
    done = subprocess.run(
        [NVCC, *options, *target, source], capture_output=True, text=True, check=True
    )
    assert "0 bytes spill stores, 0 bytes spill loads" in done.stderr
