"""Indices of training and test structures of one learning curve and seed."""

from pathlib import Path
from typing import Any

from job import begin
from rhobar.data import Split, load_prepared, prefix_split, qm9_split, shuffled_split


def main(dataset: Path, split: Path, protocol: dict[str, Any], seed: int) -> None:
    """
    Write the structures of ``dataset`` that ``protocol`` trains on and tests with to ``split``.

    Only those in use are kept, so that nothing is computed for the others.

    :raises ValueError: when the data set has too few structures for the protocol
    """
    n_structures = len(load_prepared(dataset))
    first = seed == protocol["seeds"][0]
    sizes = [n for n in protocol["n_train"] if first or n <= protocol["n_repeated"]]
    n_train = max(sizes, default=0)
    whole = _whole_split(n_structures, protocol, seed)
    if len(whole.train) < n_train or len(whole.test) < protocol["n_test"]:
        raise ValueError(
            f"{dataset} has {n_structures} structures, which the split {protocol['split']!r} "
            f"divides into {len(whole.train)} to train and {len(whole.test)} to test; "
            f"n_train={n_train} and n_test={protocol['n_test']} need more. Lower them in the "
            f"configuration (density.learning_curves), or take a larger data set."
        )
    Split(train=whole.train[:n_train], test=whole.test[: protocol["n_test"]]).save(split)


def _whole_split(n_structures: int, protocol: dict[str, Any], seed: int) -> Split:
    """All structures by use, following the protocol's kind of split."""
    kind, n_test = protocol["split"], protocol["n_test"]
    if kind == "shuffled":
        return shuffled_split(n_structures, n_test=n_test, seed=seed)
    if kind == "prefix":
        return prefix_split(n_structures, n_test=n_test)
    return qm9_split(n_structures, fast=kind == "qm9_fast", replica=seed)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        Path(job.input.dataset),
        Path(job.output.split),
        job.params.protocol,
        int(job.wildcards.seed),
    )
