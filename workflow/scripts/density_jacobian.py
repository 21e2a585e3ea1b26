"""Singular values of Jacobians: random methane, and a manifold of degenerate pairs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ase
import numpy as np
import pandas as pd
import torch

from job import begin
from rhobar.analysis import along_manifold, environment_jacobians, spectrum_of
from rhobar.data import sample_methane, written_beside
from rhobar.descriptors import Bispectrum, SoapPowerSpectrum, SoapRadialSpectrum
from rhobar.math import Gaussian, Gto

CUTOFF, L_MAX, N_RADIAL, WIDTH = 4.0, 4, 4, 0.3  # Å, 1, 1, Å
SEPARATIONS = np.geomspace(1e-3, 0.6, 25)  # Å, from the singularity at zero


def main(spectra: Path, manifold: Path, protocol: dict[str, Any]) -> None:
    """
    Write one row per singular value to ``spectra``, per separation to ``manifold`` (.parquet).

    Features are those of carbon by order ν, from the density of the hydrogens alone. Singular
    values are over the length of the feature vector, in 1/Å.
    """
    random = np.random.default_rng(protocol["seed"])
    positions = sample_methane(random, protocol["n_structures"])
    frames = [ase.Atoms("CH4", one) for one in positions]
    of_order = descriptors()
    singular = [
        row for nu, descriptor in of_order.items() for row in _spectra(nu, descriptor, frames)
    ]
    sheets = [
        row for nu in (2, 3) for row in _sheets(nu, of_order[nu])
    ]  # at ν = 1 most directions are blind everywhere
    for rows, path in ((singular, spectra), (sheets, manifold)):
        with written_beside(path) as temporary:
            pd.DataFrame(rows).to_parquet(temporary, index=False)


def descriptors() -> dict[int, torch.nn.Module]:
    """By order ν: radial spectrum, power spectrum, bispectrum."""
    density = Gaussian(WIDTH, center_weight=0.0)
    shared: dict[str, Any] = {"radial": Gto(N_RADIAL), "density": density, "atomic_types": [1, 6]}
    return {
        1: SoapRadialSpectrum(CUTOFF, **shared),
        2: SoapPowerSpectrum(CUTOFF, l_max=L_MAX, **shared),
        3: Bispectrum(CUTOFF, l_max=L_MAX, **shared),
    }


def _spectra(
    nu: int, descriptor: torch.nn.Module, frames: Sequence[ase.Atoms]
) -> list[dict[str, Any]]:
    spectra = map(spectrum_of, environment_jacobians(descriptor, frames))
    return [
        {"nu": nu, "structure": structure, "number": number, "singular_value": value}
        for structure, spectrum in enumerate(spectra)
        for number, value in enumerate(spectrum.relative.tolist(), start=1)
    ]


def _sheets(nu: int, descriptor: torch.nn.Module) -> list[dict[str, Any]]:
    return [
        {
            "nu": nu,
            "v": point.v,
            "smallest": point.spectrum.sensitivity / float(point.spectrum.singular_values[0]),
            "response": point.response,
            "difference": point.difference,
        }
        for point in along_manifold(descriptor, SEPARATIONS.tolist())
    ]


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(Path(job.output.spectra), Path(job.output.manifold), job.params.protocol)
