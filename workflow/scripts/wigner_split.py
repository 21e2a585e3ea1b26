"""Indices of training and test structures of one curve of Wigner kernels and seed."""

from pathlib import Path
from typing import Any

import numpy as np

from job import begin
from rhobar.data import Dataset, Split, legacy_shuffle_split, load_prepared, pool_split

N_CHARACTERIZED = 130_831  # molecules of QM9 that are not on its list of uncharacterized ones


def main(dataset: Path, split: Path, protocol: dict[str, Any], seed: int) -> None:
    """
    Write the structures of ``dataset`` that ``protocol`` trains on and tests with to ``split``.

    The published order: the whole list shuffled once, the first ones test, the next ones train, and
    of the rest the first ones validate, where the protocol has an ``n_validation``.

    :raises ValueError: when the data set has too few structures for the protocol
    """
    data = load_prepared(dataset)
    whole = _whole_split(data, protocol, seed)
    n_train, n_validation = max(protocol["n_train"]), protocol.get("n_validation", 0)
    if len(whole.train) < n_train + n_validation:
        more = f" and n_validation={n_validation} need" if n_validation else " needs"
        raise ValueError(
            f"{dataset}: the split {protocol['split']!r} leaves {len(whole.train)} structures to "
            f"train beside {len(whole.test)} to test; n_train={n_train}{more} more. Lower it in "
            "the configuration (wigner.curves, wigner.large), or take a larger data set."
        )
    train, validation = np.split(whole.train[: n_train + n_validation], [n_train])
    Split(train=train, validation=validation, test=whole.test).save(split)


def _whole_split(data: Dataset, protocol: dict[str, Any], seed: int) -> Split:
    """All structures by use, following the protocol's kind of split."""
    n_structures, n_test = protocol["n_structures"] or len(data), protocol["n_test"]
    if protocol["split"] == "pool":
        members = data.targets["pool_index"]
        return pool_split(members, n_pool=N_CHARACTERIZED, seed=seed, n_test=n_test)
    if protocol["split"] == "pairs":
        of_pairs = legacy_shuffle_split(n_structures // 2, seed=seed, n_test=n_test // 2)
        train, test = (
            (2 * part[:, None] + np.arange(2)).ravel() for part in (of_pairs.train, of_pairs.test)
        )
        return Split(train=train, test=test)
    return legacy_shuffle_split(n_structures, seed=seed, n_test=n_test)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        Path(job.input.dataset),
        Path(job.output.split),
        job.params.protocol,
        int(job.wildcards.seed),
    )
