"""The large regression whose validation errors are smallest."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from job import begin
from rhobar.data import written_beside


def main(fits: Sequence[Path], errors: Path) -> None:
    """Write the row of ``fits`` (.parquet) with the least ``cv_error`` to ``errors``."""
    table = pd.concat([pd.read_parquet(path) for path in fits], ignore_index=True)
    best = table.loc[[table["cv_error"].idxmin()]].assign(n_evaluations=len(table))
    with written_beside(errors) as temporary:
        best.to_parquet(temporary, index=False)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main([Path(path) for path in job.input.fits], Path(job.output.errors))
