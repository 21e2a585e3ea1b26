"""What smooth maps between feature spaces miss, against the points they are fitted to."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from job import begin
from rhobar.analysis import lfre
from rhobar.data import written_beside


def main(spaces: Path, errors: Path, n_local: Sequence[int]) -> None:
    """Write one row per pair of spaces and number of points to ``errors``."""
    with np.load(spaces, allow_pickle=False) as arrays:
        rows = [
            {
                "source": source,
                "target": target,
                "n_local": k,
                "lfre": lfre(arrays[source], arrays[target], n_local=k),
            }
            for source, target in pairs([*arrays])
            for k in n_local
        ]
    with written_beside(errors) as temporary:
        pd.DataFrame(rows).to_parquet(temporary, index=False)


def pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    """Ordered pairs of spaces of which one holds what the other lacks, or more of it."""
    power = [name for name in names if name.startswith("SOAP (")]
    (bispectrum,) = (name for name in names if name.startswith("bispectrum"))
    nice = [name for name in names if name.startswith("NICE")]
    return [
        ("radial", power[-1]),
        (power[0], power[-1]),
        (power[-1], power[0]),
        (power[-1], bispectrum),
        (nice[0], nice[-1]),
        (nice[-1], nice[0]),
    ]


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(Path(job.input.spaces), Path(job.output.errors), job.params.n_local)
