"""The data sets that this project made and brings along."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ase
import numpy as np
from numpy.typing import NDArray

from rhobar.data.dataset import Dataset
from rhobar.data.reference_set import verified_arrays
from rhobar.data.units import MICRO

_READERS = ("methane", "minimol", "b8")


def load_embedded(name: str, *, folder: str | Path, displaced: bool = False) -> Dataset:
    """
    Read the embedded set ``name`` of ``folder``, with its checksum verified.

    ``"methane"``: random CH4, targets ``energy``; forces in ``frame.arrays["forces"]``.
    ``"minimol"``: relaxed molecules, targets ``energy``, ``atomization_energy``, ``dipole``
    ``(structure, 3)`` and ``smiles`` (text). With ``displaced``, their thermally displaced copies
    instead, in the same order, targets ``energy`` and ``smiles``; forces in
    ``frame.arrays["forces"]``.
    ``"b8"``: pairs of B8 clusters whose first atoms have equal correlations of three neighbors,
    target ``energy``; frames 2k and 2k + 1 are a pair. Energies are in eV,
    forces in eV/Å, dipoles in e·Å.

    :param folder: of the npz files and ``provenance.json``: ``workflow/resources`` of a checkout
    :param displaced: the second geometry of each molecule; minimol only
    :raises ValueError: if there is no such set, or its file is not the one that was published
    """
    if name not in _READERS:
        raise ValueError(f"there is no embedded set {name!r}; choose one of {list(_READERS)}.")
    if displaced and name != "minimol":
        raise ValueError(f"{name} has no displaced geometries, minimol has; leave `displaced` out.")
    arrays = verified_arrays(folder, name)
    dropped = {
        key.removeprefix("dropped/"): int(value)
        for key, value in arrays.items()
        if key.startswith("dropped/") and value
    }
    if name == "methane":
        return Dataset(name, list(_methane_frames(arrays)), {"energy": arrays["energy"]}, dropped)
    if name == "b8":
        frames = [ase.Atoms("B8", positions=positions) for positions in arrays["positions"]]
        return Dataset(name, frames, {"energy": arrays["energy"]}, dropped)
    prefix = "displaced_" if displaced else ""
    targets = {"energy": arrays[f"{prefix}energy"], "smiles": arrays["smiles"]}
    if not displaced:
        targets |= {key: arrays[key] for key in ("atomization_energy", "dipole")}
    return Dataset(name, list(_minimol_frames(arrays, prefix)), targets, dropped)


def _methane_frames(arrays: dict[str, NDArray[Any]]) -> Iterator[ase.Atoms]:
    for positions, forces in zip(arrays["positions"], arrays["forces"], strict=True):
        frame = ase.Atoms("CH4", positions=positions * MICRO)
        frame.arrays["forces"] = forces * MICRO
        yield frame


def _minimol_frames(arrays: dict[str, NDArray[Any]], prefix: str) -> Iterator[ase.Atoms]:
    """The geometries whose arrays start with ``prefix``, with forces where these are not zero."""
    ends = np.cumsum(arrays["n_atoms"])
    for first, last in zip(ends - arrays["n_atoms"], ends, strict=True):
        frame = ase.Atoms(
            numbers=arrays["numbers"][first:last],
            positions=arrays[f"{prefix}positions"][first:last] * MICRO,
        )
        if prefix:
            frame.arrays["forces"] = arrays[f"{prefix}forces"][first:last] * MICRO
        yield frame
