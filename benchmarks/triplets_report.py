"""What ``triplets.py`` measures, and how it tells."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import ase
import numpy as np
import rich.progress
import timing
import torch
from metatensor.torch import Labels
from torch import Tensor

from rhobar.counterexamples import sample_boron8
from rhobar.descriptors import Cutoff, Gaussian, Gto, SphericalExpansion, Triplets
from rhobar.ops import TripleRows, channel_triple_products, cpu, triple_paths, triple_table

OUTPUT = Path(__file__).parents[1] / "results" / "benchmarks" / "triplets.jsonl"
N_CLUSTERS, N_WHOLE, L_MAX, N_RADIAL, N_CHANNELS = 1000, 100, 3, 6, 32
GOAL = 10.0  # times as fast as the fastest sums in torch
TOLERANCE = 1e-10
MEMORY_GOAL = 150e6
_AT_ONCE = 4900  # triplets of the sums by einsum, which would need gigabytes otherwise

HYPERS: dict[str, Any] = {
    "cutoff": Cutoff(2.0, width=0.1),
    "l_max": L_MAX,
    "radial": Gto(N_RADIAL),
    "density": Gaussian(0.2, center_weight=0.0),
    "atomic_types": [5],
}
CENTER = Labels(["atom"], torch.tensor([[0]]))
PATHS = triple_paths(L_MAX)
TABLES = [triple_table(*path) for path in PATHS]


class Contracted(NamedTuple):
    """Contracted factors of all triplets, ``(_, lm, channel)``, and which belong together."""

    first: Tensor
    second: Tensor
    third: Tensor
    rows: TripleRows


def clusters() -> list[ase.Atoms]:
    """Both members of random pairs."""
    positions = sample_boron8(np.random.default_rng(0), N_CLUSTERS // 2)
    return [ase.Atoms("B8", cluster) for cluster in positions.reshape(N_CLUSTERS, 8, 3)]


def contracted(frames: list[ase.Atoms]) -> Contracted:
    """
    Factors from the densities of the center and of its neighbors one by one.

    Dimers of the center with each neighbor have the density of that neighbor alone.
    """
    expansion = SphericalExpansion(**HYPERS)
    dimers = [frame[[0, k]] for frame in frames for k in range(1, 8)]
    neighbors, centers = (_densities(expansion, part) for part in (dimers, frames))
    contraction = Triplets(**HYPERS, channels=N_CHANNELS).products.contraction
    with torch.no_grad():
        first, second = (contraction(neighbors, k) for k in range(2))
        third = contraction(centers, 2)
    neighbor = torch.arange(len(dimers)).reshape(-1, 7)
    rows = TripleRows(
        first=neighbor.flatten().repeat_interleave(7),
        second=neighbor.repeat_interleave(7, 0).flatten(),
        third=torch.arange(len(frames)).repeat_interleave(7),
    )
    return Contracted(first, second, third, rows)


def _densities(expansion: SphericalExpansion, frames: list[ase.Atoms]) -> Tensor:
    """``(frame, lm, 1, n)`` of the first atom of each."""
    found = expansion.compute(frames, selected_samples=CENTER, num_threads=1)
    blocks = [found.block({"o3_lambda": l}).values for l in range(L_MAX + 1)]
    return torch.cat(blocks, 1).unsqueeze(2)


def einsum_sums(given: Contracted) -> Tensor:
    """``(row, path, channel)``: both neighbors are coupled to l_3, then with the density."""
    blocks = [[factor[:, l * l : (l + 1) ** 2] for l in range(L_MAX + 1)] for factor in given[:3]]
    third = given.rows.third[given.rows.first]
    results = torch.empty(len(third), len(PATHS), N_CHANNELS, dtype=torch.float64)
    for part in torch.arange(len(third)).split(_AT_ONCE):
        a = [block[given.rows.first[part]] for block in blocks[0]]
        b = [block[given.rows.second[part]] for block in blocks[1]]
        c = [block[third[part]] for block in blocks[2]]
        for number, ((l_1, l_2, l_3), table) in enumerate(zip(PATHS, TABLES, strict=True)):
            pairs = torch.einsum("xyz,txq,tyq->tzq", table, a[l_1], b[l_2])
            results[part, number] = torch.einsum("tzq,tzq->tq", pairs, c[l_3])
    return results


def batched_sums(given: Contracted) -> Tensor:
    """The same with the density first, for centers that all have seven neighbors."""
    first, second = (factor.unflatten(0, [-1, 7]) for factor in given[:2])
    m = [slice(l * l, (l + 1) ** 2) for l in range(L_MAX + 1)]
    results = []
    for (l_1, l_2, l_3), table in zip(PATHS, TABLES, strict=True):
        terms = torch.einsum(
            "xyz,izq,ijxq->ijyq", table, given.third[:, m[l_3]], first[:, :, m[l_1]]
        )
        results.append(torch.einsum("ijyq,ikyq->ijkq", terms, second[:, :, m[l_2]]))
    return torch.stack(results, 3).flatten(0, 2)


def run() -> int:
    """Measure, compare, print, write; the number of goals that were missed."""
    parser = argparse.ArgumentParser(description="Triplets of rhobar and sums in torch.")
    parser.add_argument("--repeats", type=int, default=5, help="rounds (default: 5)")
    parser.add_argument("--strict", action="store_true", help="fail where a goal is missed")
    parser.add_argument("--memory", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    frames = clusters()
    if arguments.memory:
        print(json.dumps(_memory(frames)))
        return 0
    given = contracted(frames)
    cases = _cases(frames, given)
    with rich.progress.Progress(transient=True) as bar:
        task = bar.add_task("measuring", total=None)
        timing.measure(cases, arguments.repeats, lambda text: bar.update(task, description=text))
    command = [sys.executable, sys.argv[0], "--memory"]
    memory = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    missed = _report(cases, difference(frames, given), memory)
    return missed if arguments.strict else 0


def difference(frames: list[ase.Atoms], given: Contracted) -> float:
    """Largest difference of rhobar's features to all sums, compared to the largest feature."""
    expected = einsum_sums(given)
    others = [channel_triple_products(*given, PATHS, TABLES), batched_sums(given), expected]
    triplets = Triplets(**HYPERS, channels=N_CHANNELS)
    found = triplets.compute(frames, selected_samples=CENTER, num_threads=1)
    values = torch.cat([block.values[:, 0] for block in found.blocks()], 1)
    distances = [(values.reshape(expected.shape) - other).abs().max() for other in others]
    return float(max(distances) / expected.abs().max())


def _cases(frames: list[ase.Atoms], given: Contracted) -> list[timing.Case]:
    triplets, whole = Triplets(**HYPERS, channels=N_CHANNELS), Triplets(**HYPERS)
    count, size = len(frames), 8 * len(given.rows.first) * len(PATHS) * N_CHANNELS
    return [
        timing.Case("torch, einsum", count, lambda: einsum_sums(given), result_bytes=size),
        timing.Case(
            "torch, density first",
            count,
            lambda: channel_triple_products(*given, PATHS, TABLES),
            result_bytes=2 * size,
        ),
        timing.Case(
            "torch, equal numbers of neighbors",
            count,
            lambda: batched_sums(given),
            result_bytes=2 * size,
        ),
        timing.Case(
            "rhobar",
            count,
            lambda: cpu.channel_triple_products(*given, PATHS),
            result_bytes=size,
        ),
        timing.Case(
            "rhobar, 2 threads",
            count,
            lambda: cpu.channel_triple_products(*given, PATHS, num_threads=2),
            result_bytes=size,
            threads=2,
        ),
        timing.Case(
            "rhobar, from frames",
            count,
            lambda: triplets.compute(frames, selected_samples=CENTER, num_threads=1),
            result_bytes=size,
        ),
        timing.Case(
            "rhobar, from frames, all products",
            N_WHOLE,
            lambda: whole.compute(frames[:N_WHOLE], selected_samples=CENTER, num_threads=1),
            result_bytes=8 * N_WHOLE * 49 * len(PATHS) * N_RADIAL**3,
        ),
    ]


def _memory(frames: list[ase.Atoms]) -> dict[str, int]:
    """Bytes beyond the result at the highest point of a call, and those of the result."""
    triplets = Triplets(**HYPERS, channels=N_CHANNELS)
    triplets.compute(frames[:2], selected_samples=CENTER)  # compiled code is no part of it
    peak, result = timing.peak_memory(
        lambda: triplets.compute(frames, selected_samples=CENTER, num_threads=1)
    )
    size = sum(8 * block.values.numel() for block in result.blocks())
    return {"result": size, "beyond": max(peak - size, 0)}


def _report(cases: list[timing.Case], largest: float, memory: dict[str, int]) -> int:
    """Print and write; the number of goals that were missed."""
    *sums, rhobar, two, from_frames, whole = cases
    ratio = rhobar.rate / max(case.rate for case in sums)
    walls = [sorted(case.wall)[len(case.wall) // 2] for case in (rhobar, two)]
    goals = [
        (f"{ratio:.1f} × the fastest sums in torch (goal {GOAL:g})", ratio >= GOAL),
        (f"{from_frames.rate / whole.rate:.1f} × all products, from frames", True),
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
        benchmark="triplets",
        structures=f"{N_CLUSTERS} random B8 clusters",
        ratio=ratio,
        difference=largest,
        memory=memory,
    )
    return timing.print_goals(cases, goals, title=f"{N_CLUSTERS} B8 clusters")
