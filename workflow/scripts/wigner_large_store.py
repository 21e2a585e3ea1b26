"""The store of kernels of all structures of the large regression, empty."""

from pathlib import Path
from typing import Any

import numpy as np

from job import begin
from rhobar.data import Split, load_prepared
from rhobar.kernels import KernelStore
from wigner_kernel import wigner_kernel


def main(
    dataset: Path, split: Path, folder: Path, protocol: dict[str, Any], hypers: dict[str, Any]
) -> None:
    """
    Write to ``folder`` what its chunks will be computed from.

    :param protocol: with the size of a ``chunk``
    :param hypers: of the kernel
    """
    computing_store(dataset, split, folder, protocol, hypers)


def computing_store(
    dataset: Path, split: Path, folder: Path, protocol: dict[str, Any], hypers: dict[str, Any]
) -> KernelStore:
    """The store of training, validation and test structures, in this order."""
    parts = Split.load(split)
    order = np.concatenate([parts.train, parts.validation, parts.test])
    frames = load_prepared(dataset, indices=order).frames
    kernel = wigner_kernel(hypers, protocol)
    return KernelStore.of(folder, kernel, frames, chunk=protocol["chunk"])


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        Path(job.input.dataset),
        Path(job.input.split),
        Path(job.output.settings).parent,
        job.params.protocol,
        job.params.hypers,
    )
