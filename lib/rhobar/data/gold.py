"""Clusters of gold, as whoever has them saved them: they were never published."""

from __future__ import annotations

from pathlib import Path

import ase
import numpy as np

from rhobar.data.dataset import Dataset

_ENERGY = "elec. Free Energy [eV]"


def read_gold(path: str | Path) -> Dataset:
    """
    Clusters of gold with their free electronic energies, from extended xyz.

    For the body-order curves of Bigi, Pozdnyakov, Ceriotti, J. Chem. Phys. 161, 044116 (2024),
    doi:10.1063/5.0208746, whose clusters are not public. Target ``energy`` ``(structure,)`` in eV,
    the key ``elec. Free Energy [eV]`` of each comment line.

    :param path: extended xyz, compressed if it ends in ``.gz``
    :raises ValueError: naming the file and the structure, if it is not of gold alone or has no
        finite energy
    """
    from ase.io import read  # loads scipy, which most who read data do not need

    found = read(path, index=":", format="extxyz")
    energies = []
    for index, frame in enumerate(found):
        if (frame.numbers != 79).any():
            raise ValueError(f"{path}: structure {index} holds other atoms than gold.")
        energy = frame.info.get(_ENERGY, np.nan)
        if not np.isfinite(energy):
            raise ValueError(f"{path}: structure {index} has no finite {_ENERGY!r} in its comment.")
        energies.append(float(energy))
    frames = [ase.Atoms(numbers=frame.numbers, positions=frame.positions) for frame in found]
    return Dataset("gold", frames, {"energy": np.array(energies)})
