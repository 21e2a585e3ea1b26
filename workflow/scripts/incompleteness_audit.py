"""Which pairs of the catalogue one of the reference models sees."""

from pathlib import Path

import pandas as pd

from job import begin
from rhobar.analysis import audit, expected_table, verdict_differences
from rhobar.data import written_beside


def main(cells: Path, model: str, n_pairs: int, seed: int) -> None:
    """
    Write one row per family, as :func:`rhobar.plotting.audit_matrix` draws them.

    :raises RuntimeError: where a verdict is not the one that theory says
    """
    report = audit(model, n_pairs=n_pairs, seed=seed)
    differences = verdict_differences(report.verdicts, expected_table()[model])
    if differences:
        raise RuntimeError(f"{model}: verdicts are not those expected: {differences}.")
    rows = [
        {
            "model": model,
            "family": result.column,
            "distance": result.smallest,
            "verdict": str(result.verdict),
        }
        for result in report.columns
    ]
    with written_beside(cells) as temporary:
        pd.DataFrame(rows).to_parquet(temporary, index=False)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        Path(job.output.cells),
        job.wildcards.model,
        job.params.protocol["n_pairs"],
        job.params.protocol["seed"],
    )
