"""Time of Wigner kernels of a pair of environments against orders and channels, on one thread."""

import time
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from job import begin
from rhobar.data import written_beside
from rhobar.ops import CgIteration, RotationPowers, cpu

L_MAX, NU_MAX, N_CHANNELS = 3, 4, 50  # where not varied: the settings of methane
OVERLAPS = "overlaps"  # what every engine starts with: ν = 1 alone


def main(times: Path, protocol: dict[str, Any]) -> None:
    """
    Write one row per engine and value of ``nu_max``, ``l_max`` or ``n_channels`` to ``times``.

    Random densities of ``n_environments`` structures of one environment, all pairs of them; the
    shortest of ``n_repeats`` runs, in microseconds per pair, after one that compiles. ``cg`` keeps
    angular momenta up to l_max.
    """
    rows = []
    for varied in ("nu_max", "l_max", "n_channels"):
        for value in protocol[varied]:
            sizes = {"nu_max": NU_MAX, "l_max": L_MAX, "n_channels": N_CHANNELS, varied: value}
            for engine in ("cg", "grid") if varied == "nu_max" else ("cg", "grid", OVERLAPS):
                spent = _microseconds(engine, protocol, **sizes)
                rows.append(
                    {"engine": engine, "varied": varied, "value": value, "microseconds": spent}
                )
    with written_beside(times) as temporary:
        pd.DataFrame(rows).to_parquet(temporary, index=False)


def _microseconds(
    engine: str, protocol: dict[str, Any], *, nu_max: int, l_max: int, n_channels: int
) -> float:
    """Shortest time of a pair."""
    n = protocol["n_environments"]
    generator = torch.Generator().manual_seed(0)
    densities = 0.1 * torch.randn(
        n, (l_max + 1) ** 2, n_channels, dtype=torch.float64, generator=generator
    )
    group = torch.arange(n)
    orders = 1 if engine == OVERLAPS else nu_max
    exact = engine == "grid"
    iteration = RotationPowers(l_max, orders) if exact else CgIteration(l_max, orders, l_max)
    out = torch.zeros(n, n, orders, 1, 1, dtype=torch.float64)

    def run() -> None:
        cpu.summed_kernels(iteration, densities, group, densities, group, out)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        run()
        spent = []
        for _ in range(protocol["n_repeats"]):
            start = time.perf_counter()
            run()
            spent.append(time.perf_counter() - start)
    finally:
        torch.set_num_threads(threads)
    return 1e6 * min(spent) / n**2


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(Path(job.output.times), job.params.protocol)
