"""Two sheets of methane structures in the space of their features, projected."""

from pathlib import Path

import ase
import numpy as np
import pandas as pd

from completeness_sheets import descriptors
from job import begin
from rhobar.analysis import center_features
from rhobar.counterexamples import MethaneManifold
from rhobar.data import written_beside

ANGLES = np.linspace(0.45, 0.75, 9)  # Å, u of the manifold
LIFTS = np.linspace(-0.15, 0.15, 9)  # Å, of A out of its plane; 0: a degenerate pair
SEPARATION = 0.4  # Å


def main(projections: Path) -> None:
    """
    Write one row per order ν and structure (.parquet): its first three principal components.

    Components are of both sheets together, over the root mean square distance from their mean.
    ``difference`` is the distance to the structure with the same u and lift on the other sheet,
    over the same length.
    """
    rows = [
        {"sheet": sign, "u": u, "lift": lift}
        for sign in (-1, 1)
        for u in ANGLES.tolist()
        for lift in LIFTS.tolist()
    ]
    frames = [lifted(row["sheet"], row["u"], row["lift"]) for row in rows]
    tables = []
    for model, descriptor in descriptors().items():
        if model != "triplets":
            features = center_features(descriptor, frames).numpy()
            centered = features - features.mean(axis=0)
            centered /= np.sqrt(np.square(centered).sum(axis=1).mean())
            left, values, _ = np.linalg.svd(centered, full_matrices=False)
            left *= np.sign(left[np.abs(left).argmax(axis=0), np.arange(left.shape[1])])
            lower, upper = np.split(centered, 2)
            apart = np.linalg.norm(upper - lower, axis=1)
            table = pd.DataFrame(rows).assign(model=model, difference=np.tile(apart, 2))
            for number in range(3):
                table[f"component_{number + 1}"] = left[:, number] * values[number]
            tables.append(table)
    with written_beside(projections) as temporary:
        pd.concat(tables, ignore_index=True).to_parquet(temporary, index=False)


def lifted(sign: int, u: float, lift: float) -> ase.Atoms:
    """A member of a pair of the manifold, with A moved along y, which lifts the degeneracy."""
    atoms = MethaneManifold(u=u, v=SEPARATION).structure(sign)
    atoms.positions[1, 1] += lift
    return atoms


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(Path(job.output.projections))
