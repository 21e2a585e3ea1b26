"""Wigner kernels of the training structures of one split, and of its test structures with them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ase
import numpy as np

from job import begin
from rhobar.data import Split, load_prepared, written_beside
from rhobar.kernels import WignerDensity, WignerKernel

SCALAR, VECTOR = (0, 1), (1, 1)  # o3_lambda, o3_sigma


def main(
    dataset: Path, split: Path, kernels: Path, protocol: dict[str, Any], hypers: dict[str, Any]
) -> None:
    """
    Write kernels of structures to ``kernels`` (.npz): ``train`` and ``test`` ``(nu, row, training
    row)``, ν = 0 … nu_max; a vector has three rows.

    :param hypers: of the kernel, one of those in ``protocol``
    """
    loaded = Split.load(split)
    train, test = (
        load_prepared(dataset, indices=part).frames for part in (loaded.train, loaded.test)
    )
    kernel = wigner_kernel(hypers, protocol)
    arrays = {
        "train": kernel_rows(kernel, protocol, train),
        "test": kernel_rows(kernel, protocol, test, train),
    }
    with written_beside(kernels) as temporary, temporary.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)


def wigner_kernel(hypers: dict[str, Any], protocol: dict[str, Any]) -> WignerKernel:
    """The kernel with the hyperparameters of the configuration."""
    return WignerKernel(
        WignerDensity(**protocol["density"]),
        nu_max=max(hypers["nu"]),
        engine=hypers["engine"],
        lambda_max=hypers["lambda_max"],
        center_types=hypers["center_types"],
    )


def kernel_rows(
    kernel: WignerKernel,
    protocol: dict[str, Any],
    frames: Sequence[ase.Atoms],
    other: Sequence[ase.Atoms] | None = None,
) -> np.ndarray:
    """Kernels ``(nu, row, row of other)`` for the protocol's target; a vector has three rows."""
    target, size = (VECTOR, 3) if protocol["target"] == "dipole" else (SCALAR, 1)
    matrix = kernel.matrices(frames, other, target=target).numpy()
    columns = size * len(frames if other is None else other)
    rows = matrix.reshape(size * len(frames), columns, kernel.nu_max + 1)
    return np.ascontiguousarray(np.moveaxis(rows, -1, 0))


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        Path(job.input.dataset),
        Path(job.input.split),
        Path(job.output.kernels),
        job.params.protocol,
        job.params.hypers,
    )
