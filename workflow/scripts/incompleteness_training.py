"""Errors of networks with and without angles while they learn labels or energies of pairs."""

import math
from pathlib import Path
from typing import Any

import ase
import numpy as np
import pandas as pd

from job import begin
from rhobar.analysis import error_floor
from rhobar.counterexamples import ThreePlanes, presets
from rhobar.data import written_beside, xtb_energies
from rhobar.descriptors import SoapPowerSpectrum
from rhobar.math import Cutoff, Gaussian, Gto
from rhobar.models import DistanceGnn
from rhobar.training import Cosine, TrainingHypers, train_energies

SOAP = {
    "cutoff": Cutoff(5.0, width=0.5),
    "l_max": 3,
    "radial": Gto(4),
    "density": Gaussian(0.3),
}
VARIATION = 0.1  # of each coordinate of a water dimer
ROWS = 100  # at most, of one training


def main(target: str, errors: Path, protocol: dict[str, Any]) -> None:
    """
    Write one row per network and recorded epoch to ``errors`` (.parquet).

    Networks are of ``distances``, and with ``angles``: the same with SOAP of each atom to begin
    with. ``floor`` is the least error of one value for both members of each pair.

    :param target: ``labels``, -1 and +1 for the members of random pairs, or ``energies``, those of
        water dimers by GFN1-xTB
    """
    rng = np.random.default_rng(protocol["seed"])
    if target == "labels":
        frames = random_pairs(rng, protocol["n_pairs"])
        values = np.tile([-1.0, 1.0], protocol["n_pairs"])
    else:
        frames = water_dimers(rng, protocol["n_pairs"])
        values = xtb_energies(frames)
    types = sorted({int(number) for atoms in frames for number in atoms.numbers})
    soap = SoapPowerSpectrum(**SOAP, atomic_types=types)
    tables = []
    for model, descriptor in {"distances": None, "angles": soap}.items():
        network = DistanceGnn(types, descriptor=descriptor, seed=protocol["seed"])
        history = train_energies(network, frames, values, hypers(protocol))
        columns = {"target": target, "model": model, "epoch": history.column("epoch")}
        rmse = np.sqrt(history.column("loss"))
        floor = error_floor(values[1::2] - values[::2])
        tables.append(pd.DataFrame({**columns, "rmse": rmse, "floor": floor}))
    with written_beside(errors) as temporary:
        pd.concat(tables).to_parquet(temporary, index=False)


def random_pairs(rng: np.random.Generator, n_pairs: int) -> list[ase.Atoms]:
    """Both members of random pairs in three planes, one after the other."""
    return [atoms for _ in range(n_pairs) for atoms in ThreePlanes.sample(rng).pair()]


def water_dimers(rng: np.random.Generator, n_pairs: int) -> list[ase.Atoms]:
    """Both members of pairs like the preset, whose coordinates vary by a tenth."""
    preset = presets()["water_dimer"]
    places = np.array([preset.first, preset.second, preset.third])
    frames: list[ase.Atoms] = []
    for _ in range(n_pairs):
        varied = places * (1 + VARIATION * rng.uniform(-1, 1, places.shape))
        first, second, third = (tuple(row) for row in varied.tolist())
        frames += ThreePlanes(first, second, third, symbols=preset.symbols).pair()
    return frames


def hypers(protocol: dict[str, Any]) -> TrainingHypers:
    """All structures at once, with a learning rate that falls to zero."""
    return TrainingHypers(
        n_epochs=protocol["n_epochs"],
        learning_rate=protocol["learning_rate"],
        schedule=Cosine(),
        period=math.ceil(protocol["n_epochs"] / ROWS),
        seed=protocol["seed"],
    )


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(job.wildcards.target, Path(job.output.errors), job.params.protocol)
