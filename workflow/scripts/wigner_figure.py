"""One figure of the wigner target, from saved numbers only."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from job import begin
from rhobar.plotting import (
    save_figure,
    wigner_cost,
    wigner_curves,
    wigner_exponential,
    wigner_truncation,
)

FIGURES = {
    "energies": wigner_curves,
    "methane": wigner_curves,
    "dipoles": wigner_curves,
    "boron": wigner_curves,
    "cost": wigner_cost,
    "truncation": wigner_truncation,
    "exponential": wigner_exponential,
}


def main(figure: str, numbers: Sequence[Path], files: Sequence[Path]) -> None:
    """Draw ``figure`` from the tables ``numbers`` (.parquet) into each of ``files``."""
    table = pd.concat([pd.read_parquet(path) for path in numbers], ignore_index=True)
    drawn = FIGURES[figure](table)
    for path in files:
        save_figure(drawn, path)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(job.wildcards.figure, [Path(path) for path in job.input.numbers], [*map(Path, job.output)])
