"""One figure of the incompleteness target, from saved numbers only."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from job import begin
from rhobar.plotting import network_differences, network_training, preset_energies, save_figure

FIGURES = {
    "network_differences": network_differences,
    "network_training": network_training,
    "preset_energies": preset_energies,
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
