"""Hyperparameters that the large regression tries: what a small one finds, and a grid."""

import itertools
import json
from pathlib import Path
from typing import Any

from job import begin
from rhobar.data import Split, load_prepared, written_beside
from rhobar.kernels import KernelStore
from wigner_fit import learned, regression


def main(
    *,
    dataset: Path,
    split: Path,
    folder: Path,
    points: Path,
    protocol: dict[str, Any],
    search: dict[str, Any],
) -> None:
    """
    Write log10 C, α and log10 C0 of each point to ``points`` (.json), first those of the search.

    Its C0 is replaced by that of the grid: errors hardly depend on it, digits do.

    :param folder: store of kernels, of which chunk (0, 0) is read
    :param protocol: with ``n_search``, training structures of the search, up to a chunk, and the
        grid ``log_c`` times ``alpha``, with one ``log_c0``
    :param search: arguments of :class:`rhobar.models.NuKernelRidge`
    """
    n_search = protocol["n_search"]
    train = load_prepared(dataset, indices=Split.load(split).train[:n_search])
    kernels = KernelStore(folder).load(0, 0).numpy()[:n_search, :n_search]
    targets, _, _ = learned(train, train, protocol["target"])
    found = regression(protocol, kernels.shape[2] - 1, search).fit(kernels, targets)
    pairs = [found.point[:2], *itertools.product(protocol["log_c"], protocol["alpha"])]
    with written_beside(points) as temporary:
        listed = [[*pair, protocol["log_c0"]] for pair in pairs]
        temporary.write_text(json.dumps(listed) + "\n", encoding="utf-8")


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        dataset=Path(job.input.dataset),
        split=Path(job.input.split),
        folder=Path(job.input.settings).parent,
        points=Path(job.output.points),
        protocol=job.params.protocol,
        search=job.params.search,
    )
