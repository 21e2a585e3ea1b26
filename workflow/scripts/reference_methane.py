"""Random methane, labelled: the embedded set, made from nothing or grown."""

from pathlib import Path

from job import begin
from rhobar.data import MethaneChunks, grow_reference_set, load_reference_set, save_reference_set


def main(
    npz: Path,
    provenance: Path,
    maker: MethaneChunks,
    *,
    chunks: Path,
    embedded: Path,
    n_structures: int,
    processes: int,
) -> None:
    """
    Write at least ``n_structures`` frames to ``npz`` and how they were made to ``provenance``.

    :param chunks: folder of finished chunks, kept between runs
    :param embedded: folder of the published sets: what they hold is not computed again
    """
    start = load_reference_set(embedded, maker.settings)
    grown = grow_reference_set(
        maker, start, chunks=chunks, n_structures=n_structures, processes=processes
    )
    save_reference_set(grown, maker, npz=npz, provenance=provenance)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        Path(job.output.npz),
        Path(job.output.provenance),
        MethaneChunks(seed=job.params.seed, tries=job.params.tries),
        chunks=Path(job.params.chunks),
        embedded=Path(job.params.embedded),
        n_structures=job.params.n_structures,
        processes=job.threads,
    )
