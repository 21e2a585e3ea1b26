"""Sums over orders of correlation against the exponential of the overlap, all orders at once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from job import begin
from rhobar.data import Dataset, Split, load_prepared, written_beside
from rhobar.kernels import WignerKernel
from rhobar.models import ExponentialMixing
from wigner_fit import error_of, learned, regression
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
    square, tall = (
        np.moveaxis(kernel_rows(kernel, protocol, *frames), 0, -1)
        for frames in ((train.frames,), (test.frames, train.frames))
    )
    targets, *tested = learned(train, test, protocol["target"])
    fits = []
    for nu_max in range(1, largest + 1):
        ridge = regression(protocol, nu_max, search)
        fits.append((nu_max, ridge.fit(square[..., : nu_max + 1], targets)))
    point = fits[-1][1].point
    whole = all_orders(kernel, point[1], train), all_orders(kernel, point[1], train, test)
    found = [
        {
            "nu_max": nu_max,
            "relative": difference(tall[..., : nu_max + 1], whole[1], point[1]),
            "test_error": error_of(
                solution.predict(tall[..., : nu_max + 1], noise=ridge.noise),
                *tested,
                protocol["error"],
            ),
        }
        for nu_max, solution in fits
    ]
    # two kernels, the composition and all orders, as if they were ν = 0 and 1 with α = 1
    both = [np.stack([m[..., 0], w], axis=-1) for m, w in zip((square, tall), whole, strict=True)]
    ridge = regression(protocol, 1, search)
    solution = ridge.solve(both[0], targets, np.array([point[0], 1.0, point[2]]))
    last = error_of(solution.predict(both[1], noise=ridge.noise), *tested, protocol["error"])
    found.append({"nu_max": ALL, "relative": 0.0, "test_error": last})
    table = pd.DataFrame(found).assign(dataset=protocol["dataset"], measure=protocol["error"])
    with written_beside(errors) as temporary:
        table.to_parquet(temporary, index=False)


def all_orders(
    kernel: WignerKernel, alpha: float, train: Dataset, test: Dataset | None = None
) -> np.ndarray:
    """``(row, training row)``: the sum over all ν ≥ 1 of α^ν / ν! K^ν."""
    sides = (train.frames,) if test is None else (test.frames, train.frames)
    degree = kernel.density.l_max * (kernel.nu_max + SPARE)
    return kernel.function_matrix(_Exponential(alpha), *sides, degree=degree).numpy()


@dataclass(frozen=True)
class _Exponential:
    """exp(α S) - 1, without the composition."""

    alpha: float

    def __call__(self, overlap: torch.Tensor) -> torch.Tensor:
        return torch.expm1(self.alpha * overlap)


def difference(matrices: np.ndarray, whole: np.ndarray, alpha: float) -> float:
    """Mean absolute difference of the sum over 1 ≤ ν from that over all orders, over its mean."""
    weights = ExponentialMixing(matrices.shape[-1] - 1).weights(np.array([0.0, alpha, 0.0]))
    weights[0] = 0.0
    return float(np.abs(matrices @ weights - whole).mean() / np.abs(whole).mean())


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
