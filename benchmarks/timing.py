"""Cases measured in turn, so that whatever else the machine does hits all of them alike."""

from __future__ import annotations

import datetime
import gc
import json
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import rich
import rich.table

PACKAGES = ["rhobar", "featomic", "featomic-torch", "dscribe", "numba", "numpy", "torch"]


@dataclass
class Case:
    """Something to measure, and its times in seconds."""

    name: str
    n_environments: int
    run: Callable[[], Any]
    prepare: Callable[[], None] = lambda: None
    """called before each run, not measured"""
    result_bytes: int = 0
    """memory of a fresh result"""
    threads: int = 1
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """
        Seconds of a run: CPU time of the process, wall time where several threads share the work.

        The former does not count the time that other jobs take.
        """
        return statistics.median(self.wall if self.threads > 1 else self.cpu)

    @property
    def rate(self) -> float:
        """Environments per second."""
        return self.n_environments / self.median


def measure(cases: Sequence[Case], repeats: int, progress: Callable[[str], None]) -> None:
    """One round to warm up, then ``repeats`` rounds through all cases."""
    for turn in range(repeats + 1):
        for case in cases:
            progress(f"round {turn} of {repeats}: {case.name}")
            case.prepare()
            gc.collect()
            _touch(case.result_bytes)
            cpu, wall = time.process_time(), time.perf_counter()
            result = case.run()
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            del result
            if turn:
                case.cpu.append(cpu)
                case.wall.append(wall)


def _touch(n_bytes: int) -> None:
    """
    Use and free as much memory as the result will need.

    A virtual machine may hand memory that nobody uses back to its host within seconds; getting it
    again costs several times what is measured here, and hits some cases and not others.
    """
    np.empty(n_bytes, dtype=np.uint8).fill(1)


def peak_memory(run: Callable[[], Any]) -> tuple[int, Any]:
    """
    Bytes by which the process grew at most while ``run`` worked, and its result (Linux).

    :raises OSError: where the system does not tell
    """
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the former peak
    before = _status("VmRSS")
    result = run()
    return _status("VmHWM") - before, result


def _status(name: str) -> int:
    """A number of /proc/self/status, in bytes."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return 1024 * int(line.split()[1])
    raise OSError(f"/proc/self/status has no {name}.")


def print_goals(
    cases: Sequence[Case],
    goals: Sequence[tuple[str, bool]],
    *,
    title: str,
    unit: str = "environments",
) -> int:
    """
    One table of rates and of goals; the number of those that were missed.

    :param goals: what was found, and whether that is enough
    :param unit: what the cases count
    """
    table = rich.table.Table("case", f"{unit}/s", "ms", title=title)
    for case in cases:
        table.add_row(case.name, f"{case.rate:.0f}", f"{1e3 * case.median:.1f}")
    table.add_section()
    for text, reached in goals:
        table.add_row(text + ("" if reached else " [red]missed[/]"), "", "")
    rich.get_console().print(table)
    return sum(not reached for _, reached in goals)


def append_results(
    path: Path, cases: Sequence[Case], *, benchmark: str, structures: str, **found: Any
) -> None:
    """Add one line of JSON per case to ``path``, with what was ``found`` and the machine."""
    path.parent.mkdir(parents=True, exist_ok=True)
    common = {
        "benchmark": benchmark,
        "structures": structures,
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        **found,
        **machine(),
    }
    with path.open("a", encoding="utf-8") as stream:
        for case in cases:
            own = {
                "case": case.name,
                "n_environments": case.n_environments,
                "threads": case.threads,
                "cpu_s": case.cpu,
                "wall_s": case.wall,
                "environments_per_s": case.rate,
            }
            stream.write(json.dumps({**own, **common}) + "\n")


def machine() -> dict[str, Any]:
    """What the numbers depend on: processor and versions."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8", errors="replace").splitlines()
        model = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), model)
    return {
        "cpu": model,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }
