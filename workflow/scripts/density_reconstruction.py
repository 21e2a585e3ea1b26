"""How much of each feature space is in each other one, by linear maps."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from job import begin
from rhobar.analysis import gfrd, gfre
from rhobar.data import written_beside


def main(spaces: Path, errors: Path) -> None:
    """Write one row per ordered pair of the arrays in ``spaces`` (.npz) to ``errors``."""
    with np.load(spaces, allow_pickle=False) as arrays:
        rows = [
            {
                "source": source,
                "target": target,
                "gfre": gfre(arrays[source], arrays[target]),
                "gfrd": gfrd(arrays[source], arrays[target]),
            }
            for source, target in product(arrays, repeat=2)
        ]
    with written_beside(errors) as temporary:
        pd.DataFrame(rows).to_parquet(temporary, index=False)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(Path(job.input.spaces), Path(job.output.errors))
