"""One figure of the density target, from saved numbers only."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from job import begin
from rhobar.plotting import (
    body_order,
    component_variances,
    jacobian_spectra,
    learning_curves,
    local_reconstruction,
    manifold_collapse,
    parity,
    reconstruction_maps,
    save_figure,
)

FIGURES = {
    "learning_curves": learning_curves,
    "parity": parity,
    "body_order": body_order,
    "component_variances": component_variances,
    "reconstruction": reconstruction_maps,
    "local_reconstruction": local_reconstruction,
    "jacobian_spectra": jacobian_spectra,
    "manifold_collapse": manifold_collapse,
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
