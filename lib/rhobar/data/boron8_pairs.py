"""The published pairs of B8 clusters that correlations of three neighbors cannot tell apart."""

from __future__ import annotations

from pathlib import Path

import ase
import numpy as np

from rhobar.data.dataset import Dataset
from rhobar.data.extxyz_stream import labelled_structures

_NUMBERS = [5] * 8
_ROUNDING = 2e-8  # Å, of positions with eight decimals
_ENERGIES = (-5400.0, -5350.0)  # eV; those of the published set are -5390.6 to -5365.0


def read_boron8(path: str | Path) -> Dataset:
    """
    Pairs of B8 clusters of the family ``env4b_rings``, from extended xyz.

    Frames 2k and 2k + 1 are a pair: atom 0 is the center of both, and atom 7, the cap, has the
    opposite z. Target ``energy`` ``(structure,)``, the free electronic energy in eV at PBE/cc-pVDZ
    with Fermi smearing of 0.01 Hartree. Positions have eight decimals, so that correlations of
    three neighbors agree to 1e-7 only. Nigam, Pozdnyakov, Huguenin-Dumittan, Ceriotti, APL Mach.
    Learn. 2, 016110 (2024), doi:10.1063/5.0160740.

    :param path: extended xyz, compressed if it ends in ``.gz``; read as a stream
    :raises ValueError: naming the file and the structure, if it is not B8, has no energy or one
        that is not in eV, is cut off, or is not the partner of the one before
    """
    frames: list[ase.Atoms] = []
    energies: list[float] = []
    for frame in labelled_structures(Path(path), _NUMBERS, "eight B"):
        energies.append(float(frame.get_potential_energy()))
        if not _ENERGIES[0] < energies[-1] < _ENERGIES[1]:
            raise ValueError(
                f"{path}: structure {len(frames)} has an energy of {energies[-1]:g}; B8 has "
                f"{_ENERGIES[0]:g} to {_ENERGIES[1]:g} eV. Check the unit of the file."
            )
        frames.append(ase.Atoms(numbers=frame.numbers, positions=frame.positions))
    if not frames or len(frames) % 2:
        raise ValueError(f"{path} holds {len(frames)} structures, which are no pairs.")
    positions = np.array([frame.positions for frame in frames]).reshape(-1, 2, 8, 3)
    mirrored = positions[:, 1].copy()
    mirrored[:, 7, 2] *= -1
    apart = np.abs(mirrored - positions[:, 0]).max(axis=(1, 2)) > _ROUNDING
    if apart.any():
        first = 2 * int(np.flatnonzero(apart)[0])
        raise ValueError(
            f"{path}: structures {first} and {first + 1} are no pair; they must be equal but for "
            "the sign of z of atom 7."
        )
    return Dataset("b8", frames, {"energy": np.array(energies)})
