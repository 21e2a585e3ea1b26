"""Energies of pairs of B8 clusters, learned from one kind of features by the paper's models."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from b8_training import N_NEIGHBORS, best_device, hypers_of, trained
from job import begin
from rhobar.data import Split, load_prepared, written_beside
from rhobar.models import SingleEnergy, TripletEnergy
from rhobar.training import History, PairLoss


@dataclass(frozen=True)
class Model:
    """What a model reads, and what it makes of it."""

    features: str
    linear: bool
    weighted: bool = False  # whether differences within pairs count by themselves

    @property
    def per_triplet(self) -> bool:
        """Whether a network runs over every triplet, which is what takes time."""
        return self.features == "triplets" and not self.linear


# named as in the paper; what is read: encodings of triplets, triplets, correlations
MODELS = {
    "A_L": Model("linear", linear=False),
    "A_L_linear": Model("linear", linear=True),
    "A_NL": Model("nonlinear", linear=False),
    "B_L": Model("triplets", linear=True),
    "B_NL": Model("triplets", linear=False),
    "B_NL_delta": Model("triplets", linear=False, weighted=True),
    "C_L": Model("order7", linear=True),
    "C_NL": Model("order7", linear=False),
    "D_L": Model("order3", linear=True),
    "D_NL": Model("order3", linear=False),
}


def main(
    letter: str,
    *,
    dataset: Path,
    features: Path,
    split: Path,
    predictions: Path,
    metrics: Path,
    checkpoints: Path,
    protocol: dict[str, Any],
) -> None:
    """
    Train the models whose names begin with ``letter``; let them predict every energy.

    ``predictions`` (.parquet) has one row per model and structure: ``model``, ``part`` of the
    split, ``structure``, ``reference`` and ``predicted`` (eV); ``metrics`` (.parquet) one per
    model and recorded epoch.

    :param features: of :mod:`completeness_b8_features`, or of :mod:`completeness_b8_encoding` for
        A, which reads encodings
    :param checkpoints: folder from which a killed training goes on
    """
    parts = Split.load(split)
    tables, histories = [], []
    for name, model in MODELS.items():
        if name.startswith(letter):
            rows = _features(features, model).to(best_device())
            energies = load_prepared(dataset).targets["energy"][: len(rows)]
            hypers = protocol["triplet_energies" if model.per_triplet else "energies"]
            predicted, history = _learned(model, rows, energies, parts, hypers, checkpoints / name)
            columns = {"part": _names(parts, len(rows)), "structure": np.arange(len(rows))}
            columns |= {"reference": energies, "predicted": predicted}
            tables.append(pd.DataFrame({"model": name, **columns}))
            histories.append(pd.DataFrame(history.rows).assign(model=name))
    _write(pd.concat(tables, ignore_index=True), predictions)
    _write(pd.concat(histories, ignore_index=True), metrics)
    shutil.rmtree(checkpoints)


def _learned(
    model: Model,
    rows: torch.Tensor,
    energies: NDArray[np.float64],
    parts: Split,
    hypers: dict[str, Any],
    folder: Path,
) -> tuple[NDArray[np.float64], History]:
    """Energies (eV) by a network trained on standardised ones, and how it was trained."""
    mean, deviation = energies[parts.train].mean(), energies[parts.train].std()
    targets = torch.from_numpy((energies - mean) / deviation).float().to(best_device())
    torch.manual_seed(hypers["seed"])
    network = _network(model, rows.shape[-1], hypers["width"]).to(best_device())
    weight = hypers["difference_weight"] if model.weighted else 0.0
    loss, held_out = (
        PairLoss(rows[part], targets[part], difference_weight=weight)
        for part in (parts.train, parts.validation)
    )
    history = trained(network, loss, held_out, hypers_of(hypers), folder)
    with torch.no_grad():
        predicted = torch.cat([network(chunk) for chunk in rows.split(100)]).double().cpu()
    return mean + deviation * predicted.numpy(), history


def _features(path: Path, model: Model) -> torch.Tensor:
    """What ``model`` reads, single precision."""
    with np.load(path, allow_pickle=False) as arrays:
        return torch.from_numpy(arrays[model.features]).float()


def _network(model: Model, n_features: int, width: int) -> torch.nn.Module:
    if model.features == "triplets":
        return TripletEnergy(n_features, linear=model.linear, n_neighbors=N_NEIGHBORS, width=width)
    return SingleEnergy(n_features, linear=model.linear, width=width)


def _write(table: pd.DataFrame, path: Path) -> None:
    with written_beside(path) as temporary:
        table.to_parquet(temporary, index=False)


def _names(parts: Split, n_structures: int) -> NDArray[np.object_]:
    """Part of the split of each structure."""
    names = np.full(n_structures, "", dtype=object)
    for part in ("train", "validation", "test"):
        names[getattr(parts, part)] = part
    return names


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        job.wildcards.letter,
        dataset=Path(job.input.dataset),
        features=Path(job.input.features),
        split=Path(job.input.split),
        predictions=Path(job.output.predictions),
        metrics=Path(job.output.metrics),
        checkpoints=Path(job.params.checkpoints),
        protocol=job.params.protocol,
    )
