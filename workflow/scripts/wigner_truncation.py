"""What a limit on angular momenta between products changes in kernels and in what is learned."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from job import begin
from rhobar.data import written_beside
from wigner_fit import regression
from wigner_kernel import wigner_kernel
from wigner_sample import Sample

NU_MAX = 4
EXACT = -1  # stands for no limit in the column lambda_max


def main(
    *,
    dataset: Path,
    split: Path,
    errors: Path,
    protocol: dict[str, Any],
    truncation: dict[str, Any],
    search: dict[str, Any],
) -> None:
    """
    Write one row per limit: the mean absolute difference of the kernel of ν = 4 from the exact
    one over the mean of that, and the test error of a model with this kernel in eV. Weights of the
    orders are searched from those of the exact kernel.

    :param truncation: limits ``lambda_max``, ``n_train`` and ``n_test`` structures of the split
    """
    sample = Sample.of(dataset, split, protocol, truncation)
    ridge = regression(protocol, NU_MAX, search)
    exact, point, found = None, None, []
    for lambda_max in (EXACT, *truncation["lambda_max"]):
        engine, limit = ("grid", 0) if lambda_max == EXACT else ("cg", lambda_max)
        hypers = {"engine": engine, "lambda_max": limit, "nu": [NU_MAX], "center_types": None}
        square, tall = sample.kernels(wigner_kernel(hypers, protocol))
        last = square[..., NU_MAX]
        exact = last if exact is None else exact
        # one annealing, and the same local search from where it ends for all of them
        point = ridge.fit(square, sample.targets).point if point is None else point
        solution = ridge.fit(square, sample.targets, start=point)
        found.append(
            {
                "dataset": protocol["dataset"],
                "lambda_max": lambda_max,
                "relative": float(np.abs(last - exact).mean() / np.abs(exact).mean()),
                "measure": protocol["error"],
                "test_error": sample.error(solution, tall, ridge),
            }
        )
    with written_beside(errors) as temporary:
        pd.DataFrame(found).to_parquet(temporary, index=False)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        dataset=Path(job.input.dataset),
        split=Path(job.input.split),
        errors=Path(job.output.errors),
        protocol=job.params.protocol,
        truncation=job.params.truncation,
        search=job.params.search,
    )
