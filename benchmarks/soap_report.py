"""What ``soap.py`` measures, and how it tells."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import rich.progress
import rich.table
import soap_cases
import structures
import timing
import torch

OUTPUT = Path(__file__).parents[1] / "results" / "benchmarks" / "soap.jsonl"
# rhobar case -> peers, and how many times as fast it is meant to be
GOALS: dict[str, dict[str, float]] = {
    "rhobar": {"featomic": 9.0, "dscribe gto": 3.5, "dscribe polynomial": 24.0},
    "rhobar, out=": {"featomic": 11.0},
    "rhobar, out=, 2 threads": {"rhobar, out=": 1.5},
    "rhobar gradients": {"featomic gradients": 6.0},
    "rhobar forward + backward": {"featomic-torch forward + backward": 8.0},
}
# Both libraries tabulate radial integrals with errors of their own choice; without tables the
# numbers agree further.
# Gradients may miss this by featomic's rounding: beside radial functions orthonormalised with fifty
# digits (condition number of the overlaps: 3e4) its are off by 1.6e-10, rhobar's by 2.5e-13.
TOLERANCES = {"values, splines": 1e-8}
TOLERANCE = 1e-10
MEMORY_GOAL = 200e6


def run() -> int:
    """Measure, compare, print, write; the number of goals that were missed."""
    arguments = _arguments()
    torch.set_num_threads(1)
    if arguments.memory:
        print(json.dumps(_memory(arguments.memory)))
        return 0
    console = rich.get_console()
    missed = 0
    for name in ("molecules", "water"):
        whole = getattr(structures, name)()
        part = whole.every(5) if name == "molecules" else whole
        with rich.progress.Progress(transient=True) as bar:
            task = bar.add_task("building cases", total=None)

            def say(text: str, *, bar: Any = bar, task: Any = task) -> None:
                bar.update(task, description=text)

            values = soap_cases.value_cases(whole, polynomial=part)
            gradients = soap_cases.gradient_cases(part)
            timing.measure(values, arguments.repeats, say)
            timing.measure(gradients, arguments.repeats, say)
            say("comparing numbers")
            few = part.every(10) if name == "molecules" else part
            differences = soap_cases.differences(part, few=few)
        memory = json.loads(_in_new_process(name))
        cases = [*values, *gradients]
        table, failures = _table(whole, part, cases, differences, memory)
        console.print(table)
        missed += failures
        timing.append_results(
            OUTPUT,
            cases,
            benchmark="soap",
            structures=whole.name,
            differences=differences,
            memory=memory,
        )
    console.print(f"written to {OUTPUT}")
    return missed if arguments.strict else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="SOAP of rhobar, featomic and dscribe.")
    parser.add_argument("--repeats", type=int, default=7, help="rounds (default: 7)")
    parser.add_argument("--strict", action="store_true", help="fail where a goal is missed")
    parser.add_argument("--memory", choices=["molecules", "water"], help=argparse.SUPPRESS)
    return parser.parse_args()


def _in_new_process(name: str) -> str:
    """Memory is measured in a process that did nothing else."""
    command = [sys.executable, sys.argv[0], "--memory", name]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _memory(name: str) -> dict[str, int]:
    """Bytes beyond the result at the highest point of values, and of gradients."""
    whole = getattr(structures, name)()
    part = whole.every(5) if name == "molecules" else whole
    soap, found = soap_cases.rhobar_soap(), {}
    small = [frame for frame in whole.frames if len(frame) == len(whole.frames[0])][:1]
    for key, frames, gradients in (
        ("values", whole.frames, []),
        ("gradients", part.frames, ["positions"]),
    ):
        soap.compute(small, gradients=gradients)  # compiled code is no part of a call's memory
        peak, result = timing.peak_memory(
            lambda frames=frames, gradients=gradients: soap.compute(frames, gradients)
        )
        size = soap_cases.result_bytes(result, gradients=bool(gradients))
        found[key], found[f"{key}_result"] = max(peak - size, 0), size
        del result
    return found


def _table(
    whole: structures.StructureSet,
    part: structures.StructureSet,
    cases: list[timing.Case],
    differences: dict[str, float],
    memory: dict[str, int],
) -> tuple[rich.table.Table, int]:
    """What is printed, and how many goals were missed."""
    title = f"{whole.name}: {whole.n_environments} environments"
    if part is not whole:
        title += f"; gradients, dscribe polynomial: {part.n_environments}"
    table = rich.table.Table("case", "environments/s", "ms", "times as fast as", title=title)
    by_name = {case.name: case for case in cases}
    missed = 0
    for case in cases:
        notes = []
        for peer, goal in GOALS.get(case.name, {}).items():
            ratio = _ratio(case, by_name[peer])
            missed += ratio < goal
            mark = "" if ratio >= goal else " [red]missed[/]"
            notes.append(f"{ratio:.1f} × {peer} (goal {goal:g}){mark}")
        table.add_row(case.name, f"{case.rate:.0f}", f"{1e3 * case.median:.1f}", "\n".join(notes))
    table.add_section()
    for name, value in differences.items():
        goal = TOLERANCES.get(name, TOLERANCE)
        missed += value > goal
        mark = "" if value <= goal else " [red]missed[/]"
        text = f"{value:.1e} of the largest number (goal {goal:.0e}){mark}"
        table.add_row(f"difference to featomic, {name}", "", "", text)
    for name in ("values", "gradients"):
        missed += memory[name] > MEMORY_GOAL
        text = f"{memory[name] / 1e6:.0f} MB beyond the result of"
        text += f" {memory[f'{name}_result'] / 1e6:.0f} MB (goal {MEMORY_GOAL / 1e6:.0f})"
        table.add_row(f"peak memory, {name}", "", "", text)
    return table, missed


def _ratio(case: timing.Case, peer: timing.Case) -> float:
    """How many times as fast per environment; several threads are compared by wall time."""
    if case.threads == peer.threads:
        return case.rate / peer.rate
    times = [statistics.median(c.wall) / c.n_environments for c in (case, peer)]
    return times[1] / times[0]
