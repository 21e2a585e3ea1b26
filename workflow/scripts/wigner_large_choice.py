"""The large regression whose validation errors are smallest."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from job import begin
from rhobar.data import written_beside


def main(fits: Sequence[Path], errors: Path) -> None:
    """
    Write the row of ``fits`` (.parquet) with the least ``cv_error`` to ``errors``.

    :raises ValueError: if no fit was possible
    """
    table = pd.concat([pd.read_parquet(path) for path in fits], ignore_index=True)
    if not np.isfinite(table["cv_error"]).any():
        raise ValueError(
            f"none of {len(table)} choices of hyperparameters gives a positive definite kernel; "
            "choose smaller ones in the configuration (wigner.large.log_c, alpha, log_c0)."
        )
    best = table.loc[[table["cv_error"].idxmin()]].assign(n_evaluations=len(table))
    with written_beside(errors) as temporary:
        best.to_parquet(temporary, index=False)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main([Path(path) for path in job.input.fits], Path(job.output.errors))
