"""What ``bispectrum.py`` measures, and how it tells."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import rich.progress
import structures
import timing
import torch
from torch import Tensor

from rhobar.descriptors import Bispectrum, Gaussian, Gto, SphericalExpansion
from rhobar.math import clebsch_gordan
from rhobar.ops import cpu

OUTPUT = Path(__file__).parents[1] / "results" / "benchmarks" / "bispectrum.jsonl"
L_MAX, N_RADIAL, TYPES = 6, 8, [1, 6, 7, 8]
GOAL = 5.0  # times as fast as dense sums
TOLERANCE = 1e-12
MEMORY_GOAL = 100e6
_AT_ONCE = 64  # centers of the dense sums, which would need gigabytes otherwise


HYPERS = {
    "cutoff": 5.0,
    "l_max": L_MAX,
    "radial": Gto(N_RADIAL),
    "density": Gaussian(0.3),
    "atomic_types": TYPES,
    "pseudo_species": torch.ones(1, len(TYPES)),  # all neighbor types in one channel
}


def density(whole: structures.StructureSet) -> Tensor:
    """``(center, lm, 1, n)`` of all centers, by their type."""
    expansion = SphericalExpansion(**HYPERS).compute(whole.frames, num_threads=1)
    types = []
    for center_type in TYPES:
        keys = [{"o3_lambda": l, "center_type": center_type} for l in range(L_MAX + 1)]
        types.append(torch.cat([expansion.block(key).values for key in keys], 1))
    return torch.cat(types).unsqueeze(2)


def orders() -> Iterator[tuple[int, int, int]]:
    """Sorted orders that couple to invariants."""
    for l_1 in range(L_MAX + 1):
        for l_2 in range(l_1, L_MAX + 1):
            for l_3 in range(l_2, min(l_1 + l_2, L_MAX) + 1):
                if (l_1 + l_2 + l_3) % 2 == 0:
                    yield l_1, l_2, l_3


def dense_sums(coefficients: Tensor) -> dict[tuple[int, int, int], Tensor]:
    """Per sorted orders ``(center, n_1, n_2, n_3)``, by full sums over m_1, m_2 and m_3."""
    found: dict[tuple[int, int, int], list[Tensor]] = {key: [] for key in orders()}
    for part in coefficients[:, :, 0].split(_AT_ONCE):
        blocks = [part[:, l * l : (l + 1) ** 2] for l in range(L_MAX + 1)]
        for l_1, l_2, l_3 in orders():
            table = clebsch_gordan(l_1, l_2, l_3) * (-1) ** l_3 / (2 * l_3 + 1) ** 0.5
            pairs = torch.einsum("abc,iap,ibq->ipqc", table, blocks[l_1], blocks[l_2])
            triples = torch.matmul(pairs.flatten(1, 2), blocks[l_3])
            found[l_1, l_2, l_3].append(triples.unflatten(1, [N_RADIAL, N_RADIAL]))
    return {key: torch.cat(parts) for key, parts in found.items()}


def difference(coefficients: Tensor) -> float:
    """Largest difference of rhobar's features to dense sums, compared to the largest feature."""
    products = Bispectrum(**HYPERS).products
    plan = products.plan(1, [0], coefficients.device)
    found = products.values(coefficients, plan)[0][:, 0]
    labels = products.label_values(plan.labels[0], torch.zeros(1, dtype=torch.int64)).long()
    expected, columns = dense_sums(coefficients), []
    for label in labels.tolist():
        l, n = (label[0], label[1], label[3]), (label[5], label[7], label[9])
        factors = list(zip(l, n, strict=True))
        same = {1: 6, 2: 3, 3: 1}[4 - len(set(factors))]  # orders that the factors can have
        columns.append(same**0.5 * expected[l][:, n[0], n[1], n[2]])
    return float((found - torch.stack(columns, 1)).abs().max() / found.abs().max())


def run() -> int:
    """Measure, compare, print, write; the number of goals that were missed."""
    parser = argparse.ArgumentParser(description="Bispectrum of rhobar and dense sums.")
    parser.add_argument("--repeats", type=int, default=5, help="rounds (default: 5)")
    parser.add_argument("--strict", action="store_true", help="fail where a goal is missed")
    parser.add_argument("--memory", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    whole = structures.molecules().every(20)
    if arguments.memory:
        print(json.dumps(_memory(whole)))
        return 0
    coefficients = density(whole)
    cases = _cases(whole, coefficients)
    with rich.progress.Progress(transient=True) as bar:
        task = bar.add_task("measuring", total=None)
        timing.measure(cases, arguments.repeats, lambda text: bar.update(task, description=text))
    command = [sys.executable, sys.argv[0], "--memory"]
    memory = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    missed = _report(whole, cases, difference(coefficients[:100]), memory)
    return missed if arguments.strict else 0


def _cases(whole: structures.StructureSet, coefficients: Tensor) -> list[timing.Case]:
    bispectrum, count = Bispectrum(**HYPERS), whole.n_environments
    products = bispectrum.products
    plan = products.plan(1, [0], coefficients.device)
    blocks = products._density(coefficients)  # noqa: SLF001 - what the op is given
    size = 8 * count * len(plan.labels[0])
    return [
        timing.Case("dense sums", count, lambda: dense_sums(coefficients), result_bytes=2 * size),
        timing.Case(
            "rhobar", count, lambda: cpu.correlations(blocks, plan.steps), result_bytes=size
        ),
        timing.Case(
            "rhobar, 2 threads",
            count,
            lambda: cpu.correlations(blocks, plan.steps, num_threads=2),
            result_bytes=size,
            threads=2,
        ),
        timing.Case(
            "rhobar, from frames",
            count,
            lambda: bispectrum.compute(whole.frames, num_threads=1),
            result_bytes=size,
        ),
    ]


def _memory(whole: structures.StructureSet) -> dict[str, int]:
    """Bytes beyond the result at the highest point of a call, and those of the result."""
    bispectrum = Bispectrum(**HYPERS)
    bispectrum.compute(whole.frames[:1])  # compiled code is no part of a call's memory
    peak, result = timing.peak_memory(lambda: bispectrum.compute(whole.frames, num_threads=1))
    size = sum(block.values.nbytes for block in result.blocks())
    return {"result": size, "beyond": max(peak - size, 0)}


def _report(
    whole: structures.StructureSet,
    cases: list[timing.Case],
    largest: float,
    memory: dict[str, int],
) -> int:
    """Print and write; the number of goals that were missed."""
    dense, rhobar, two, _ = cases
    ratio = rhobar.rate / dense.rate
    walls = [sorted(case.wall)[len(case.wall) // 2] for case in (rhobar, two)]
    title = f"{whole.name}: {whole.n_environments} environments"
    goals = [
        (f"{ratio:.1f} × dense sums (goal {GOAL:g})", ratio >= GOAL),
        (f"two threads: {walls[0] / walls[1]:.1f} × one, by wall time", True),
        (f"difference: {largest:.1e} of the largest (goal {TOLERANCE:.0e})", largest <= TOLERANCE),
        (
            f"peak memory: {memory['beyond'] / 1e6:.0f} MB beyond a result of "
            f"{memory['result'] / 1e6:.0f} MB (goal {MEMORY_GOAL / 1e6:.0f})",
            memory["beyond"] <= MEMORY_GOAL,
        ),
    ]
    timing.append_results(
        OUTPUT,
        cases,
        benchmark="bispectrum",
        structures=whole.name,
        ratio=ratio,
        difference=largest,
        memory=memory,
    )
    return timing.print_goals(cases, goals, title=title)
