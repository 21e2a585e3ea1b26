"""What ``nice.py`` measures, and how it tells."""

from __future__ import annotations

import argparse
import ctypes
import json
import subprocess
import sys
from pathlib import Path

import rich.progress
import rich.table
import structures
import timing
import torch
from metatensor.torch import Labels

from rhobar.descriptors import Cutoff, Gaussian, Gto, Nice, NiceBlock, SphericalExpansion

OUTPUT = Path(__file__).parents[1] / "results" / "benchmarks" / "nice.jsonl"
# seconds for 1,000 centers of the original code (github.com/lab-cosmo/nice, commit 2ff44682), and
# the rate of matrix products on the core it was measured on: AMD EPYC, Zen 4, one thread
ORIGINAL = {"fit": 3.29, "transform": 1.02}
ORIGINAL_GFLOPS = 45.0
GOAL = 10.0  # times as fast
_GEMM = 1024
CARBON = Labels(["atom"], torch.tensor([[0]]))
HYPERS = {
    "cutoff": Cutoff(6.3, width=0.3),
    "l_max": 5,
    "radial": Gto(5),
    "density": Gaussian(0.05),
    "atomic_types": [1, 6],
}


def run() -> int:
    """Measure, print, write; the number of goals that were missed."""
    parser = argparse.ArgumentParser(description="NICE of rhobar, beside the original code.")
    parser.add_argument("--repeats", type=int, default=9, help="rounds (default: 9)")
    parser.add_argument("--strict", action="store_true", help="fail where a goal is missed")
    parser.add_argument("--memory", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    whole = structures.methanes()
    if arguments.memory:
        print(json.dumps(_memory(whole)))
        return 0
    cases = _cases(whole)
    with rich.progress.Progress(transient=True) as bar:
        task = bar.add_task("measuring", total=None)
        timing.measure(cases, arguments.repeats, lambda text: bar.update(task, description=text))
    command = [sys.executable, sys.argv[0], "--memory"]
    memory = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    missed = _report(whole, cases, memory)
    return missed if arguments.strict else 0


def model() -> Nice:
    """The light preset, with the products that the original code makes."""
    return Nice(**HYPERS, nu_max=4, blocks=NiceBlock.ch4_light(4, deduplicate=False))


def _cases(whole: structures.StructureSet) -> list[timing.Case]:
    frames, count = whole.frames, len(whole.frames)
    nice, fitted, expansion = model(), model(), SphericalExpansion(**HYPERS)
    features = fitted.fit(frames, selected_samples=CARBON).compute(frames, selected_samples=CARBON)
    size = sum(block.values.nbytes for block in features.blocks())
    matrix = torch.randn(_GEMM, _GEMM, dtype=torch.float64)
    return [
        timing.Case("matrix product", 20, lambda: [matrix @ matrix for _ in range(20)]),
        timing.Case("expansion", count, lambda: expansion.compute(frames, selected_samples=CARBON)),
        timing.Case("fit", count, lambda: nice.fit(frames, selected_samples=CARBON)),
        timing.Case(
            "transform",
            count,
            lambda: fitted.compute(frames, selected_samples=CARBON),
            result_bytes=size,
        ),
    ]


def _memory(whole: structures.StructureSet) -> dict[str, int]:
    """Bytes by which the process grows at most in a fit, and in a transform."""
    model().fit(whole.frames[:50], selected_samples=CARBON)  # compiled code is no part of it
    nice, found = model(), {}
    found["fit"], _ = timing.peak_memory(lambda: nice.fit(whole.frames, selected_samples=CARBON))
    ctypes.CDLL("libc.so.6").malloc_trim(0)  # what the fit used and freed counts anew
    found["transform"], _ = timing.peak_memory(
        lambda: nice.compute(whole.frames, selected_samples=CARBON)
    )
    return found


def _report(
    whole: structures.StructureSet, cases: list[timing.Case], memory: dict[str, int]
) -> int:
    """Print the table, write the lines; the number of goals that were missed."""
    gemm, expansion, *steps = cases
    gflops = 2 * _GEMM**3 * gemm.rate / 1e9
    scale = ORIGINAL_GFLOPS / gflops
    console = rich.get_console()
    title = f"{whole.name}: {len(whole.frames)} centers, one core of {gflops:.1f} GFLOP/s"
    table = rich.table.Table(
        "case", "ms, without expansion", "times as fast as the original", title=title
    )
    missed = 0
    for case in steps:
        seconds = (case.median - expansion.median) * 1000 / len(whole.frames)
        original = ORIGINAL[case.name] * scale
        ratio = original / seconds
        missed += ratio < GOAL
        mark = "" if ratio >= GOAL else " [red]missed[/]"
        note = f"{ratio:.1f} (goal {GOAL:g}){mark}; {original:.2f} s, scaled by the core's rate"
        table.add_row(f"{case.name}, 1,000 centers", f"{1e3 * seconds:.0f}", note)
    table.add_row("expansion", f"{1e3 * expansion.median:.0f}", "not in the above")
    for name, size in memory.items():
        table.add_row(f"peak memory, {name}", "", f"{size / 1e6:.0f} MB")
    console.print(table)
    timing.append_results(
        OUTPUT,
        cases,
        benchmark="nice",
        structures=whole.name,
        gflops=gflops,
        peak_bytes=memory,
    )
    console.print(f"written to {OUTPUT}")
    return missed
