"""One file form for every data set of the workflow, whatever form its source has."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ase
import numpy as np
from numpy.typing import NDArray

from rhobar.data.atomic import written_beside
from rhobar.data.dataset import Dataset
from rhobar.data.npz import read_npz

_VERSION = 1
_OWN_ARRAYS = {"numbers", "positions"}  # of ase.Atoms; the others are per-atom targets


def save_prepared(dataset: Dataset, path: str | Path) -> None:
    """
    Write ``dataset`` as a compressed npz; the same data give the same bytes.

    Arrays: ``ptr`` ``(structure + 1,)``: atoms of structure k are rows ``ptr[k]:ptr[k + 1]`` of
    ``numbers`` ``(atom,)``, ``positions`` ``(atom, 3)`` in Å and each ``atoms/NAME`` ``(atom, …)``;
    ``targets/NAME`` ``(structure, …)``; ``cell`` ``(structure, 3, 3)`` in Å and ``pbc``
    ``(structure, 3)``, only if a structure is periodic; ``header``, JSON with the name, the number
    of structures dropped for each reason, and the version of this form. Nothing is pickled.

    :raises ValueError: if the structures do not have the same per-atom targets
    """
    frames = dataset.frames
    arrays: dict[str, NDArray[Any]] = {
        "header": np.array(
            json.dumps({"version": _VERSION, "name": dataset.name, "dropped": dataset.dropped})
        ),
        "ptr": np.cumsum([0, *map(len, frames)], dtype=np.int64),
        "numbers": _joined([frame.numbers for frame in frames], np.zeros(0)).astype(np.uint8),
        "positions": _joined([frame.positions for frame in frames], np.zeros((0, 3))),
    }
    for key in _per_atom_targets(dataset):
        arrays[f"atoms/{key}"] = np.concatenate([frame.arrays[key] for frame in frames])
    for key, values in dataset.targets.items():
        arrays[f"targets/{key}"] = np.asarray(values)
    if any(frame.pbc.any() for frame in frames):
        arrays["cell"] = np.array([frame.cell.array for frame in frames])
        arrays["pbc"] = np.array([frame.pbc for frame in frames])
    with written_beside(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)


def load_prepared(
    path: str | Path, *, indices: Sequence[int] | NDArray[np.integer] | None = None
) -> Dataset:
    """
    Read what :func:`save_prepared` wrote.

    :param indices: build only these structures, in this order; None: all
    :raises ValueError: naming the file, if it is not such a file or of another version
    """
    try:
        arrays = read_npz(path)
        header = json.loads(str(arrays["header"]))
        version = header["version"]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a prepared data set: {error}") from error
    if version != _VERSION:
        raise ValueError(
            f"{path} has version {version} of the prepared form, this rhobar reads {_VERSION}. "
            "Prepare the data set again."
        )
    n_structures = len(arrays["ptr"]) - 1
    rows = np.arange(n_structures) if indices is None else np.asarray(indices, dtype=np.int64)
    if rows.size and not 0 <= rows.min() <= rows.max() < n_structures:
        raise ValueError(
            f"{path} has {n_structures} structures; indices from {rows.min()} to {rows.max()} "
            "were asked for."
        )
    targets = {
        key.removeprefix("targets/"): values[rows]
        for key, values in arrays.items()
        if key.startswith("targets/")
    }
    frames = [_frame(arrays, int(row)) for row in rows]
    return Dataset(header["name"], frames, targets, header["dropped"])


def _frame(arrays: dict[str, NDArray[Any]], row: int) -> ase.Atoms:
    """Structure ``row``, with its per-atom targets."""
    atoms = slice(arrays["ptr"][row], arrays["ptr"][row + 1])
    frame = ase.Atoms(numbers=arrays["numbers"][atoms], positions=arrays["positions"][atoms])
    if "cell" in arrays:
        frame.set_cell(arrays["cell"][row])
        frame.set_pbc(arrays["pbc"][row])
    for key, values in arrays.items():
        if key.startswith("atoms/"):
            frame.arrays[key.removeprefix("atoms/")] = values[atoms].copy()
    return frame


def _per_atom_targets(dataset: Dataset) -> list[str]:
    """Names of the arrays that every frame has beside numbers and positions."""
    sets = [set(frame.arrays) - _OWN_ARRAYS for frame in dataset.frames]
    for index, names in enumerate(sets):
        if names != sets[0]:
            raise ValueError(
                f"Dataset {dataset.name!r}: structure {index} has the per-atom targets "
                f"{sorted(names)}, structure 0 has {sorted(sets[0])}; give all structures the same."
            )
    return sorted(sets[0]) if sets else []


def _joined(parts: list[NDArray[Any]], empty: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else empty
