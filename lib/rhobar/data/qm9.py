"""QM9 from the official archive: 133,885 molecules, one extended xyz file each, 15 properties."""

from __future__ import annotations

import json
import logging
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ase
import numpy as np
from ase.data import atomic_numbers
from numpy.typing import NDArray

from rhobar.data.checks import (
    FREE_ATOM_HARTREE,
    check_lengths,
    check_total_energies,
    free_atom_energies,
)
from rhobar.data.dataset import Dataset
from rhobar.data.units import BOHR, CAL_PER_MOL_KELVIN, DEBYE, HARTREE

LOGGER = logging.getLogger(__name__)

QM9_SIZE = 133_885

# Property line of a file, after the tag and the index: name here, factor to the unit stated in
# read_qm9_archive, in the order of the readme (figshare file 3195392).
_PROPERTIES: tuple[tuple[str, float], ...] = (
    ("rotational_a_ghz", 1.0),
    ("rotational_b_ghz", 1.0),
    ("rotational_c_ghz", 1.0),
    ("dipole_norm", DEBYE),
    ("polarizability", BOHR**3),
    ("homo", HARTREE),
    ("lumo", HARTREE),
    ("gap", HARTREE),
    ("electronic_extent", BOHR**2),
    ("zero_point_energy", HARTREE),
    ("energy", HARTREE),
    ("energy_298k", HARTREE),
    ("enthalpy_298k", HARTREE),
    ("free_energy_298k", HARTREE),
    ("heat_capacity_298k", CAL_PER_MOL_KELVIN),
)
_GAP_ROUNDING = 2.1e-4 * HARTREE  # eV: homo, lumo and gap are rounded to 1e-4 Hartree each


@dataclass(frozen=True)
class _Molecule:
    """One file of the archive: index from 1, elements, Å, e, the 15 numbers as written, SMILES."""

    index: int
    numbers: NDArray[np.uint8]
    positions: NDArray[np.float64]
    charges: NDArray[np.float64]
    properties: NDArray[np.float64]
    smiles: str


def read_qm9_archive(
    archive: str | Path,
    *,
    uncharacterized: str | Path | None = None,
    atom_references: str | Path | None = None,
    size: int = QM9_SIZE,
) -> Dataset:
    """
    QM9 from ``dsgdb9nsd.xyz.tar.bz2``, read as a stream: nothing is extracted to disk.

    Ramakrishnan, Dral, Rupp, von Lilienfeld, Sci. Data 1, 140022 (2014), doi:10.1038/sdata.2014.22.
    B3LYP/6-31G(2df,p). Structures are ordered by their index. Per-structure targets, all
    ``(structure,)``:

    - ``energy`` (U0, internal energy at 0 K), ``energy_298k`` (U), ``enthalpy_298k`` (H),
      ``free_energy_298k`` (G), ``zero_point_energy``, ``homo``, ``lumo``, ``gap`` in eV;
    - ``electronic_energy`` = U0 - zero-point energy, in eV: what the npz of
      :func:`read_qm9_npz` has;
    - ``atomization_energy`` = U0 minus that of the free atoms, in eV (negative: bound);
    - ``dipole_norm`` in e·Å, ``polarizability`` in Å³, ``electronic_extent`` <r²> in Å²,
      ``heat_capacity_298k`` in eV/K, ``rotational_a_ghz``, …, ``_b_ghz``, ``_c_ghz`` in GHz;
    - ``gdb_index`` from 1, ``smiles`` of the relaxed geometry.

    Per-atom target: ``mulliken_charges`` ``(atom,)`` in e. Frequencies and InChI are not kept.

    :param uncharacterized: list of the 3,054 molecules whose geometry does not belong to their
        SMILES; they are dropped if it is given
    :param atom_references: table of free-atom energies (official text or JSON); None: the same
        values, known to this module
    :param size: number of molecules the archive must hold
    :return: ``dropped`` counts the uncharacterized, and those with a number that is not finite
    :raises ValueError: naming the archive and the member, if a file is malformed, the counts are
        not the published ones or the numbers contradict each other
    """
    where = str(archive)
    left_out = read_uncharacterized(uncharacterized) if uncharacterized is not None else set()
    references = (
        read_atom_references(atom_references)
        if atom_references is not None
        else {number: energy * HARTREE for number, energy in FREE_ATOM_HARTREE.items()}
    )
    kept: list[_Molecule] = []
    seen: set[int] = set()
    dropped: Counter[str] = Counter()
    for molecule in _molecules(Path(archive)):
        if molecule.index in seen:
            raise ValueError(f"{where}: molecule {molecule.index} is there twice.")
        seen.add(molecule.index)
        if molecule.index in left_out:
            dropped["uncharacterized"] += 1
        elif not _finite(molecule):
            dropped["a number that is not finite"] += 1
        else:
            kept.append(molecule)
    _check_counts(where, seen, left_out, size)
    for reason, number in dropped.items():
        LOGGER.info("%s: dropped %d of %d molecules: %s", where, number, size, reason)
    return _dataset(where, sorted(kept, key=lambda molecule: molecule.index), references, dropped)


def read_uncharacterized(path: str | Path) -> set[int]:
    """
    Indices, from 1, of the molecules in ``uncharacterized.txt``: the first word of a data line.

    :raises ValueError: naming the file, if it lists no molecule or one twice
    """
    words = [line.split() for line in Path(path).read_text(encoding="utf-8").splitlines()]
    indices = [int(line[0]) for line in words if line and line[0].isdigit()]
    if not indices or len(set(indices)) != len(indices):
        raise ValueError(
            f"{path} lists {len(indices)} molecules, {len(set(indices))} of them different; is it "
            "the list of uncharacterized molecules of QM9?"
        )
    return set(indices)


def read_atom_references(path: str | Path) -> dict[int, float]:
    """
    U0 of the free atoms H, C, N, O, F by atomic number, in eV.

    :param path: the official ``atomref.txt`` (a table: element, zero-point energy, U0, …, in
        Hartree) or JSON with the same numbers, ``{"U0": {"H": …}}``
    :raises ValueError: naming the file, if an element is missing or a value implausible
    """
    text = Path(path).read_text(encoding="utf-8")
    try:
        if text.lstrip().startswith("{"):
            hartree = {atomic_numbers[key]: float(e) for key, e in json.loads(text)["U0"].items()}
        else:
            rows = [line.split() for line in text.splitlines()]
            hartree = {
                atomic_numbers[row[0]]: float(row[2])
                for row in rows
                if len(row) >= 3 and row[0] in atomic_numbers
            }
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{path} is no table of free-atom energies: {error}.") from error
    for number, expected in FREE_ATOM_HARTREE.items():
        found = hartree.get(number, np.nan)
        if not abs(found - expected) < 1e-3 * abs(expected):
            raise ValueError(
                f"{path}: free atom {number} has the energy {found}, expected about {expected} "
                "Hartree."
            )
    return {number: energy * HARTREE for number, energy in hartree.items()}


def _molecules(archive: Path) -> Iterator[_Molecule]:
    try:
        with tarfile.open(archive, "r|bz2") as opened:
            for member in opened:
                content = opened.extractfile(member)
                if content is None or not member.name.endswith(".xyz"):
                    continue
                try:
                    yield _parsed(content.read().decode())
                except (ValueError, IndexError, KeyError) as error:
                    raise ValueError(f"{archive}: {member.name}: {error}") from error
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ValueError(f"{archive} is not a readable tar.bz2 archive: {error}.") from error


def _parsed(text: str) -> _Molecule:
    """
    One file: number of atoms; ``gdb INDEX`` and 15 numbers; an atom a line (element, x, y, z in Å,
    Mulliken charge in e); frequencies; two SMILES; two InChI. Exponents are written ``*^``.
    """
    lines = text.replace("*^", "e").splitlines()
    n_atoms = int(lines[0])
    if len(lines) != n_atoms + 5:
        raise ValueError(f"{n_atoms} atoms make {n_atoms + 5} lines, there are {len(lines)}.")
    tag, index, *properties = lines[1].split()
    if tag != "gdb" or len(properties) != len(_PROPERTIES):
        raise ValueError(
            f"the second line has the tag {tag!r} and {len(properties)} properties, expected "
            f"'gdb' and {len(_PROPERTIES)}."
        )
    atoms = [line.split() for line in lines[2 : n_atoms + 2]]
    if {len(atom) for atom in atoms} != {5}:
        raise ValueError("an atom line has another number of columns than 5.")
    columns = np.array([atom[1:] for atom in atoms], dtype=np.float64)
    return _Molecule(
        index=int(index),
        numbers=np.array([atomic_numbers[atom[0]] for atom in atoms], dtype=np.uint8),
        positions=columns[:, :3],
        charges=columns[:, 3],
        properties=np.array(properties, dtype=np.float64),
        smiles=lines[n_atoms + 3].split()[-1],
    )


def _finite(molecule: _Molecule) -> bool:
    arrays = (molecule.positions, molecule.charges, molecule.properties)
    return all(bool(np.isfinite(values).all()) for values in arrays)


def _check_counts(where: str, seen: set[int], left_out: set[int], size: int) -> None:
    if len(seen) != size:
        raise ValueError(f"{where} holds {len(seen)} molecules, expected {size}.")
    unknown = sorted(left_out - seen)
    if unknown:
        raise ValueError(
            f"{where} holds no molecule {unknown[0]}, which the list of uncharacterized molecules "
            "names; do the two files belong together?"
        )


def _dataset(
    where: str,
    molecules: list[_Molecule],
    references: dict[int, float],
    dropped: Counter[str],
) -> Dataset:
    """Targets in the units of the project, checked against each other."""
    numbers = [molecule.numbers for molecule in molecules]
    table = np.array([molecule.properties for molecule in molecules]).reshape(-1, 15)
    targets: dict[str, NDArray[Any]] = {
        name: column * factor for (name, factor), column in zip(_PROPERTIES, table.T, strict=True)
    }
    targets["electronic_energy"] = targets["energy"] - targets["zero_point_energy"]
    targets["atomization_energy"] = targets["energy"] - free_atom_energies(numbers, references)
    targets["gdb_index"] = np.array([molecule.index for molecule in molecules], dtype=np.int32)
    targets["smiles"] = np.array([molecule.smiles for molecule in molecules], dtype=np.str_)
    _check_order(where, targets)
    check_total_energies(targets["energy"], numbers, where)
    check_lengths([molecule.positions for molecule in molecules], where)
    frames = []
    for molecule in molecules:
        frame = ase.Atoms(numbers=molecule.numbers, positions=molecule.positions)
        frame.arrays["mulliken_charges"] = molecule.charges
        frames.append(frame)
    return Dataset("qm9", frames, targets, dict(dropped))


def _check_order(where: str, targets: dict[str, NDArray[Any]]) -> None:
    """The columns are the ones they are taken for: gap = lumo - homo, G < U0 < U < H."""
    gap = targets["lumo"] - targets["homo"]
    levels = ("free_energy_298k", "energy", "energy_298k", "enthalpy_298k")
    columns = np.array([targets[level] for level in levels])
    right = (abs(gap - targets["gap"]) <= _GAP_ROUNDING) & (np.diff(columns, axis=0) > 0).all(
        axis=0
    )
    if right.all():
        return
    message = (
        f"{where}: molecule {targets['gdb_index'][np.flatnonzero(~right)[0]]} contradicts "
        f"gap = lumo - homo or G < U0 < U < H ({(~right).sum()} of {len(right)} molecules do)"
    )
    if (~right).sum() > 0.01 * len(right):
        raise ValueError(f"{message}; is the order of the properties the published one?")
    LOGGER.warning(message)
