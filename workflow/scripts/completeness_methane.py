"""Energies of random methane, learned from each representation."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import ase
import numpy as np
import pandas as pd
import torch

from job import begin
from methane_triplets import CarbonTriplets, learned
from rhobar.analysis import SmoothFit, center_features
from rhobar.counterexamples import MethaneManifold
from rhobar.data import load_prepared, shuffled_split, written_beside
from rhobar.descriptors import (
    Bispectrum,
    Gaussian,
    Gto,
    SoapPowerSpectrum,
    SoapRadialSpectrum,
)
from rhobar.models import DistanceGnn, Ridge
from rhobar.training import Cosine, TrainingHypers, train_energies

CUTOFF, SMEARING = 6.3, 0.3  # Å
N_CENTERS = 5
GAMMA = 0.1  # of kernels, over the mean square distance of features from their mean
LARGEST, N_SHOWN = 0.6, 31  # Å, separations on the manifold
ANGLES = {"l_max": 3, "radial": Gto(3)}  # of networks whose atoms know angles


def main(dataset: Path, errors: Path, curves: Path, protocol: dict[str, Any]) -> None:
    """
    Write one row per model, seed and training size to ``errors``, per model and separation of the
    methane sheets to ``curves`` (first seed, largest training set); energies in eV.

    Models ``linear`` and ``smooth`` read features of carbon, or those of carbon and the mean over
    the hydrogens; ``triplets`` is a network on those of carbon, ``distances`` and ``angles`` have
    all atoms as nodes. Every network makes the same number of steps, however few its structures.
    """
    data = load_prepared(dataset)
    frames, energies = data.frames, np.asarray(data.targets["energy"], dtype=np.float64)
    everything = _features([*frames, *_sheets()], protocol)
    tables = {name: rows[: len(frames)] for name, rows in everything.items()}
    shown = {name: rows[len(frames) :] for name, rows in everything.items()}
    triplets = CarbonTriplets.fit(frames, protocol["n_components"])
    of_triplets = triplets(frames), triplets(_sheets())
    rows, lines = [], []
    for seed in protocol["seeds"]:
        split = shuffled_split(len(frames), n_test=protocol["n_test"], seed=seed)
        for n_train in protocol["n_train"]:
            train, test = split.train[:n_train], split.test
            last = seed == protocol["seeds"][0] and n_train == max(protocol["n_train"])
            hypers = TrainingHypers(
                n_epochs=math.ceil(protocol["n_steps"] * protocol["batch_size"] / n_train),
                batch_size=protocol["batch_size"],
                learning_rate=5e-3,
                schedule=Cosine(),
            )
            fits = [*_fits(tables, shown, energies, train, test)]
            fits += _networks(frames, energies, train, test, hypers, protocol["hidden"])
            predict = learned(
                triplets, of_triplets[0][train], energies[train], protocol["width"], hypers
            )
            fits.append(("triplets", predict(of_triplets[0][test]), predict(of_triplets[1])))
            for model, predicted, on_sheets in fits:
                wrong = predicted - energies[test]
                row = {"model": model, "seed": seed, "n_train": n_train}
                rows.append(
                    {
                        **row,
                        "rmse": float(np.sqrt(np.square(wrong).mean())),
                        "mae": float(np.abs(wrong).mean()),
                        "deviation": float(energies[test].std()),
                    }
                )
                if last:
                    lines.append(pd.DataFrame({**row, "v": _places(), "energy": on_sheets}))
    for table, path in ((pd.DataFrame(rows), errors), (pd.concat(lines), curves)):
        with written_beside(path) as temporary:
            table.to_parquet(temporary, index=False)


def _fits(
    tables: dict[str, torch.Tensor],
    shown: dict[str, torch.Tensor],
    energies: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Linear and smooth functions of the features of each representation."""
    targets = torch.from_numpy(energies[train])
    for name, features in tables.items():
        smooth = SmoothFit(features[train], targets, gamma=GAMMA)
        parts = (features[test], shown[name])
        yield f"smooth_{name}", *(smooth.predict(part).numpy() for part in parts)
        mean, offset = features[train].mean(dim=0), targets.mean()
        weights = Ridge().fit(features[train] - mean, targets - offset).weights
        yield f"linear_{name}", *((offset + (part - mean) @ weights).numpy() for part in parts)


def _networks(
    frames: Sequence[ase.Atoms],
    energies: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    hypers: TrainingHypers,
    hidden: int,
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Networks of distances, and with atoms that start with their power spectra."""
    chosen, others = ([frames[k] for k in part] for part in (train, test))
    angles = SoapPowerSpectrum(CUTOFF, density=Gaussian(SMEARING), atomic_types=[1, 6], **ANGLES)
    for model, descriptor in (("distances", None), ("angles", angles)):
        network = DistanceGnn([1, 6], hidden=hidden, layers=3, descriptor=descriptor)
        train_energies(network, chosen, energies[train], hypers)
        predictions = [
            network.compute(part).block().values.detach().numpy().ravel()
            for part in (others, _sheets())
        ]
        yield model, *predictions


def _features(frames: Sequence[ase.Atoms], protocol: dict[str, Any]) -> dict[str, torch.Tensor]:
    """Of each representation, ``(structure, feature)``."""
    of_centers = {
        (kind, center): center_features(descriptor, frames, center=center)
        for kind, descriptor in _descriptors(protocol).items()
        for center in range(N_CENTERS if kind in OF_ALL_ATOMS else 1)
    }
    found = {}
    for name, (kinds, centers) in REPRESENTATIONS.items():
        parts = [of_centers[kind, 0] for kind in kinds]
        if centers == "all":
            parts += [
                torch.stack([of_centers[kind, atom] for atom in range(1, N_CENTERS)]).mean(dim=0)
                for kind in kinds
            ]
        found[name] = torch.cat([part[:, part.abs().amax(dim=0) > 0] for part in parts], dim=1)
    return found


def _descriptors(protocol: dict[str, Any]) -> dict[str, torch.nn.Module]:
    """By order of correlation, of the density of neighbors alone."""
    shared: dict[str, Any] = {
        "density": Gaussian(SMEARING, center_weight=0.0),
        "atomic_types": [1, 6],
    }
    larger = {"radial": Gto(protocol["n_radial"]), "l_max": protocol["l_max"], **shared}
    return {
        "nu1": SoapRadialSpectrum(CUTOFF, radial=Gto(protocol["n_radial"]), **shared),
        "nu2": SoapPowerSpectrum(CUTOFF, **larger),
        "nu3": Bispectrum(CUTOFF, radial=Gto(3), l_max=3, **shared),
    }


REPRESENTATIONS: dict[str, tuple[list[str], str]] = {
    "nu1": (["nu1"], "carbon"),
    "nu2": (["nu1", "nu2"], "carbon"),
    "nu3": (["nu1", "nu2", "nu3"], "carbon"),
    "nu2_all": (["nu1", "nu2"], "all"),
}
"""which correlations a model reads, and of which centers: of carbon, or of hydrogen as well"""
OF_ALL_ATOMS = ("nu1", "nu2")


def _places() -> np.ndarray:
    """y of the hydrogen that separates the sheets, Å."""
    return np.linspace(-LARGEST, LARGEST, N_SHOWN)


def _sheets() -> list[ase.Atoms]:
    """Along both sheets of the manifold, through their crossing, with plausible bonds."""
    return [
        MethaneManifold(v=abs(y), plausible=True).structure(1 if y >= 0 else -1)
        for y in _places().tolist()
    ]


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        Path(job.input.dataset),
        Path(job.output.errors),
        Path(job.output.curves),
        job.params.protocol,
    )
