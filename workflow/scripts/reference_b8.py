"""Degenerate pairs of B8 clusters, labelled: the embedded set, made from nothing or grown."""

from pathlib import Path

from job import begin
from rhobar.counterexamples import sample_boron8
from rhobar.data import Boron8Chunks, grow_reference_set, load_reference_set, save_reference_set


def main(
    npz: Path,
    provenance: Path,
    *,
    seed: int,
    tries: int,
    chunks: Path,
    embedded: Path,
    n_pairs: int,
    processes: int,
) -> None:
    """
    Write at least ``n_pairs`` pairs to ``npz`` and how they were made to ``provenance``.

    :param seed: of the whole set
    :param tries: pairs per chunk
    :param chunks: folder of finished chunks, kept between runs
    :param embedded: folder of the published sets: what they hold is not computed again
    """
    maker = Boron8Chunks(seed=seed, tries=tries, sample=sample_boron8)
    start = load_reference_set(embedded, maker.settings)
    grown = grow_reference_set(
        maker, start, chunks=chunks, n_structures=2 * n_pairs, processes=processes
    )
    save_reference_set(grown, maker, npz=npz, provenance=provenance)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        Path(job.output.npz),
        Path(job.output.provenance),
        seed=job.params.seed,
        tries=job.params.tries,
        chunks=Path(job.params.chunks),
        embedded=Path(job.params.embedded),
        n_pairs=job.params.n_pairs,
        processes=job.threads,
    )
