"""Test errors of every model for every number of training structures and seed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from job import begin
from rhobar.data import Split, load_prepared, written_beside
from rhobar.models import Composition, Ridge, RidgePerOrder, type_counts

KERNELS = ("linear", "kernel")


@dataclass(frozen=True)
class Table:
    """Structures of the splits: energies in eV, numbers of atoms per type, kernels, features."""

    energies: torch.Tensor  # (row,)
    counts: torch.Tensor  # (row, type)
    kernels: dict[str, torch.Tensor]  # model -> (row, row)
    orders: list[torch.Tensor]  # NICE invariants of ν = 1, 2, …: (row, column)


@dataclass(frozen=True)
class Fit:
    """Predictions of one model for the test rows."""

    model: str
    predicted: torch.Tensor  # (test row,) eV
    baseline: torch.Tensor  # (test row,) eV
    regularizer: float  # of the highest order; infinite where that is switched off


def main(
    curve: str,
    *,
    dataset: Path,
    splits: Sequence[Path],
    kernels: Path,
    features: Path,
    errors: Path,
    predictions: Path,
    protocol: dict[str, Any],
) -> None:
    """
    Fit total energies and write one row per fit to ``errors``, per test structure to
    ``predictions`` (first seed and largest training set only).

    :param curve: name of the learning curve, the column ``dataset`` of both tables
    :param splits: one file per seed of ``protocol``, in that order
    :param features: NICE invariants of structures, as :mod:`density_nice` writes them
    """
    structures, table = _load(dataset, kernels, features)
    shown = {*KERNELS, f"nice{len(table.orders)}"}
    rows, points = [], []
    for seed, path in zip(protocol["seeds"], splits, strict=True):
        split = Split.load(path)
        test = np.searchsorted(structures, split.test)
        for n_train in (n for n in protocol["n_train"] if n <= len(split.train)):
            train = np.searchsorted(structures, split.train[:n_train])
            for fit in _fits(table, torch.from_numpy(train), torch.from_numpy(test)):
                row = {"dataset": curve, "model": fit.model, "seed": seed, "n_train": n_train}
                rows.append({**row, **_errors(fit, table.energies[test])})
                largest = seed == protocol["seeds"][0] and n_train == max(protocol["n_train"])
                if largest and fit.model in shown:
                    points.append(_points(row, fit, split.test, table.energies[test]))
    _write(pd.DataFrame(rows), errors)
    _write(pd.concat(points, ignore_index=True), predictions)


def _load(dataset: Path, kernels: Path, features: Path) -> tuple[NDArray[np.int64], Table]:
    """Indices of the rows in the data set, in increasing order, and what is known of them."""
    with np.load(kernels, allow_pickle=False) as arrays:
        structures = arrays["structures"]
        matrices = {name: torch.from_numpy(arrays[name]) for name in KERNELS}
    with np.load(features, allow_pickle=False) as arrays:
        names = sorted(name for name in arrays if name.startswith("nu"))
        orders = [torch.from_numpy(arrays[name]) for name in names]
    data = load_prepared(dataset, indices=structures)
    types = sorted({int(number) for frame in data.frames for number in frame.numbers})
    energies = torch.from_numpy(np.asarray(data.targets["energy"], dtype=np.float64))
    return structures, Table(energies, type_counts(data.frames, types), matrices, orders)


def _fits(table: Table, train: torch.Tensor, test: torch.Tensor) -> Iterator[Fit]:
    """Composition fitted to the training rows, then each model to what it leaves."""
    counts, energies = table.counts[train], table.energies[train]
    used = torch.nonzero(counts.sum(dim=0))[:, 0]
    composition = Composition.from_counts(counts[:, used], energies, used.tolist())
    baseline = table.counts[test][:, used] @ composition.energies
    residual = energies - counts[:, used] @ composition.energies
    yield Fit("composition", baseline, baseline, 0.0)
    for name, kernel in table.kernels.items():
        solution = Ridge().fit_kernel(kernel[train][:, train].contiguous(), residual)
        predicted = baseline + kernel[test][:, train] @ solution.weights
        yield Fit(name, predicted, baseline, solution.regularizer)
    models = RidgePerOrder().fit([rows[train] for rows in table.orders], residual)
    for nu, model in enumerate(models, start=1):
        predicted = baseline + model.predict([rows[test] for rows in table.orders])
        yield Fit(f"nice{nu}", predicted, baseline, model.regularizers[-1])


def _errors(fit: Fit, energies: torch.Tensor) -> dict[str, float | int]:
    """Errors over the test rows in eV, beside the deviation that the composition leaves."""
    difference = fit.predicted - energies
    return {
        "n_test": len(energies),
        "mae": float(difference.abs().mean()),
        "rmse": float(difference.square().mean().sqrt()),
        "deviation": float((energies - fit.baseline).std(correction=0)),
        "regularizer": fit.regularizer,
    }


def _points(
    row: dict[str, Any], fit: Fit, structures: NDArray[np.int64], energies: torch.Tensor
) -> pd.DataFrame:
    """One row per test structure."""
    return pd.DataFrame(
        {
            **row,
            "structure": structures,
            "reference": energies.numpy(),
            "predicted": fit.predicted.numpy(),
            "baseline": fit.baseline.numpy(),
        }
    )


def _write(table: pd.DataFrame, path: Path) -> None:
    with written_beside(path) as temporary:
        table.to_parquet(temporary, index=False)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        job.wildcards.curve,
        dataset=Path(job.input.dataset),
        splits=[Path(path) for path in job.input.splits],
        kernels=Path(job.input.kernels),
        features=Path(job.input.features),
        errors=Path(job.output.errors),
        predictions=Path(job.output.predictions),
        protocol=job.params.protocol,
    )
