"""QM9 geometries of H, C, N, O in one npz, with the labels that are known for some of them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ase
import numpy as np
from numpy.typing import NDArray

from rhobar.data.checks import check_lengths, check_total_energies
from rhobar.data.dataset import Dataset
from rhobar.data.npz import read_npz
from rhobar.data.qm9 import read_uncharacterized
from rhobar.data.units import BOHR, DEBYE, HARTREE

LOGGER = logging.getLogger(__name__)

# target -> array of the file, factor to the unit stated in read_qm9_npz
_LABELS = {
    "energy": ("energy_elec_hartree", HARTREE),
    "dipole_norm": ("dipole_norm_debye", DEBYE),
    "mp2_atomization_energy": ("mp2_atomization_hartree", HARTREE),
    "mp2_homo": ("mp2_homo_hartree", HARTREE),
    "mp2_dipole": ("mp2_dipole_au", BOHR),
}
_GEOMETRY = ("gdb_index", "n_atoms", "numbers", "positions", "energy_precision_decimals")


def read_qm9_npz(
    path: str | Path,
    *,
    labels: Sequence[str] = ("energy",),
    uncharacterized: str | Path | None = None,
) -> Dataset:
    """
    The molecules for which every one of ``labels`` is known, ordered as in the file.

    Possible labels, with their shape and unit (level of theory):

    - ``energy`` ``(structure,)`` eV: electronic energy, U0 of QM9 minus the zero-point energy
      (B3LYP/6-31G(2df,p)); it comes with ``energy_decimals``, the number of decimals of the value
      in Hartree that are known (4 or 7);
    - ``dipole_norm`` ``(structure,)`` e·Å (B3LYP);
    - ``mp2_atomization_energy`` ``(structure,)`` eV, ``mp2_homo`` ``(structure,)`` eV,
      ``mp2_dipole`` ``(structure, 3)`` e·Å in the frame of the positions (MP2).

    Further targets: ``gdb_index`` from 1, ``row`` in the file from 0, and, with a list of
    uncharacterized molecules, ``pool_index``: position from 0 among all of QM9 that are not on
    that list, fluorides included, by ``gdb_index``; :func:`pool_split` starts from it.

    :param uncharacterized: list of molecules to leave out, see :func:`read_uncharacterized`
    :return: ``dropped`` counts molecules without one of the labels, and uncharacterized ones
    :raises ValueError: naming the file, if an array is missing or its counts or units are not
        right; naming the label, if it is none of the above
    """
    unknown = sorted(set(labels) - set(_LABELS))
    if unknown or not labels:
        raise ValueError(f"labels are of {sorted(_LABELS)}, got {list(labels)}.")
    arrays = read_npz(path, [*_GEOMETRY, *(_LABELS[label][0] for label in labels)])
    offsets = _offsets(str(path), arrays)
    listed = [] if uncharacterized is None else sorted(read_uncharacterized(uncharacterized))
    rows, dropped = _kept_rows(str(path), arrays, labels, listed)
    targets: dict[str, NDArray[Any]] = {
        label: arrays[array][rows].astype(np.float64) * factor
        for label, (array, factor) in _LABELS.items()
        if label in labels
    }
    if "energy" in labels:
        targets["energy_decimals"] = arrays["energy_precision_decimals"][rows]
    targets["gdb_index"] = arrays["gdb_index"][rows]
    targets["row"] = rows
    if listed:
        index = arrays["gdb_index"][rows].astype(np.int64)
        targets["pool_index"] = index - 1 - np.searchsorted(listed, index)
    frames = [
        ase.Atoms(
            numbers=arrays["numbers"][offsets[row] : offsets[row + 1]],
            positions=arrays["positions"][offsets[row] : offsets[row + 1]].astype(np.float64),
        )
        for row in rows
    ]
    check_lengths([frame.positions for frame in frames], str(path))
    if "energy" in labels:
        check_total_energies(targets["energy"], [frame.numbers for frame in frames], str(path))
    return Dataset("qm9", frames, targets, dropped)


def _kept_rows(
    where: str,
    arrays: dict[str, NDArray[Any]],
    labels: Sequence[str],
    uncharacterized: list[int],
) -> tuple[NDArray[np.int64], dict[str, int]]:
    """Molecules with every label, and how many are dropped for which reason."""
    reasons = {f"no {label}": ~_finite_rows(arrays[_LABELS[label][0]]) for label in labels}
    decimals = arrays["energy_precision_decimals"]
    if "energy" in labels and ((decimals == 0) != reasons["no energy"]).any():
        raise ValueError(
            f"{where}: energy_precision_decimals is not 0 just where no energy is known."
        )
    if uncharacterized:
        reasons["uncharacterized"] = np.isin(arrays["gdb_index"], uncharacterized)
    keep = np.ones(len(arrays["n_atoms"]), dtype=bool)
    dropped = {}
    for reason, holds in reasons.items():
        number = int((keep & holds).sum())
        keep &= ~holds
        if number:
            dropped[reason] = number
            LOGGER.info("%s: dropped %d of %d molecules: %s", where, number, len(keep), reason)
    return np.flatnonzero(keep), dropped


def _offsets(where: str, arrays: dict[str, NDArray[Any]]) -> NDArray[np.int64]:
    """First atom of each molecule and the end; counts, order, elements and positions checked."""
    # n_atoms is uint8: summed as such it would overflow after a dozen molecules
    offsets = np.concatenate([[0], np.cumsum(arrays["n_atoms"], dtype=np.int64)])
    n_atoms = int(offsets[-1])
    if arrays["numbers"].shape != (n_atoms,) or arrays["positions"].shape != (n_atoms, 3):
        raise ValueError(
            f"{where}: n_atoms add up to {n_atoms}, but numbers have shape "
            f"{arrays['numbers'].shape} and positions {arrays['positions'].shape}."
        )
    for key, values in arrays.items():
        if key not in ("numbers", "positions") and len(values) != len(arrays["n_atoms"]):
            raise ValueError(
                f"{where}: {key} has {len(values)} entries for {len(arrays['n_atoms'])} molecules."
            )
    if not np.isfinite(arrays["positions"]).all():
        raise ValueError(f"{where}: a position is not finite.")
    if (np.diff(arrays["gdb_index"]) <= 0).any():
        raise ValueError(f"{where}: gdb_index does not increase.")
    elements = sorted(set(np.unique(arrays["numbers"]).tolist()) - {1, 6, 7, 8})
    if elements:
        raise ValueError(f"{where}: atomic number {elements[0]}; expected H, C, N and O only.")
    return offsets


def _finite_rows(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where all numbers of a molecule are known."""
    finite: NDArray[np.bool_] = np.isfinite(values).reshape(len(values), -1).all(axis=1)
    return finite
