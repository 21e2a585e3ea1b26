"""Triplets of B8 clusters, encoded so that correlations of seven neighbors can be told."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from b8_training import N_NEIGHBORS, best_device, hypers_of, trained
from job import begin
from rhobar.analysis import pair_errors
from rhobar.data import Split, written_beside
from rhobar.models import PrincipalComponents, TripletEncoderDecoder
from rhobar.training import History, PairLoss

ENCODERS = {"linear": "Arho_L", "nonlinear": "Arho_NL"}  # encoder -> model, named as in the paper


def main(
    *,
    features: Path,
    distorted: Path,
    split: Path,
    encodings: Path,
    errors: Path,
    metrics: Path,
    checkpoints: Path,
    protocol: dict[str, Any],
) -> None:
    """
    Train model A^rho with either encoder, and write the encodings of every structure.

    ``encodings`` (.npz) holds ``linear``, ``nonlinear`` ``(structure, component)`` and, of the
    distorted structures, ``distorted_linear``, ``distorted_nonlinear``: principal components of
    what the encoders give. ``errors`` (.parquet) has a row per model and part of the split, errors
    of the ν ≤ 7 features; ``metrics`` (.parquet) one per model and recorded epoch.

    :param checkpoints: folder from which a killed training goes on
    """
    parts = Split.load(split)
    with np.load(features, allow_pickle=False) as arrays:
        triplets = torch.from_numpy(arrays["triplets"])
        targets = torch.from_numpy(arrays["order7"]).float()
    with np.load(distorted, allow_pickle=False) as arrays:
        others = torch.from_numpy(arrays["triplets"])
    encoded: dict[str, NDArray[np.float64]] = {}
    rows: list[dict[str, Any]] = []
    histories = []
    for encoder, name in ENCODERS.items():
        model, history = _learned(encoder, triplets, targets, parts, protocol, checkpoints / name)
        predicted, codes = _applied(model, triplets)
        components = PrincipalComponents.fit([codes[parts.train]], codes.shape[1])
        encoded[encoder] = components([codes])
        encoded[f"distorted_{encoder}"] = components([_applied(model, others)[1]])
        rows += _errors(name, parts, predicted, targets.double().numpy())
        histories.append(pd.DataFrame(history.rows).assign(model=name))
    with written_beside(encodings) as temporary, temporary.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **encoded)
    _write(pd.DataFrame(rows), errors)
    _write(pd.concat(histories, ignore_index=True), metrics)
    shutil.rmtree(checkpoints)


def _learned(
    encoder: str,
    triplets: torch.Tensor,
    targets: torch.Tensor,
    parts: Split,
    protocol: dict[str, Any],
    folder: Path,
) -> tuple[TripletEncoderDecoder, History]:
    """The network that tells ``targets`` from ``triplets``, and how it was trained."""
    torch.manual_seed(protocol["seed"])
    model = TripletEncoderDecoder(
        triplets.shape[2],
        targets.shape[1],
        linear=encoder == "linear",
        n_neighbors=N_NEIGHBORS,
        width=protocol["width"],
    ).to(best_device())
    loss, held_out = (
        PairLoss(
            triplets[part].to(best_device()),
            targets[part].to(best_device()),
            difference_weight=protocol["difference_weight"],
        )
        for part in (parts.train, parts.validation)
    )
    return model, trained(model, loss, held_out, hypers_of(protocol), folder)


@torch.no_grad()
def _applied(
    model: TripletEncoderDecoder, triplets: torch.Tensor
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Reconstructed features and encodings, in double precision."""
    predicted, codes = [], []
    for chunk in triplets.split(100):
        code = model.encode(chunk.to(best_device()))
        codes.append(code.double().cpu())
        predicted.append(model.decoder(code).double().cpu())
    return torch.cat(predicted).numpy(), torch.cat(codes).numpy()


def _errors(
    model: str, parts: Split, predicted: NDArray[np.float64], targets: NDArray[np.float64]
) -> list[dict[str, Any]]:
    """Relative errors of all features, one row per part of the split."""
    rows = []
    for part in ("train", "validation", "test"):
        chosen = getattr(parts, part)
        found = pair_errors(predicted[chosen], targets[chosen])
        relative = {"mean_relative": found.mean_relative, "delta_relative": found.delta_relative}
        rows.append({"model": model, "part": part, "n_pairs": found.n_pairs, **relative})
    return rows


def _write(table: pd.DataFrame, path: Path) -> None:
    with written_beside(path) as temporary:
        table.to_parquet(temporary, index=False)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        features=Path(job.input.features),
        distorted=Path(job.input.distorted),
        split=Path(job.input.split),
        encodings=Path(job.output.encodings),
        errors=Path(job.output.errors),
        metrics=Path(job.output.metrics),
        checkpoints=Path(job.params.checkpoints),
        protocol=job.params.protocol,
    )
