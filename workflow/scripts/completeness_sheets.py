"""Sensitivity along the methane manifold, by order of correlation and for pooled triplets."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from job import begin
from rhobar.analysis import along_manifold
from rhobar.data import written_beside
from rhobar.descriptors import Bispectrum, Gaussian, Gto, SoapPowerSpectrum, Triplets
from rhobar.models import TripletPool

CUTOFF, L_MAX, SMEARING = 4.0, 3, 0.3  # Å, 1, Å
N_TRIPLET_FEATURES = 48
LISTED = (0.0, 0.01, 0.1, 0.3)  # Å, separations with reference values


def main(spectra: Path, n_separations: int) -> None:
    """
    Write one row per model, separation of the sheets and singular value (.parquet).

    Features are those of the carbon; singular values are over the largest one. The first
    separation is zero, where the sheets cross.
    """
    between = np.geomspace(5e-3, 0.6, n_separations - len(LISTED)).tolist()
    separations = sorted([*LISTED, *between])
    rows = []
    for model, descriptor in descriptors().items():
        # triplets have too many products for derivatives by autograd
        step = 1e-4 if model == "triplets" else None
        for point in along_manifold(descriptor, separations, step=step):
            values = point.spectrum.singular_values / point.spectrum.singular_values[0]
            rows += [
                {
                    "model": model,
                    "v": point.v,
                    "number": number,
                    "ratio": ratio,
                    "difference": point.difference,
                }
                for number, ratio in enumerate(values.tolist(), start=1)
            ]
    with written_beside(spectra) as temporary:
        pd.DataFrame(rows).to_parquet(temporary, index=False)


def descriptors() -> dict[str, torch.nn.Module]:
    """By model: two neighbors, three neighbors, nonlinear functions of triplets."""
    shared: dict[str, Any] = {
        "density": Gaussian(SMEARING, center_weight=0.0),
        "atomic_types": [1, 6],
        "l_max": L_MAX,
    }
    pool = TripletPool(Triplets(CUTOFF, radial=Gto(2), **shared), widths=(N_TRIPLET_FEATURES,))
    with torch.no_grad():  # so that features change smoothly over the manifold
        pool.perceptron[0].weight.mul_(0.1)
    return {
        "nu2": SoapPowerSpectrum(CUTOFF, radial=Gto(4), **shared),
        "nu3": Bispectrum(CUTOFF, radial=Gto(3), **shared),
        "triplets": pool,
    }


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(Path(job.output.spectra), job.params.n_separations)
