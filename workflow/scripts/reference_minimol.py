"""Small organic molecules, relaxed and labelled: the embedded set, made from nothing or grown."""

from pathlib import Path

from job import begin
from rhobar.data import (
    MinimolChunks,
    grow_reference_set,
    load_reference_set,
    minimol_candidates,
    save_reference_set,
)


def main(
    npz: Path,
    provenance: Path,
    *,
    n_heavy: int,
    seed: int,
    tries: int,
    chunks: Path,
    embedded: Path,
    n_structures: int,
    processes: int,
) -> None:
    """
    Write at least ``n_structures`` molecules to ``npz``, how they were made to ``provenance``.

    :param n_heavy: most heavy atoms of a molecule; all graphs up to it are enumerated first
    :param seed: of the order of the molecules, their conformers and displacements
    :param tries: candidates per chunk
    :param chunks: folder of finished chunks, kept between runs
    :param embedded: folder of the published sets: what they hold is not computed again
    """
    candidates = minimol_candidates(n_heavy, seed=seed)
    maker = MinimolChunks(seed=seed, tries=tries, candidates=candidates)
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
        n_heavy=job.params.n_heavy,
        seed=job.params.seed,
        tries=job.params.tries,
        chunks=Path(job.params.chunks),
        embedded=Path(job.params.embedded),
        n_structures=job.params.n_structures,
        processes=job.threads,
    )
