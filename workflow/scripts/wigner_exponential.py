"""Sums over orders of correlation against the exponential of the overlap, all orders at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ase
import numpy as np
import pandas as pd
import torch

from job import begin
from rhobar.data import written_beside
from rhobar.kernels import WignerKernel
from rhobar.models import ExponentialMixing
from wigner_fit import regression
from wigner_kernel import wigner_kernel
from wigner_sample import Sample

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

    The exponential takes C, α and C0 from the largest ``nu_max``; those of all sums are searched
    from there.

    :param exponential: ``nu_max``, ``n_train`` and ``n_test`` structures of the split
    """
    sample = Sample.of(dataset, split, protocol, exponential)
    largest = exponential["nu_max"]
    hypers = {"engine": "grid", "lambda_max": 0, "nu": [largest], "center_types": None}
    kernel = wigner_kernel(hypers, protocol)
    square, tall = sample.kernels(kernel)
    ridge = regression(protocol, largest, search)
    annealed = ridge.fit(square, sample.targets).point
    point = ridge.fit(square, sample.targets, start=annealed).point
    whole = [all_orders(kernel, point[1], *sides) for sides in sample.sides()]
    found = []
    for nu_max in range(1, largest + 1):
        ridge = regression(protocol, nu_max, search)
        solution = ridge.fit(square[..., : nu_max + 1], sample.targets, start=point)
        own = tall[..., : nu_max + 1]
        found.append(
            {
                "nu_max": nu_max,
                "relative": difference(own, whole[1], point[1]),
                "test_error": sample.error(solution, own, ridge),
            }
        )
    # two kernels, the composition and all orders, as if they were ν = 0 and 1 with α = 1
    both = [np.stack([m[..., 0], w], axis=-1) for m, w in zip((square, tall), whole, strict=True)]
    ridge = regression(protocol, 1, search)
    solution = ridge.solve(both[0], sample.targets, np.array([point[0], 1.0, point[2]]))
    last = sample.error(solution, both[1], ridge)
    found.append({"nu_max": ALL, "relative": 0.0, "test_error": last})
    table = pd.DataFrame(found).assign(dataset=protocol["dataset"], measure=protocol["error"])
    with written_beside(errors) as temporary:
        table.to_parquet(temporary, index=False)


def all_orders(kernel: WignerKernel, alpha: float, *sides: Sequence[ase.Atoms]) -> np.ndarray:
    """``(row, training row)``: the sum over all ν ≥ 1 of α^ν / ν! K^ν."""
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
