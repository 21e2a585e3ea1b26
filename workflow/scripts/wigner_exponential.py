"""Sums over orders of correlation against the exponential of the overlap, all orders at once."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from job import begin
from rhobar.data import Split, load_prepared, written_beside
from rhobar.models import ExponentialMixing
from wigner_fit import learned, regression
from wigner_kernel import kernel_rows, wigner_kernel

ALL = 0  # stands for the exponential in the column nu_max
SPARE = 2  # orders beyond nu_max that the quadrature of the exponential holds


def main(
    *,
    dataset: Path,
    split: Path,
    errors: Path,
    protocol: dict[str, Any],
    exponential: dict[str, Any],
    search: dict[str, Any],
) -> None:
    """
    Write one row per highest order: the difference of the sum from the exponential at the α that
    was found for the largest ``nu_max``, over its mean, and the test error of a model in eV.

    The exponential takes C, α and C0 from the largest ``nu_max``.

    :param exponential: ``nu_max``, ``n_train`` and ``n_test`` structures of the split
    """
    loaded = Split.load(split)
    rows = loaded.train[: exponential["n_train"]], loaded.test[: exponential["n_test"]]
    train, test = (load_prepared(dataset, indices=part) for part in rows)
    largest = exponential["nu_max"]
    hypers = {"engine": "grid", "lambda_max": 0, "nu": [largest], "center_types": None}
    kernel = wigner_kernel(hypers, protocol)
    matrices = tuple(
        np.moveaxis(kernel_rows(kernel, protocol, *frames), 0, -1)
        for frames in ((train.frames,), (test.frames, train.frames))
    )
    targets, reference, baseline = learned(train, test, protocol["target"])
    found = []

    def row(nu_max: int, predicted: np.ndarray) -> dict[str, Any]:
        wrong = predicted.reshape(reference.shape) + baseline - reference
        measures = {"mae": np.abs(wrong).mean(), "rmse": np.sqrt(np.square(wrong).mean())}
        test_error = float(measures[protocol["error"]])
        return {
            "dataset": protocol["dataset"],
            "nu_max": nu_max,
            "measure": protocol["error"],
            "test_error": test_error,
        }

    for nu_max in range(1, largest + 1):
        ridge = regression(protocol, nu_max, search)
        square, tall = (part[..., : nu_max + 1] for part in matrices)
        solution = ridge.fit(square, targets)
        found.append(row(nu_max, solution.predict(tall, noise=ridge.noise)))
    point = np.array(solution.point)

    def all_orders(*frames: Any) -> np.ndarray:
        """``(row, training row)``: the sum over all ν ≥ 1 of α^ν / ν! K^ν."""
        alpha, degree = float(point[1]), kernel.density.l_max * (largest + SPARE)

        def function(overlap: torch.Tensor) -> torch.Tensor:
            return torch.expm1(alpha * overlap)

        return kernel.function_matrix(function, *frames, degree=degree).numpy()

    whole = all_orders(train.frames), all_orders(test.frames, train.frames)
    scale = np.abs(whole[1]).mean()
    for nu_max, line in enumerate(found, start=1):
        weights = ExponentialMixing(nu_max).weights(np.array([0.0, point[1], 0.0]))
        weights[0] = 0.0
        part = matrices[1][..., : nu_max + 1] @ weights
        line["relative"] = float(np.abs(part - whole[1]).mean() / scale)
    # two kernels, the composition and all orders, as if they were ν = 0 and 1 with α = 1
    both = [np.stack([m[..., 0], w], axis=-1) for m, w in zip(matrices, whole, strict=True)]
    ridge = regression(protocol, 1, search)
    solution = ridge.solve(both[0], targets, np.array([point[0], 1.0, point[2]]))
    found.append({**row(ALL, solution.predict(both[1], noise=ridge.noise)), "relative": 0.0})
    with written_beside(errors) as temporary:
        pd.DataFrame(found).to_parquet(temporary, index=False)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        dataset=Path(job.input.dataset),
        split=Path(job.input.split),
        errors=Path(job.output.errors),
        protocol=job.params.protocol,
        exponential=job.params.exponential,
        search=job.params.search,
    )
