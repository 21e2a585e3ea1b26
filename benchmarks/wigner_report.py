"""What ``wigner.py`` measures, and how it tells."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import ase
import rich.progress
import structures
import timing
import torch
from torch import Tensor

from rhobar.kernels import WignerDensity, WignerKernel, center_densities
from rhobar.math import clebsch_gordan
from rhobar.models import WignerPotential
from rhobar.ops import PairKernel, summed_kernels
from rhobar.systems import from_ase, neighbors_added

OUTPUT = Path(__file__).parents[1] / "results" / "benchmarks" / "wigner.jsonl"
DENSITY = WignerDensity(cutoff=6.0, smearing=0.6, smearing_rate=0.2)
KERNELS = {
    "cg": WignerKernel(DENSITY, engine="cg", lambda_max=3),
    "grid": WignerKernel(DENSITY, engine="grid"),
}
TYPES = [1, 6]
N_STRUCTURES, N_DENSE, N_MOVED = 300, 12, 60
CORE = 45e9  # operations per second of the core that the goals are for
GOALS = {"cg": 5e5, "grid": 3.5e5}  # pairs per CPU second
TIMES_DENSE, TIMES_THREADS, TIMES_FORCES = 60.0, 1.8, 3.5
TOLERANCE = 1e-12
DENSE, STEPS = "torch, dense products", "torch, one index after the other"


def n_pairs(left: list[ase.Atoms], right: list[ase.Atoms]) -> int:
    """Pairs of atoms of one type."""
    counts = [[sum(int((f.numbers == a).sum()) for f in s) for a in TYPES] for s in (left, right)]
    return sum(x * y for x, y in zip(*counts, strict=True))


@dataclass(frozen=True)
class DenseProducts:
    """
    ν ≤ 4 by products of all pairs of components with whole Clebsch-Gordan matrices.

    As the code of the paper has it (github.com/lab-cosmo/wigner_kernels, algorithm "dense"), with
    the same reduced number of products as the compiled form.
    """

    l_max: int = 3
    nu_max: int = 4
    target: tuple[int, int] = (0, 1)

    def of_pairs(self, overlaps: Tensor) -> Tensor:
        """``(pair, overlap)`` to ``(pair, nu_max, 1, 1)``."""
        sizes = [2 * l + 1 for l in range(self.l_max + 1)]
        parts = overlaps.split([size**2 for size in sizes], dim=1)
        first = {(l, 1): part.unflatten(1, (2 * l + 1, 2 * l + 1)) for l, part in enumerate(parts)}
        second: dict[tuple[int, int], Tensor] = {}
        for (l_1, _), a in first.items():
            for (l_2, _), b in first.items():
                products = torch.einsum("pac,pbd->pabcd", a, b).flatten(3).flatten(1, 2)
                for o3_lambda in range(abs(l_1 - l_2), min(l_1 + l_2, self.l_max) + 1):
                    matrix = clebsch_gordan(l_1, l_2, o3_lambda).flatten(0, 1)
                    key = o3_lambda, (-1) ** (l_1 + l_2 + o3_lambda)
                    second[key] = second.get(key, 0) + matrix.T @ (products @ matrix)
        orders = [overlaps[:, 0]]
        for left, right in ((first, first), (second, first), (second, second)):
            both = left.keys() & right.keys()
            sums = [(left[k] * right[k]).sum((1, 2)) / (2 * k[0] + 1) for k in sorted(both)]
            orders.append(torch.stack(sums).sum(0))
        return torch.stack(orders, 1)[:, :, None, None]


def in_torch(kernel: PairKernel, frames: list[ase.Atoms]) -> Tensor:
    """``(n, n, nu_max)`` by sums in torch."""
    rows = center_densities(KERNELS["cg"], frames, TYPES).rows
    total = torch.zeros(())
    for values, system, _ in rows.densities.values():
        sides = (values, system, values, system)
        total = total + summed_kernels(kernel, *sides, len(frames), len(frames))
    return total[..., 0, 0]


def potential(kernel: WignerKernel, frames: list[ase.Atoms]) -> WignerPotential:
    """Energies by kernels with all environments of ``frames``, weighted at random."""
    random = torch.Generator().manual_seed(0)
    densities = center_densities(kernel, frames, TYPES).rows.densities
    environments = [densities[a].values for a in TYPES]
    weights = [torch.randn(len(e), generator=random, dtype=torch.float64) for e in environments]
    nu_weights = torch.tensor([1.0, 3.0, 10.0, 30.0], dtype=torch.float64)
    nothing = torch.zeros(len(TYPES), dtype=torch.float64)
    return WignerPotential(kernel, TYPES, environments, weights, nu_weights, nothing)


def product_rate() -> float:
    """Operations per CPU second of a product of matrices on one thread."""
    matrix, times = torch.randn(1024, 1024, dtype=torch.float64), []
    for _ in range(8):
        start = time.process_time()
        torch.mm(matrix, matrix)
        times.append(time.process_time() - start)
    return 2 * 1024**3 / statistics.median(times[1:])


def run() -> int:
    """Measure, compare, print, write; the number of goals that were missed."""
    parser = argparse.ArgumentParser(description="Wigner kernels of rhobar and dense sums.")
    parser.add_argument("--repeats", type=int, default=5, help="rounds (default: 5)")
    parser.add_argument("--strict", action="store_true", help="fail where a goal is missed")
    parser.add_argument("--memory", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    whole = structures.methanes()
    if arguments.memory:
        print(json.dumps(_memory(whole.frames)))
        return 0
    left, right = whole.frames[:N_STRUCTURES], whole.frames[N_STRUCTURES : 2 * N_STRUCTURES]
    cases, rates = _cases(left, right), [product_rate()]
    with rich.progress.Progress(transient=True) as bar:
        task = bar.add_task("measuring", total=None)
        timing.measure(cases, arguments.repeats, lambda text: bar.update(task, description=text))
    rates.append(product_rate())
    command = [sys.executable, sys.argv[0], "--memory"]
    memory = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    missed = _report(whole.name, cases, max(rates), difference(left[:N_DENSE]), memory)
    return missed if arguments.strict else 0


def difference(frames: list[ase.Atoms]) -> float:
    """Largest difference to sums in torch, compared to the largest kernel of the same ν."""
    found = []
    for kernel in KERNELS.values():
        ours = kernel.matrices(frames, num_threads=1)[:, :, 1:]
        references: list[PairKernel] = [kernel.pair_kernel()]
        if kernel.engine == "cg":
            references.append(DenseProducts())
        for reference in references:
            expected = in_torch(reference, frames)
            apart = (ours - expected).abs().amax((0, 1)) / expected.abs().amax((0, 1))
            found.append(apart.max())
    return float(max(found))


def _cases(left: list[ase.Atoms], right: list[ase.Atoms]) -> list[timing.Case]:
    few, moved = left[:N_DENSE], left[:N_MOVED]
    own = KERNELS["cg"].pair_kernel()
    cases = [
        timing.Case(DENSE, n_pairs(few, few), lambda: in_torch(DenseProducts(), few)),
        timing.Case(STEPS, n_pairs(few, few), lambda: in_torch(own, few)),
    ]
    for engine, kernel in KERNELS.items():
        for threads in (1, 2):
            name = f"rhobar, {engine}" + (", 2 threads" if threads == 2 else "")
            work = _matrices(kernel, left, right, threads)
            cases.append(timing.Case(name, n_pairs(left, right), work, threads=threads))
        compared = potential(kernel, right)
        for forces in (False, True):
            name = f"rhobar, {engine}, energies" + (" and forces" if forces else "")
            work = _predictions(compared, moved, forces)
            cases.append(timing.Case(name, n_pairs(moved, right), work))
    return cases


def _matrices(kernel: WignerKernel, left: list[ase.Atoms], right: list[ase.Atoms], threads: int):
    return lambda: kernel.matrices(left, right, num_threads=threads)


def _predictions(compared: WignerPotential, frames: list[ase.Atoms], forces: bool):
    def energies() -> Tensor:
        systems = [from_ase(frame, requires_grad=forces) for frame in frames]
        found = compared(neighbors_added(systems, DENSITY.cutoff))
        if forces:
            torch.autograd.grad(found.sum(), [system.positions for system in systems])
        return found

    return energies


def _memory(frames: list[ase.Atoms]) -> dict[str, int]:
    """Bytes beyond the result at the highest point of a call, and those of the result."""
    kernel = KERNELS["cg"]
    kernel.matrices(frames[:2])  # compiled code is no part of it
    peak, result = timing.peak_memory(lambda: kernel.matrices(frames, num_threads=1))
    return {"result": result.nbytes, "beyond": max(peak - result.nbytes, 0)}


def _report(
    name: str, cases: list[timing.Case], product: float, largest: float, memory: dict[str, int]
) -> int:
    """Print and write; the number of goals that were missed."""
    known = {case.name: case for case in cases}
    scale = product / CORE
    goals = [(f"product of matrices: {product / 1e9:.1f} GFLOP/s", True)]
    for engine, goal in GOALS.items():
        one, two, energies, forces = (
            known[f"rhobar, {engine}{rest}"]
            for rest in ("", ", 2 threads", ", energies", ", energies and forces")
        )
        walls = [statistics.median(case.wall) for case in (one, two)]
        slower = forces.median / energies.median
        goals += [
            (
                f"{engine}: {one.rate:.3g} pairs per CPU second (goal {goal * scale:.3g})",
                one.rate >= goal * scale,
            ),
            (
                f"{engine}: two threads {walls[0] / walls[1]:.2f} × one (goal {TIMES_THREADS})",
                walls[0] / walls[1] >= TIMES_THREADS,
            ),
            (
                f"{engine}: energies and forces take {slower:.2f} × energies (goal {TIMES_FORCES})",
                slower <= TIMES_FORCES,
            ),
        ]
    ratio, steps = (known["rhobar, cg"].rate / known[name].rate for name in (DENSE, STEPS))
    goals += [
        (f"cg: {ratio:.0f} × dense products in torch (goal {TIMES_DENSE:g})", ratio >= TIMES_DENSE),
        (f"cg: {steps:.0f} × the same one index after the other, rhobar's reference", True),
        (f"difference: {largest:.1e} of the largest (goal {TOLERANCE:.0e})", largest <= TOLERANCE),
        (
            f"peak memory, {name}: {memory['beyond'] / 1e6:.0f} MB beyond a result of "
            f"{memory['result'] / 1e6:.0f} MB",
            True,
        ),
    ]
    found = {
        "product": product,
        "ratio": ratio,
        "ratio_of_reference": steps,
        "difference": largest,
        "memory": memory,
    }
    timing.append_results(OUTPUT, cases, benchmark="wigner", structures=name, **found)
    return timing.print_goals(cases, goals, title=f"Wigner kernels of {name}", unit="pairs")
