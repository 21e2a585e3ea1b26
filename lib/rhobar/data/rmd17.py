"""Revised MD17: frames of molecular dynamics of ten molecules, energies and forces, five splits."""

from __future__ import annotations

import bz2
import io
import logging
import tarfile
from pathlib import Path
from typing import Any

import ase
import numpy as np
from numpy.typing import NDArray

from rhobar.data.checks import check_forces, check_lengths, check_total_energies
from rhobar.data.dataset import Dataset
from rhobar.data.npz import read_npz
from rhobar.data.units import KCAL_PER_MOL

LOGGER = logging.getLogger(__name__)

_N_FRAMES = {  # of each molecule in the archive
    "aspirin": 100_000,
    "azobenzene": 99_988,
    "benzene": 100_000,
    "ethanol": 100_000,
    "malonaldehyde": 100_000,
    "naphthalene": 100_000,
    "paracetamol": 100_000,
    "salicylic": 100_000,
    "toluene": 100_000,
    "uracil": 100_000,
}
RMD17_MOLECULES = tuple(_N_FRAMES)
_N_SPLIT = 1000  # frames to train, and as many to test, in each of five splits
_OFFICIAL = ("nuclear_charges", "coords", "energies", "forces", "old_indices")


def read_rmd17_archive(path: str | Path, *, molecule: str, split: int) -> Dataset:
    """
    One molecule and split of the official archive ``rmd17.tar.bz2``, read as a stream.

    Christensen and von Lilienfeld, Mach. Learn.: Sci. Technol. 1, 045018 (2020),
    doi:10.1088/2632-2153/abba6f; data doi:10.6084/m9.figshare.12672038. PBE/def2-SVP; the archive
    has kcal/mol and kcal/mol/Å. The authors advise against training on more than 1,000 frames.

    Per-structure targets: ``energy`` ``(structure,)`` in eV, ``split`` (``train``: the first 1,000,
    then ``test``) and ``md17_index`` (of the frame in the original MD17). Per-atom target:
    ``forces`` ``(atom, 3)`` in eV/Å. Frames with a number that is not finite are dropped.

    :param molecule: one of ``RMD17_MOLECULES``
    :param split: 1 to 5, as published
    :raises ValueError: naming the file, if it is damaged, lacks the molecule or the split, or its
        counts or units are not the published ones
    """
    _check_choice(molecule, split)
    frames, train, test = _members(
        Path(path),
        [
            f"npz_data/rmd17_{molecule}.npz",
            f"splits/index_train_{split:02d}.csv",
            f"splits/index_test_{split:02d}.csv",
        ],
    )
    where = f"{path}: rmd17_{molecule}.npz"
    arrays = read_npz(where, _OFFICIAL, stream=io.BytesIO(frames))
    expected = _N_FRAMES[molecule]
    if len(arrays["energies"]) != expected:
        raise ValueError(f"{where} has {len(arrays['energies'])} frames, expected {expected}.")
    rows = np.concatenate(
        [_split_indices(lines, expected, f"{path}: split {split}") for lines in (train, test)]
    )
    return _dataset(
        f"rmd17 {molecule}",
        where,
        numbers=arrays["nuclear_charges"],
        positions=arrays["coords"][rows],
        energies=arrays["energies"][rows] * KCAL_PER_MOL,
        forces=arrays["forces"][rows] * KCAL_PER_MOL,
        md17_index=arrays["old_indices"][rows],
    )


def read_rmd17_npz(path: str | Path, *, split: int) -> Dataset:
    """
    One split from an npz that holds one molecule's five splits, in eV and eV/Å.

    Arrays: ``numbers`` ``(atom,)`` and, for each split k, ``train{k}_positions`` and
    ``train{k}_forces`` ``(1000, atom, 3)``, ``train{k}_energies`` and ``train{k}_md17_index``
    ``(1000,)``, the same for ``test{k}``. Targets, order and errors as in
    :func:`read_rmd17_archive`.
    """
    molecule = Path(path).stem.removeprefix("rmd17_")
    _check_choice(molecule, split)
    kinds = ("positions", "energies", "forces", "md17_index")
    keys = [f"{part}{split}_{kind}" for part in ("train", "test") for kind in kinds]
    arrays = read_npz(path, ["numbers", *keys])
    joined = {}
    for kind in kinds:
        parts = [arrays[f"{part}{split}_{kind}"] for part in ("train", "test")]
        shapes = [part.shape for part in parts]
        if shapes[0] != shapes[1] or shapes[0][0] != _N_SPLIT:
            raise ValueError(
                f"{path}: the {kind} of split {split} have the shapes {shapes[0]} to train and "
                f"{shapes[1]} to test, expected {_N_SPLIT} frames each."
            )
        joined[kind] = np.concatenate(parts)
    return _dataset(f"rmd17 {molecule}", str(path), numbers=arrays["numbers"], **joined)


def _dataset(
    name: str,
    where: str,
    *,
    numbers: NDArray[Any],
    positions: NDArray[Any],
    energies: NDArray[Any],
    forces: NDArray[Any],
    md17_index: NDArray[Any],
) -> Dataset:
    """Frames of which the first half trains, checked and in double precision."""
    shape = (len(energies), len(numbers), 3)
    if positions.shape != shape or forces.shape != shape:
        raise ValueError(
            f"{where}: positions have shape {positions.shape} and forces {forces.shape}, expected "
            f"{shape} for {len(energies)} energies and {len(numbers)} atoms."
        )
    labels = np.repeat(["train", "test"], _N_SPLIT)
    finite = np.isfinite(energies)
    for values in (positions, forces):
        finite &= np.isfinite(values).all(axis=(1, 2))
    dropped = {}
    if not finite.all():
        dropped["a number that is not finite"] = int((~finite).sum())
        LOGGER.warning("%s: dropped %d frames: a number that is not finite", where, (~finite).sum())
    rows = np.flatnonzero(finite)
    _, counts = np.unique(md17_index[rows], return_counts=True)
    if (counts > 1).any():
        raise ValueError(f"{where}: {(counts > 1).sum()} frames occur twice in one split.")
    frames = []
    for row in rows:
        frame = ase.Atoms(numbers=numbers, positions=positions[row].astype(np.float64))
        frame.arrays["forces"] = forces[row].astype(np.float64)
        frames.append(frame)
    energy = energies[rows].astype(np.float64)
    check_lengths([frame.positions for frame in frames], where)
    check_total_energies(energy, [frame.numbers for frame in frames], where)
    check_forces([frame.arrays["forces"] for frame in frames], where)
    targets = {"energy": energy, "split": labels[rows], "md17_index": md17_index[rows]}
    return Dataset(name, frames, targets, dropped)


def _check_choice(molecule: str, split: int) -> None:
    if molecule not in RMD17_MOLECULES:
        raise ValueError(f"no molecule {molecule!r} in revised MD17; it has {RMD17_MOLECULES}.")
    if split not in range(1, 6):
        raise ValueError(f"revised MD17 has the splits 1 to 5, got {split}.")


def _members(path: Path, wanted: list[str]) -> list[bytes]:
    """Contents of the wanted files, found by the end of their path; nothing is written to disk."""
    found: dict[str, bytes] = {}
    try:
        with bz2.open(path) as raw, tarfile.open(fileobj=raw, mode="r|") as archive:
            for member in archive:
                name = next((end for end in wanted if _ends_in(member.name, end)), None)
                content = archive.extractfile(member) if name is not None else None
                if name is not None and content is not None:
                    found[name] = content.read()
                if len(found) == len(wanted):  # the rest of 1 GB need not be decompressed
                    break
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ValueError(f"{path} is not a readable tar.bz2 archive: {error}.") from error
    for name in wanted:
        if name not in found:
            raise ValueError(f"{path} holds no file {name!r}; is it the archive of revised MD17?")
    return [found[name] for name in wanted]


def _ends_in(name: str, end: str) -> bool:
    return f"/{name}".endswith(f"/{end}")


def _split_indices(lines: bytes, n_frames: int, where: str) -> NDArray[np.int64]:
    """Frames of one part of a split, one index from 0 a line."""
    try:
        rows = np.array(lines.split(), dtype=np.int64)
    except ValueError as error:
        raise ValueError(f"{where}: expected one whole number a line ({error}).") from error
    if len(rows) != _N_SPLIT or rows.min() < 0 or rows.max() >= n_frames:
        raise ValueError(
            f"{where}: expected {_N_SPLIT} indices below {n_frames}, got {len(rows)}"
            + (f" from {rows.min()} to {rows.max()}." if len(rows) else ".")
        )
    return rows
