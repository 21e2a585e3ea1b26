"""NICE features of structures: fitted to training environments, summed over the atoms."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import ase
import numpy as np
import pandas as pd
import torch
from metatensor.torch import Labels

from job import begin
from rhobar.data import Split, load_prepared, written_beside
from rhobar.descriptors import DensityScale, Expansion, Nice, NiceBlock, by_order
from rhobar.math import Cutoff, Gaussian, Gto, Willatt
from rhobar.models import sum_over_atoms

_FRAMES_PER_CHUNK = 1000
_NU_MAX = 4


def main(
    dataset: Path,
    splits: Sequence[Path],
    features: Path,
    variances: Path,
    protocol: dict[str, Any],
) -> None:
    """
    Fit NICE to training structures of the first split, describe all structures in ``splits``.

    ``features`` (.npz) holds ``structures`` ``(row,)``, their indices in ``dataset``, increasing,
    and ``nu1``, ``nu2``, … ``(row, column)``: invariants of each order summed over the atoms of
    each type. ``variances`` (.parquet) has one row per principal component.
    """
    loaded = [Split.load(path) for path in splits]
    structures = np.unique(np.concatenate([[*split.train, *split.test] for split in loaded]))
    frames = load_prepared(dataset, indices=structures).frames
    fitted_to = np.searchsorted(structures, loaded[0].train[: protocol["nice"]["n_fit"]])
    nice = fitted(protocol["nice"], [frames[row] for row in fitted_to])
    parts = [structure_features(nice, chunk) for chunk in _chunks(frames)]
    orders = {f"nu{nu}": torch.cat([part[nu] for part in parts]).numpy() for nu in parts[0]}
    with written_beside(features) as temporary, temporary.open("wb") as stream:
        np.savez(stream, allow_pickle=False, structures=structures, **orders)
    with written_beside(variances) as temporary:
        pd.DataFrame(component_variances(nice)).to_parquet(temporary, index=False)


def fitted(hypers: dict[str, Any], frames: Sequence[ase.Atoms]) -> Nice:
    """NICE with the hyperparameters of the configuration, fitted to ``frames``."""
    scaling = hypers["scaling"] and Willatt(**hypers["scaling"])
    nice = Nice(
        cutoff=Cutoff(hypers["cutoff"], width=hypers["cutoff_width"]),
        l_max=hypers["l_max"],
        radial=Gto(hypers["n_radial"]),
        density=Gaussian(hypers["smearing"], scaling=scaling),
        nu_max=_NU_MAX,
        blocks=blocks(Expansion(**hypers["covariant"]), Expansion(**hypers["invariant"])),
        scale=DensityScale() if hypers["signal_integral"] else None,
    )
    types = {int(number) for frame in frames for number in frame.numbers}
    centers = [
        [system, atom]
        for system, frame in enumerate(frames)
        for atom, number in enumerate(frame.numbers)
        if number in (hypers["center_types"] or types)
    ]
    samples = Labels(["system", "atom"], torch.tensor(centers))
    return nice.fit(list(frames), selected_samples=samples)


def blocks(covariant: Expansion, invariant: Expansion) -> list[NiceBlock]:
    """Equal iterations, the last one for invariants only."""
    inner, last = NiceBlock(covariant, invariant), NiceBlock(None, invariant)
    return [*[inner] * (_NU_MAX - 2), last]


def structure_features(nice: Nice, frames: Sequence[ase.Atoms]) -> dict[int, torch.Tensor]:
    """Invariants by order ν, ``(structure, column)``: the center types one after another."""
    orders = by_order(nice.compute(list(frames)))
    return {nu: sum_over_atoms(blocks, n_systems=len(frames)) for nu, blocks in orders.items()}


def component_variances(nice: Nice) -> list[dict[str, Any]]:
    """Rows with center type, order, λ, σ, number of the component and its mean square."""
    return [
        {
            "center_type": center_type,
            "nu": nu,
            "o3_lambda": o3_lambda,
            "o3_sigma": o3_sigma,
            "component": component,
            "variance": variance,
        }
        for (center_type, nu, o3_lambda, o3_sigma), values in nice.variances().items()
        for component, variance in enumerate(values.tolist(), start=1)
    ]


def _chunks(frames: Sequence[ase.Atoms]) -> Iterator[Sequence[ase.Atoms]]:
    """A bounded number of structures at a time."""
    for start in range(0, len(frames), _FRAMES_PER_CHUNK):
        yield frames[start : start + _FRAMES_PER_CHUNK]


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        Path(job.input.dataset),
        [Path(path) for path in job.input.splits],
        Path(job.output.features),
        Path(job.output.variances),
        job.params.protocol,
    )
