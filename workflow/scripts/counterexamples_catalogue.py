"""The catalogue of degenerate structures as a file."""

from pathlib import Path
from typing import Any

from job import begin
from rhobar.counterexamples import write_catalogue


def main(catalogue: Path, protocol: dict[str, Any]) -> None:
    """Write every family, draws of it, and every preset (extended XYZ, Å)."""
    write_catalogue(catalogue, n_pairs=protocol["n_pairs"], seed=protocol["seed"])


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(Path(job.output.catalogue), job.params.protocol)
