"""Forces of smooth models on the hydrogen that separates the two sheets of methane."""

from pathlib import Path

import ase
import numpy as np
import pandas as pd
import torch

from completeness_sheets import descriptors
from job import begin
from rhobar.analysis import SmoothFit, center_features, triple_product_energy
from rhobar.counterexamples import MethaneManifold
from rhobar.data import written_beside

LARGEST = 0.5  # Å, separation that is shown
N_SHOWN = 41
STEP = 1e-3  # Å, of the differences that give forces
NOISE = 0.05  # Å, of all hydrogens in training structures


def main(forces: Path, n_train: int, seed: int) -> None:
    """
    Write one row per model and y of C (.parquet): energy and force of the four-body energy.

    Models are smooth functions of the carbon's features, trained on energies of random structures
    around both sheets; ``exact`` is the energy itself. Energies have no unit, lengths are in Å.
    """
    rng = np.random.default_rng(seed)
    train = [_drawn(rng) for _ in range(n_train)]
    places = np.linspace(-LARGEST, LARGEST, N_SHOWN)
    moved = [_structure(y + step) for y in places for step in (-STEP, STEP)]
    targets = torch.tensor([_energy(atoms) for atoms in train], dtype=torch.float64)
    exact = torch.tensor([_energy(atoms) for atoms in moved], dtype=torch.float64)
    tables = [_table("exact", places, exact)]
    for model, descriptor in descriptors().items():
        fit = SmoothFit(center_features(descriptor, train), targets)
        tables.append(_table(model, places, fit.predict(center_features(descriptor, moved))))
    with written_beside(forces) as temporary:
        pd.concat(tables, ignore_index=True).to_parquet(temporary, index=False)


def _table(model: str, places: np.ndarray, energies: torch.Tensor) -> pd.DataFrame:
    before, after = energies.numpy().reshape(-1, 2).T
    return pd.DataFrame(
        {
            "model": model,
            "y": places,
            "energy": 0.5 * (before + after),
            "force": -(after - before) / (2.0 * STEP),
        }
    )


def _structure(y: float, u: float = MethaneManifold.u) -> ase.Atoms:
    """On one sheet or the other, by the sign of the y of C."""
    return MethaneManifold(u=u, v=abs(y)).structure(1 if y >= 0 else -1)


def _drawn(rng: np.random.Generator) -> ase.Atoms:
    atoms = _structure(float(rng.uniform(-0.6, 0.6)), float(rng.uniform(0.4, 0.8)))
    atoms.positions[1:] += NOISE * rng.standard_normal((4, 3))
    return atoms


def _energy(atoms: ase.Atoms) -> float:
    return float(triple_product_energy(torch.from_numpy(atoms.positions[1:] - atoms.positions[0])))


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(Path(job.output.forces), job.params.n_train, job.params.seed)
