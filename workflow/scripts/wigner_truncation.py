"""What a limit on angular momenta between products changes in kernels and in what is learned."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from job import begin
from rhobar.data import Split, load_prepared, written_beside
from wigner_fit import learned, regression
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
    found = []
    exact = None
    for lambda_max in (EXACT, *truncation["lambda_max"]):
        engine = "grid" if lambda_max == EXACT else "cg"
        limit = max(lambda_max, 0)
        hypers = {"engine": engine, "lambda_max": limit, "nu": [NU_MAX], "center_types": None}
        kernel = wigner_kernel(hypers, protocol)
        square = kernel_rows(kernel, protocol, train.frames)
        tall = kernel_rows(kernel, protocol, test.frames, train.frames)
        exact = square[NU_MAX] if exact is None else exact
        difference = np.abs(square[NU_MAX] - exact).mean() / np.abs(exact).mean()
        ridge = regression(protocol, NU_MAX, search)
        targets, reference, baseline = learned(train, test, protocol["target"])
        solution = ridge.fit(np.moveaxis(square, 0, -1), targets)
        predicted = solution.predict(np.moveaxis(tall, 0, -1), noise=ridge.noise)
        wrong = predicted.reshape(reference.shape) + baseline - reference
        measures = {"mae": np.abs(wrong).mean(), "rmse": np.sqrt(np.square(wrong).mean())}
        found.append(
            {
                "dataset": protocol["dataset"],
                "lambda_max": lambda_max,
                "relative": float(difference),
                "measure": protocol["error"],
                "test_error": float(measures[protocol["error"]]),
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
