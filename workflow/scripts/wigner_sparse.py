"""Errors of energies and forces of Wigner models with few representative environments."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from job import begin
from rhobar.data import Dataset, Split, load_prepared, written_beside
from rhobar.models import SparseWignerModel, WignerModel
from wigner_fit import regression
from wigner_kernel import wigner_kernel

DENSE = 0  # stands for all training structures in the column n_sparse


def main(
    *,
    dataset: Path,
    split: Path,
    errors: Path,
    protocol: dict[str, Any],
    search: dict[str, Any],
    seed: int,
) -> None:
    """
    Write one row per model: root mean square test errors in eV and eV/Å.

    For every number of training structures a model of all of them, which finds the weights of the
    orders, and sparse ones with the same weights, trained on energies alone and on forces too. With
    the largest number, models of energies with more and more representatives, chosen either way.

    :param protocol: ``dataset`` with forces, ``kernel``, ``n_train``, ``n_sparse`` for the first
        part and ``n_environments`` for the second
    :raises ValueError: if the data set has no forces
    """
    loaded = Split.load(split)
    train, test = (load_prepared(dataset, indices=part) for part in (loaded.train, loaded.test))
    if "forces" not in train.frames[0].arrays:
        raise ValueError(f"{dataset} has no forces; choose another for wigner.sparse.dataset.")
    fits = Fits(protocol, {**search, "seed": seed}, test)
    rows: list[dict[str, Any]] = []
    for n_train in sorted(protocol["n_train"]):
        part = train.subset(range(n_train))
        fits.weigh_orders(part)
        n_sparse = protocol["n_sparse"]
        rows += [fits.sparse(part, n_sparse, forces=forces) for forces in (False, True)]
    rows += fits.of_representatives(part)
    table = pd.DataFrame(rows).assign(dataset=protocol["dataset"], seed=seed)
    with written_beside(errors) as temporary:
        table.to_parquet(temporary, index=False)


class Fits:
    """Models of one protocol and their errors for the structures ``test``."""

    def __init__(self, protocol: dict[str, Any], search: dict[str, Any], test: Dataset) -> None:
        self.protocol, self.test = protocol, test
        self.kernel = wigner_kernel(protocol["kernel"], protocol)
        self.ridge = regression(protocol, self.kernel.nu_max, search)
        self.dense = WignerModel(self.kernel, ridge=self.ridge)

    def weigh_orders(self, train: Dataset) -> None:
        """Fit the dense model, whose weights of the orders the sparse ones take."""
        self.dense.fit(train.frames, train.targets["energy"])

    def of_representatives(self, train: Dataset) -> Iterator[dict[str, Any]]:
        """The dense model, and sparse ones of energies by numbers and choices of environments."""
        varied = {"varied": "n_sparse"}
        yield self.row(self.dense, n_train=len(train), n_sparse=DENSE) | varied
        for selection in ("cholesky", "fps"):
            for n_sparse in sorted(self.protocol["n_environments"]):
                yield self.sparse(train, n_sparse, selection=selection) | varied

    def sparse(
        self, train: Dataset, n_sparse: int, *, forces: bool = False, selection: str = "cholesky"
    ) -> dict[str, Any]:
        """One sparse model, with the weights of the dense one."""
        model = SparseWignerModel(
            self.kernel, n_sparse=n_sparse, selection=selection, ridge=self.ridge
        )
        model.fit(
            train.frames,
            train.targets["energy"],
            [frame.arrays["forces"] for frame in train.frames] if forces else None,
            nu_weights=self.dense.solution.weights[1:],
        )
        return self.row(
            model, n_train=len(train), n_sparse=n_sparse, forces=forces, selection=selection
        )

    def row(
        self,
        model: WignerModel | SparseWignerModel,
        *,
        n_train: int,
        n_sparse: int,
        forces: bool = False,
        selection: str = "cholesky",
    ) -> dict[str, Any]:
        """What the model is, and its errors."""
        found = model.predict(self.test.frames, forces=True)
        assert found.forces is not None
        exact = np.vstack([frame.arrays["forces"] for frame in self.test.frames])
        return {
            "varied": "n_train",
            "n_train": n_train,
            "n_sparse": n_sparse,
            "selection": selection,
            "forces": forces,
            "energy_error": _rms(found.energies - self.test.targets["energy"]),
            "force_error": _rms(np.vstack(found.forces) - exact),
        }


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.square(values).mean()))


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        dataset=Path(job.input.dataset),
        split=Path(job.input.split),
        errors=Path(job.output.errors),
        protocol=job.params.protocol,
        search=job.params.search,
        seed=int(job.wildcards.seed),
    )
