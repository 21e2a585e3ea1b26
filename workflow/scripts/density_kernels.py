"""Similarities of structures: linear in SOAP, and with the square of SOAP products per atom."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ase
import numpy as np
import torch

from job import begin
from rhobar.data import Split, load_prepared, written_beside
from rhobar.descriptors import SoapPowerSpectrum
from rhobar.math import Cutoff, Gaussian, Gto, Willatt
from rhobar.models import KernelModel, LinearModel, SparseKernelModel


def main(dataset: Path, splits: Sequence[Path], kernels: Path, protocol: dict[str, Any]) -> None:
    """
    Write the kernels of all structures in ``splits`` to ``kernels`` (.npz).

    ``structures`` ``(row,)``: their indices in ``dataset``, increasing; ``linear`` ``(row, row)``:
    scalar products of SOAP vectors summed over the atoms of each type; ``kernel`` ``(row, row)``:
    squared products of the unit SOAP vectors of two atoms, summed over pairs of equal type, or
    their approximation from ``active`` atoms of each type.
    """
    loaded = [Split.load(path) for path in splits]
    structures = np.unique(np.concatenate([[*split.train, *split.test] for split in loaded]))
    frames = load_prepared(dataset, indices=structures).frames
    soap = descriptor(protocol["soap"], frames)
    linear = LinearModel(soap, normalize=protocol["normalize"]).features(frames)
    if protocol["active"] is None:
        kernel = KernelModel(soap, exponent=2).matrix(frames)
    else:
        sparse = SparseKernelModel(soap, n_active=protocol["active"], exponent=2)
        chosen_from = np.searchsorted(structures, loaded[0].train)
        sparse.choose_active([frames[row] for row in chosen_from])
        columns = sparse.features(frames)
        kernel = columns @ columns.T
    with written_beside(kernels) as temporary, temporary.open("wb") as stream:
        np.savez(
            stream,
            allow_pickle=False,
            structures=structures,
            linear=(linear @ linear.T).numpy(),
            kernel=kernel.numpy(),
        )


def descriptor(hypers: dict[str, Any], frames: Sequence[ase.Atoms]) -> torch.nn.Module:
    """SOAP with the hyperparameters of the configuration, for the types in ``frames``."""
    scaling = hypers["scaling"] and Willatt(**hypers["scaling"])
    return SoapPowerSpectrum(
        cutoff=Cutoff(hypers["cutoff"], width=hypers["cutoff_width"]),
        l_max=hypers["l_max"],
        radial=Gto(hypers["n_radial"]),
        density=Gaussian(hypers["smearing"], scaling=scaling),
        atomic_types=sorted({int(number) for frame in frames for number in frame.numbers}),
    )


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        Path(job.input.dataset),
        [Path(path) for path in job.input.splits],
        Path(job.output.kernels),
        job.params.protocol,
    )
