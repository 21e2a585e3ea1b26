"""One figure of the incompleteness target, from saved numbers only."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ase.io
import pandas as pd

from job import begin
from rhobar.plotting import (
    audit_matrix,
    color_classes,
    network_differences,
    network_training,
    pair_gallery,
    periodic_pairs,
    preset_energies,
    save_figure,
)

FIGURES = {
    "pair_gallery": pair_gallery,
    "color_classes": color_classes,
    "periodic_pairs": periodic_pairs,
    "network_differences": network_differences,
    "network_training": network_training,
    "preset_energies": preset_energies,
    "audit_matrix": audit_matrix,
}
ONE_ARGUMENT_PER_FILE = ("pair_gallery", "color_classes", "periodic_pairs")


def main(figure: str, numbers: Sequence[Path], files: Sequence[Path]) -> None:
    """Draw ``figure`` from tables (.parquet) and structures (.xyz) into each of ``files``."""
    read: list[Any] = [
        ase.io.read(path, index=":") if path.suffix == ".xyz" else pd.read_parquet(path)
        for path in numbers
    ]
    if figure not in ONE_ARGUMENT_PER_FILE:
        read = [pd.concat(read, ignore_index=True)]
    drawn = FIGURES[figure](*read)
    for path in files:
        save_figure(drawn, path)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(job.wildcards.figure, [Path(path) for path in job.input.numbers], [*map(Path, job.output)])
