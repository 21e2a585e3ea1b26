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
    methane_learning,
    orbit_learning,
    save_figure,
    separating_force,
    sheet_spectra,
)

FIGURES = {
    "boron_energies": boron_energies,
    "boron_errors": boron_errors,
    "boron_distances": boron_distances,
    "methane_learning": methane_learning,
    "sheet_spectra": sheet_spectra,
    "crossing_sheets": crossing_sheets,
    "orbit_learning": orbit_learning,
    "separating_force": separating_force,
}
ONE_ARGUMENT_PER_FILE = ("methane_learning",)


def main(figure: str, numbers: Sequence[Path], files: Sequence[Path]) -> None:
    """Draw ``figure`` from the tables ``numbers`` (.parquet) into each of ``files``."""
    read = [pd.read_parquet(path) for path in numbers]
    if figure not in ONE_ARGUMENT_PER_FILE:
        read = [pd.concat(read, ignore_index=True)]
    drawn = FIGURES[figure](*read)
    for path in files:
        save_figure(drawn, path)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(job.wildcards.figure, [Path(path) for path in job.input.numbers], [*map(Path, job.output)])
