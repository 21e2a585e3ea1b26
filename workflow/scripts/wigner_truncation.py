"""What a limit on angular momenta between products changes in kernels and in what is learned."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from job import begin
from rhobar.data import Split, load_prepared, written_beside
from wigner_fit import error_of, learned, regression
from wigner_kernel import kernel_rows, wigner_kernel

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
    one over the mean of that, and the test error of a model with this kernel in eV.

    :param truncation: limits ``lambda_max``, ``n_train`` and ``n_test`` structures of the split
    """
    loaded = Split.load(split)
    rows = loaded.train[: truncation["n_train"]], loaded.test[: truncation["n_test"]]
    train, test = (load_prepared(dataset, indices=part) for part in rows)
    targets, *tested = learned(train, test, protocol["target"])
    ridge = regression(protocol, NU_MAX, search)
    exact, found = None, []
    for lambda_max in (EXACT, *truncation["lambda_max"]):
        engine, limit = ("grid", 0) if lambda_max == EXACT else ("cg", lambda_max)
        hypers = {"engine": engine, "lambda_max": limit, "nu": [NU_MAX], "center_types": None}
        kernel = wigner_kernel(hypers, protocol)
        square, tall = (
            np.moveaxis(kernel_rows(kernel, protocol, *frames), 0, -1)
            for frames in ((train.frames,), (test.frames, train.frames))
        )
        last = square[..., NU_MAX]
        exact = last if exact is None else exact
        predicted = ridge.fit(square, targets).predict(tall, noise=ridge.noise)
        found.append(
            {
                "dataset": protocol["dataset"],
                "lambda_max": lambda_max,
                "relative": float(np.abs(last - exact).mean() / np.abs(exact).mean()),
                "measure": protocol["error"],
                "test_error": error_of(predicted, *tested, protocol["error"]),
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
