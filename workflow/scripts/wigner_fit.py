"""Test errors of one Wigner kernel for every number of training structures and order."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from job import begin
from rhobar.data import BOHR, KCAL_PER_MOL, Dataset, Split, load_prepared, written_beside
from rhobar.models import (
    Composition,
    ExponentialMixing,
    NuKernelRidge,
    NuKernelSolution,
    spherical_parts,
)

# the regulariser is 1 in these units, as published: kcal/mol and atomic units of the dipole
NOISE = {"energy": KCAL_PER_MOL, "dipole": BOHR}
VECTOR = (1, 1)  # o3_lambda, o3_sigma


def main(
    *,
    labels: dict[str, Any],
    dataset: Path,
    split: Path,
    kernels: Path,
    errors: Path,
    protocol: dict[str, Any],
    orders: list[int],
    search: dict[str, Any],
) -> None:
    """
    Fit with each ``nu_max`` of ``orders`` and number of training structures, one row per fit.

    :param labels: columns that say which data, kernel and seed these are
    :param kernels: as :mod:`wigner_kernel` writes them
    :param search: arguments of :class:`rhobar.models.NuKernelRidge`
    """
    loaded = Split.load(split)
    train, test = (load_prepared(dataset, indices=part) for part in (loaded.train, loaded.test))
    with np.load(kernels, allow_pickle=False) as arrays:
        matrices = arrays["train"], arrays["test"]
    rows = []
    starts: dict[int, tuple[float, ...]] = {}  # of searches beyond n_annealed, by order
    for n_train in sorted(protocol["n_train"]):
        chosen = train.subset(range(n_train))
        targets, reference, baseline = learned(chosen, test, protocol["target"])
        for nu_max in orders:
            ridge = regression(protocol, nu_max, {**search, "seed": labels["seed"]})
            square, tall = (part(matrices, targets.size, nu_max) for part in (_square, _tall))
            found = ridge.fit(square, targets, start=starts.get(nu_max))
            if targets.size >= ridge.n_annealed:
                starts[nu_max] = found.point
            predicted = found.predict(tall, noise=ridge.noise).reshape(reference.shape) + baseline
            row = {"target": protocol["target"], "measure": protocol["error"], "nu_max": nu_max}
            numbers = {**all_errors(predicted, reference, baseline), **_hypers(found)}
            rows.append({**labels, **row, "n_train": n_train, **numbers})
    with written_beside(errors) as temporary:
        pd.DataFrame(rows).to_parquet(temporary, index=False)


def learned(
    train: Dataset, test: Dataset, target: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Training targets without their baseline, test targets, and the baseline of these."""
    if target == "dipole":
        of_train, of_test = (
            spherical_parts(np.asarray(data.targets[_dipole(data)]))[VECTOR]
            for data in (train, test)
        )
        return of_train, of_test, np.zeros_like(of_test)
    composition = Composition.fit(train.frames, train.targets["energy"])
    residual = train.targets["energy"] - composition.predict(train.frames)
    baseline = composition.predict(test.frames)
    return residual[:, None], np.asarray(test.targets["energy"])[:, None], baseline[:, None]


def error_of(
    predicted: np.ndarray, reference: np.ndarray, baseline: np.ndarray, measure: str
) -> float:
    """Test error ``measure`` of predictions ``(row,)`` without their baseline."""
    return float(
        all_errors(predicted.reshape(reference.shape) + baseline, reference, baseline)[measure]
    )


def regression(protocol: dict[str, Any], nu_max: int, search: dict[str, Any]) -> NuKernelRidge:
    """Kernel ridge regression as published for the protocol's target."""
    vector = protocol["target"] == "dipole"
    mixing = (
        ExponentialMixing.for_tensors(nu_max, alpha=(0.0, 30.0))
        if vector
        else ExponentialMixing(nu_max)
    )
    error, noise = protocol["error"], NOISE[protocol["target"]]
    return NuKernelRidge(mixing, error=error, noise=noise, **search)


def _dipole(data: Dataset) -> str:
    return "dipole" if "dipole" in data.targets else "mp2_dipole"


def _square(matrices: tuple[np.ndarray, np.ndarray], n_rows: int, nu_max: int) -> np.ndarray:
    return np.moveaxis(matrices[0][: nu_max + 1, :n_rows, :n_rows], 0, -1)


def _tall(matrices: tuple[np.ndarray, np.ndarray], n_rows: int, nu_max: int) -> np.ndarray:
    return np.moveaxis(matrices[1][: nu_max + 1, :, :n_rows], 0, -1)


def all_errors(
    predicted: np.ndarray, reference: np.ndarray, baseline: np.ndarray
) -> dict[str, float | int]:
    """Over the test structures, in eV or e·Å, beside the deviation that the baseline leaves."""
    difference = predicted - reference
    lengths = np.linalg.norm(predicted, axis=1) - np.linalg.norm(reference, axis=1)
    left = reference - baseline
    return {
        "n_test": len(reference),
        "mae": float(np.abs(difference).mean()),
        "rmse": float(np.sqrt(np.square(difference).mean())),
        "norm": float(np.abs(lengths).mean()),
        "distance": float(np.linalg.norm(difference, axis=1).mean()),
        "deviation": float(np.sqrt(np.square(left - left.mean(axis=0)).mean())),
    }


def _hypers(found: NuKernelSolution) -> dict[str, float | int]:
    """What the search found: its error, log10 C, α and, for energies, log10 C0, and weights."""
    names = ("log_c", "alpha", "log_c0")
    weights = {f"weight{nu}": weight for nu, weight in enumerate(found.weights)}
    return {
        "cv_error": found.error,
        **dict(zip(names, found.point, strict=False)),
        **weights,
        "n_evaluations": found.n_evaluations,
        "residual": found.residual,
    }


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        labels={
            "dataset": job.params.protocol["dataset"],
            "kernel": job.wildcards.kernel,
            "seed": int(job.wildcards.seed),
        },
        dataset=Path(job.input.dataset),
        split=Path(job.input.split),
        kernels=Path(job.input.kernels),
        errors=Path(job.output.errors),
        protocol=job.params.protocol,
        orders=job.params.orders,
        search=job.params.search,
    )
