"""Structures of the benchmarks: from the data mirror if there is one, else made by the project."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import ase
import ase.io
import numpy as np

from rhobar.data import load_embedded, read_random_methane

ROOT = Path(__file__).parents[1]
RESOURCES = ROOT / "workflow" / "resources"
sys.path.insert(0, str(ROOT))
from tests.structures import water_box  # noqa: E402 - found by the line before


@dataclass(frozen=True)
class StructureSet:
    """Structures under the name that the table gives them."""

    name: str
    frames: list[ase.Atoms]

    @property
    def n_environments(self) -> int:
        """Number of atoms, all of them centers."""
        return sum(len(frame) for frame in self.frames)

    def every(self, step: int) -> StructureSet:
        """Every ``step``-th structure."""
        return StructureSet(f"{self.name}/{step}", self.frames[::step])


def molecules() -> StructureSet:
    """The first 1,000 molecules of QM9; those of minimol without a mirror."""
    mirror = os.environ.get("RHOBAR_MIRROR", "")
    if not mirror:
        return StructureSet("minimol", load_embedded("minimol", folder=RESOURCES).frames[:1000])
    path = Path(mirror) / "qm9" / "qm9_geometries_b3lyp_energies.npz"
    with np.load(path, allow_pickle=False) as file:
        # as they come, whether an energy is known or not; all are of H, C, N and O
        ends = np.cumsum(file["n_atoms"][:1000], dtype=np.int64)
        numbers = np.split(file["numbers"][: ends[-1]], ends[:-1])
        positions = np.split(file["positions"][: ends[-1]].astype(np.float64), ends[:-1])
    frames = [ase.Atoms(*molecule) for molecule in zip(numbers, positions, strict=True)]
    return StructureSet("QM9", frames)


def methanes() -> StructureSet:
    """1,000 random methanes: the first of the published ones, or of the embedded set."""
    mirror = os.environ.get("RHOBAR_MIRROR", "")
    if not mirror:
        embedded = load_embedded("methane", folder=RESOURCES)
        return StructureSet("embedded methane", embedded.frames[:1000])
    path = Path(mirror) / "ch4" / "ch4_random_10000_energies.extxyz.gz"
    frames = read_random_methane(path, energy_unit="eV", count=1000).frames
    return StructureSet("random methane", frames)


def water() -> StructureSet:
    """192 atoms of liquid water."""
    mirror = os.environ.get("RHOBAR_MIRROR", "")
    if not mirror:
        return StructureSet("water box", [water_box()])
    path = Path(mirror) / "water" / "water_revpbe0d3_1593subset.extxyz.gz"
    frame = ase.io.read(path, index=0)
    plain = ase.Atoms(frame.numbers, frame.positions, cell=frame.cell, pbc=True)
    return StructureSet("water", [plain])
