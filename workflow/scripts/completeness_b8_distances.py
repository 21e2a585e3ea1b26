"""Distances of B8 clusters in incomplete features, beside those in features that see all pairs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from job import begin
from rhobar.data import Split, written_beside

_REFERENCE = "order7"


def main(
    *,
    features: Path,
    distorted: Path,
    encodings: Path,
    split: Path,
    distances: Path,
    protocol: dict[str, Any],
) -> None:
    """
    Write one row per pair of structures and representation to ``distances`` (.parquet).

    Columns ``representation``, ``kind`` of the pair (degenerate, other: two test structures;
    symmetric, asymmetric: a degenerate one with noise), ``noise`` (Å), ``distance`` in the
    representation and ``reference`` in correlations of up to seven neighbors. Distances are over
    the root mean square length of the test structures' features.

    :param encodings: of :mod:`completeness_b8_encoding`
    """
    test = Split.load(split).test
    plain = _loaded(features, encodings, "")
    with np.load(distorted, allow_pickle=False) as arrays:
        noise, symmetric = arrays["noise"], arrays["symmetric"]
    noisy = _loaded(distorted, encodings, "distorted_")
    tables = []
    for kind, level, first, second, rows in _pairs(
        {name: values[test] for name, values in plain.items()}, noisy, noise, symmetric, protocol
    ):
        apart = {
            name: np.linalg.norm(values[first] - values[second], axis=1)
            / np.sqrt(np.square(plain[name][test]).sum(axis=1).mean())
            for name, values in rows.items()
        }
        for name in apart.keys() - {_REFERENCE}:
            columns = {"distance": apart[name], "reference": apart[_REFERENCE], "noise": level}
            tables.append(pd.DataFrame({"representation": name, "kind": kind, **columns}))
    joined = pd.concat(tables, ignore_index=True).sort_values(
        ["representation", "kind", "noise"], kind="stable", ignore_index=True
    )
    with written_beside(distances) as temporary:
        joined.to_parquet(temporary, index=False)


Rows = dict[str, NDArray[np.float64]]  # representation -> (structure, component)


def _pairs(
    test: Rows,
    noisy: Rows,
    noise: NDArray[np.float64],
    symmetric: NDArray[np.bool_],
    protocol: dict[str, Any],
) -> Iterator[tuple[str, NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], Rows]]:
    """Kind, noise, and the two members of all pairs of a kind, with the rows they are in."""
    count = len(test[_REFERENCE])
    first = np.arange(0, count, 2)
    yield "degenerate", np.zeros(len(first)), first, first + 1, test
    generator = np.random.default_rng(protocol["seed"])
    first = generator.integers(count, size=protocol["n_other"])
    # never itself nor its partner
    second = (first + generator.integers(2, count - 1, size=len(first))) % count
    apart = first // 2 != second // 2
    yield "other", np.zeros(apart.sum()), first[apart], second[apart], test
    for kind, wanted in (("symmetric", True), ("asymmetric", False)):
        first = np.flatnonzero(symmetric == wanted)[::2]
        yield kind, noise[first], first, first + 1, noisy


def _loaded(features: Path, encodings: Path, prefix: str) -> Rows:
    """All representations of the same structures."""
    with np.load(features, allow_pickle=False) as arrays:
        found = {name: arrays[name] for name in ("order3", _REFERENCE)}
    with np.load(encodings, allow_pickle=False) as arrays:
        return found | {name: arrays[f"{prefix}{name}"] for name in ("linear", "nonlinear")}


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        features=Path(job.input.features),
        distorted=Path(job.input.distorted),
        encodings=Path(job.input.encodings),
        split=Path(job.input.split),
        distances=Path(job.output.distances),
        protocol=job.params.protocol,
    )
