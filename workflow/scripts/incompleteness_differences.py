"""Energies that networks with random weights give to both members of every pair."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from job import begin
from rhobar.analysis import distance_degenerate, energy_differences
from rhobar.data import written_beside


def main(differences: Path, protocol: dict[str, Any]) -> None:
    """Write one row per pair, network and comparison to ``differences`` (.parquet)."""
    families = distance_degenerate(protocol["n_draws"], seed=protocol["seed"])
    rows = energy_differences(families, n_seeds=protocol["n_seeds"])
    with written_beside(differences) as temporary:
        pd.DataFrame([asdict(row) for row in rows]).to_parquet(temporary, index=False)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(Path(job.output.differences), job.params.protocol)
