"""One figure of the wigner target, from saved numbers only."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from job import begin
from rhobar.data import KCAL_PER_MOL
from rhobar.plotting import (
    save_figure,
    wigner_cost,
    wigner_curves,
    wigner_exponential,
    wigner_sparse,
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
    "sparse": wigner_sparse,
}
UNITS = {"meV": 1e-3, "kcal/mol": KCAL_PER_MOL}  # eV


def main(figure: str, numbers: Sequence[Path], files: Sequence[Path], references: Path) -> None:
    """
    Draw ``figure`` from the tables ``numbers`` (.parquet) into each of ``files``.

    :param references: published values (.yaml), of which learning curves show some
    """
    table = pd.concat([pd.read_parquet(path) for path in numbers], ignore_index=True)
    if FIGURES[figure] is wigner_curves:
        entries = yaml.safe_load(references.read_text(encoding="utf-8"))["wigner_curves"]
        drawn = wigner_curves(table, published_points(entries, table))
    else:
        drawn = FIGURES[figure](table)
    for path in files:
        save_figure(drawn, path)


def published_points(entries: Sequence[dict[str, Any]], table: pd.DataFrame) -> pd.DataFrame:
    """Of ``entries`` those to be ``drawn`` of which ``table`` has the fit; ``value`` in eV."""
    names = ["dataset", "kernel", "nu_max", "n_train", "measure"]
    wanted = [
        {**{name: entry[name] for name in names}, "value": entry["value"] * UNITS[entry["unit"]]}
        for entry in entries
        if entry.get("drawn")
    ]
    published = pd.DataFrame(wanted, columns=[*names, "value"])
    return published.merge(table[names].drop_duplicates().astype(published[names].dtypes))


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        job.wildcards.figure,
        [Path(path) for path in job.input.numbers],
        [*map(Path, job.output)],
        Path(job.input.references),
    )
