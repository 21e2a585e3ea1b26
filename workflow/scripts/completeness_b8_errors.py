"""Errors of means and differences of pairs of B8 clusters, of every model."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from job import begin
from rhobar.analysis import pair_errors
from rhobar.data import written_beside


def main(encoders: Path, predictions: Sequence[Path], errors: Path) -> None:
    """
    Write one row per model and part of the split to ``errors`` (.parquet).

    Columns of :class:`rhobar.analysis.PairErrors`, ``mean`` and ``delta`` in eV; those of the
    encoders, which tell features, are relative only.
    """
    rows = []
    for path in predictions:
        table = pd.read_parquet(path).sort_values("structure")
        for (model, part), chosen in table.groupby(["model", "part"], sort=False):
            found = pair_errors(chosen["predicted"], chosen["reference"])
            rows.append({"model": model, "part": part, **asdict(found)})
    joined = pd.concat([pd.read_parquet(encoders), pd.DataFrame(rows)], ignore_index=True)
    with written_beside(errors) as temporary:
        joined.to_parquet(temporary, index=False)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        Path(job.input.encoders),
        [Path(path) for path in job.input.predictions],
        Path(job.output.errors),
    )
