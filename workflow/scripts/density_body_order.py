"""Errors of linear models of each correlation order on exact many-body targets."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from job import begin
from rhobar.analysis import body_order_errors
from rhobar.data import written_beside


def main(errors: Path, protocol: dict[str, Any]) -> None:
    """Write one row per fit, columns as in :class:`rhobar.analysis.BodyOrderError` (.parquet)."""
    found = body_order_errors(**protocol)
    with written_beside(errors) as temporary:
        pd.DataFrame([asdict(error) for error in found]).to_parquet(temporary, index=False)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(Path(job.output.errors), job.params.protocol)
