"""Validation and test errors of the large regression with one choice of hyperparameters."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from job import begin
from rhobar.data import Dataset, Split, load_prepared, written_beside
from rhobar.kernels import KernelStore
from rhobar.models import ExponentialMixing, StoredKernelRidge
from wigner_fit import NOISE, all_errors, learned

LOGGER = logging.getLogger(__name__)


def main(
    *,
    labels: dict[str, Any],
    dataset: Path,
    split: Path,
    folder: Path,
    points: Path,
    point: int,
    errors: Path,
    protocol: dict[str, Any],
) -> None:
    """
    Fit all training structures at one of ``points`` and write one row to ``errors`` (.parquet).

    Its columns are those of :mod:`wigner_fit`; ``cv_error`` is that of the validation structures,
    by the protocol's measure, infinite where the kernel is not positive definite for rounding, and
    ``deviation``, ``mae``, … are of the test structures.

    :param labels: columns that say which data, kernel and seed these are
    :param folder: store of the kernels of training, validation and test structures
    """
    parts, store = Split.load(split), KernelStore(folder)
    values = json.loads(points.read_text("utf-8"))[point]
    weights = ExponentialMixing(store.settings["kernel"]["nu_max"]).weights(np.array(values))
    row = {
        **labels,
        "target": protocol["target"],
        "measure": protocol["error"],
        "nu_max": len(weights) - 1,
        "n_train": len(parts.train),
        "cv_error": np.inf,
        **dict(zip(("log_c", "alpha", "log_c0"), values, strict=True)),
        **{f"weight{nu}": weight for nu, weight in enumerate(weights)},
    }
    train, validation, test = (
        load_prepared(dataset, indices=part) for part in (parts.train, parts.validation, parts.test)
    )
    try:
        row |= fitted(store, weights, train, validation, test, protocol)
    except np.linalg.LinAlgError as failure:  # no choice, and no reason to stop the others
        LOGGER.warning("%s", failure)
    with written_beside(errors) as temporary:
        pd.DataFrame([row]).to_parquet(temporary, index=False)


def fitted(
    store: KernelStore,
    weights: np.ndarray,
    train: Dataset,
    validation: Dataset,
    test: Dataset,
    protocol: dict[str, Any],
) -> dict[str, float | int]:
    """Test errors, the validation error and the residual of one fit."""
    targets, *of_validation = learned(train, validation, protocol["target"])
    _, *of_test = learned(train, test, protocol["target"])
    ridge = StoredKernelRidge(weights, NOISE[protocol["target"]], protocol["solver"])
    found = ridge.fit(store, targets[:, 0])
    systems = range(len(train), store.n_systems)
    predicted = np.split(found.predict(store, systems)[:, None], [len(validation)])
    on_validation, on_test = (
        all_errors(learnt + baseline, reference, baseline)
        for learnt, (reference, baseline) in zip(predicted, (of_validation, of_test), strict=True)
    )
    cv_error = on_validation[protocol["error"]]
    return {**on_test, "cv_error": cv_error, "residual": found.residual}


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        labels=job.params.labels,
        dataset=Path(job.input.dataset),
        split=Path(job.input.split),
        folder=Path(job.input.settings).parent,
        points=Path(job.input.points),
        point=int(job.wildcards.point),
        errors=Path(job.output.errors),
        protocol=job.params.protocol,
    )
