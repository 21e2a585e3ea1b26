"""One chunk of the kernels of the large regression."""

from pathlib import Path
from typing import Any

from job import begin
from wigner_large_store import computing_store


def main(
    dataset: Path,
    split: Path,
    folder: Path,
    chunk: tuple[int, int],
    protocol: dict[str, Any],
    hypers: dict[str, Any],
) -> None:
    """Compute ``chunk`` (i, j), i ≤ j, of the store that :mod:`wigner_large_store` began."""
    computing_store(dataset, split, folder, protocol, hypers).compute(*chunk)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        Path(job.input.dataset),
        Path(job.input.split),
        Path(job.input.settings).parent,
        (int(job.wildcards.i), int(job.wildcards.j)),
        job.params.protocol,
        job.params.hypers,
    )
