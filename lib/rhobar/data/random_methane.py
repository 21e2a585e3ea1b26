"""Random methane: CH4 with hydrogens anywhere within 3 Å of the carbon, energies and forces."""

from __future__ import annotations

import itertools
import logging
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import ase
import numpy as np

from rhobar.data.checks import check_forces, check_total_energies
from rhobar.data.dataset import Dataset
from rhobar.data.extxyz_stream import labelled_structures
from rhobar.data.units import BOHR, ENERGY_UNITS

LOGGER = logging.getLogger(__name__)

_NUMBERS = [6, 1, 1, 1, 1]
_LARGEST_CH = 3.0  # Å
_SMALLEST = 0.5  # Å, between any two atoms
_ROUNDING = 1e-6  # Å, of the positions in the file
_COPIED = {"index": np.int64, "index_in_10000": np.int64, "split": np.str_}


def read_random_methane(path: str | Path, *, energy_unit: str, count: int | None = None) -> Dataset:
    """
    Random CH4 of Materials Cloud 2020.110, or an excerpt of it, from extended xyz.

    Hydrogens are drawn within 3 Å of the carbon, no two atoms closer than 0.5 Å; labels are
    PBE/cc-pVDZ. Pozdnyakov, Willatt, Ceriotti, doi:10.24435/materialscloud:qy-dp; Phys. Rev. Lett.
    125, 166001 (2020), doi:10.1103/PhysRevLett.125.166001.

    Per-structure targets: ``energy`` ``(structure,)`` in eV, and, if the file has them, ``index``
    (position in the published set), ``index_in_10000`` and ``split`` (``train``, ``val``,
    ``test``). Per-atom target, if the file has it: ``forces`` ``(atom, 3)`` in eV/Å. Structures
    outside the stated sampling, or with a number that is not finite, are dropped and counted.

    :param path: extended xyz, compressed if it ends in ``.gz``; read as a stream
    :param energy_unit: ``"hartree"`` (the published file; forces in Hartree/bohr) or ``"eV"``
        (forces in eV/Å)
    :param count: stop after this many structures; None: all of them
    :raises ValueError: naming the file and the structure, if it is not CH4, is cut off or cannot
        be parsed, or if the unit is a wrong one
    """
    if energy_unit not in ("eV", "hartree"):
        raise ValueError(f"energy_unit is 'eV' or 'hartree', got {energy_unit!r}.")
    to_ev = ENERGY_UNITS[energy_unit]
    to_ev_per_angstrom = to_ev / (BOHR if energy_unit == "hartree" else 1.0)
    frames: list[ase.Atoms] = []
    read: list[ase.Atoms] = []
    dropped: Counter[str] = Counter()
    structures = labelled_structures(Path(path), _NUMBERS, "C and four H, in this order")
    for read_frame in itertools.islice(structures, count):
        reason = _outside_sampling(read_frame)
        if reason is not None:
            dropped[reason] += 1
            continue
        read.append(read_frame)
        frames.append(_converted(read_frame, to_ev_per_angstrom))
    total = len(frames) + dropped.total()
    _check_counts(str(path), total, dropped, count)
    for reason, number in dropped.items():
        LOGGER.warning("%s: dropped %d of %d structures: %s", path, number, total, reason)
    energies = np.array([frame.get_potential_energy() for frame in read]) * to_ev
    check_total_energies(energies, [frame.numbers for frame in frames], str(path))
    if all("forces" in frame.arrays for frame in frames):
        check_forces([frame.arrays["forces"] for frame in frames], str(path))
    targets = {"energy": energies}
    for key, kind in _COPIED.items():
        if all(key in frame.info for frame in read):
            targets[key] = np.array([frame.info[key] for frame in read], dtype=kind)
    return Dataset("random methane", frames, targets, dict(dropped))


def _outside_sampling(frame: ase.Atoms) -> str | None:
    """Why the structure is left out, or None."""
    numbers: Iterable[np.ndarray] = [
        frame.positions,
        *map(np.atleast_1d, frame.calc.results.values()),
    ]
    if not all(np.isfinite(values).all() for values in numbers):
        return "a number that is not finite"
    distances = frame.get_all_distances()
    if distances[0].max() > _LARGEST_CH + _ROUNDING:
        return "a hydrogen farther than 3 Å from the carbon"
    if distances[np.triu_indices(5, 1)].min() < _SMALLEST - _ROUNDING:
        return "two atoms closer than 0.5 Å"
    return None


def _converted(frame: ase.Atoms, to_ev_per_angstrom: float) -> ase.Atoms:
    """Numbers, positions and, where they are known, forces in eV/Å."""
    converted = ase.Atoms(numbers=frame.numbers, positions=frame.positions)
    if "forces" in frame.calc.results:
        converted.arrays["forces"] = frame.calc.results["forces"] * to_ev_per_angstrom
    return converted


def _check_counts(where: str, total: int, dropped: Counter[str], count: int | None) -> None:
    if total == 0:
        raise ValueError(f"{where} holds no structures.")
    if count is not None and total < count:
        raise ValueError(f"{where} holds {total} structures, {count} were asked for.")
    if dropped.total() > 0.01 * total:
        raise ValueError(
            f"{where}: {dropped.total()} of {total} structures are outside the sampling of random "
            f"methane: {dict(dropped)}. Check that this is the right file and its lengths are Å."
        )
