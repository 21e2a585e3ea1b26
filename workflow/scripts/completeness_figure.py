"""One figure of the completeness target, from saved numbers only."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from job import begin
from rhobar.plotting import (
    boron_distances,
    boron_energies,
    boron_errors,
    crossing_sheets,
    save_figure,
    separating_force,
    sheet_spectra,
)

FIGURES = {
    "boron_energies": boron_energies,
    "boron_errors": boron_errors,
    "boron_distances": boron_distances,
    "sheet_spectra": sheet_spectra,
    "crossing_sheets": crossing_sheets,
    "separating_force": separating_force,
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
