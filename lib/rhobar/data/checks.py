"""Checks of what a reader found: finite values, and magnitudes that betray a wrong unit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rhobar.data.units import HARTREE

# Total energies of free atoms, B3LYP/6-31G(2df,p), Hartree: Ramakrishnan, Dral, Rupp,
# von Lilienfeld, Sci. Data 1, 140022 (2014), doi:10.1038/sdata.2014.22, table of atom references.
FREE_ATOM_HARTREE = {
    1: -0.500273,
    6: -37.846772,
    7: -54.583861,
    8: -75.064579,
    9: -99.718730,
}


def free_atom_energies(
    numbers: Sequence[NDArray[np.integer]], atom_energies: dict[int, float]
) -> NDArray[np.float64]:
    """Sum of ``atom_energies`` (by atomic number) over the atoms of each structure."""
    table = np.full(119, np.nan)
    for number, energy in atom_energies.items():
        table[number] = energy
    return np.array([table[of_structure].sum() for of_structure in numbers])


def check_total_energies(
    energies: NDArray[np.float64], numbers: Sequence[NDArray[np.integer]], where: str
) -> None:
    r"""
    Refuse energies that are not total energies in eV.

    All-electron total energies of molecules of H, C, N, O, F differ between density functionals,
    and from the sum of their free atoms, by about 1 %: B3LYP (QM9) and PBE (revised MD17, random
    methane) give ratios of 0.97 to 1.02. A wrong unit gives 27, 23 or their inverse.

    :param energies: ``(structure,)``, eV
    :param numbers: atomic numbers of each structure, H, C, N, O, F only
    :raises ValueError: if a ratio lies outside 0.95 … 1.05
    """
    atoms = {number: energy * HARTREE for number, energy in FREE_ATOM_HARTREE.items()}
    ratio = energies / free_atom_energies(numbers, atoms)
    wrong = np.flatnonzero(~((ratio > 0.95) & (ratio < 1.05)))
    if wrong.size:
        first = int(wrong[0])
        raise ValueError(
            f"{where}: structure {first} has the energy {energies[first]:.6g} eV after conversion, "
            f"{ratio[first]:.4g} times that of its free atoms, where a total energy has 0.95 to "
            f"1.05 ({wrong.size} of {len(energies)} structures are outside). Check the unit the "
            "file is read with, and that it holds total energies."
        )


def check_forces(forces: Sequence[NDArray[np.float64]], where: str) -> None:
    """
    Refuse forces whose root mean square is not that of molecules far from equilibrium, in eV/Å.

    Revised MD17 at 500 K has 0.9 to 1.3 eV/Å, random methane 6.3 eV/Å; reading Hartree/bohr or
    kcal/mol/Å as eV/Å changes them by factors of 51 and 23.

    :param forces: ``(atom, 3)`` of each structure, eV/Å
    :raises ValueError: if the root mean square lies outside 0.3 … 20 eV/Å
    """
    rms = float(np.sqrt(np.mean(np.concatenate(forces) ** 2)))
    if not 0.3 < rms < 20.0:
        raise ValueError(
            f"{where}: the forces have a root mean square of {rms:.4g} eV/Å after conversion, "
            "expected 0.3 to 20 eV/Å. Check the unit the file is read with."
        )


def check_lengths(positions: Sequence[NDArray[np.float64]], where: str) -> None:
    """
    Refuse positions that are not Å: the mean shortest distance of a molecule is near 1 Å.

    Relaxed organic molecules have 0.96 to 1.1 Å (an O-H or C-H bond), random methane 0.9 Å on
    average; in bohr it would be 1.7 to 2.1, in nm 0.1. The first 100 structures are looked at.

    :param positions: ``(atom, 3)`` of each structure, Å
    :raises ValueError: if the mean lies outside 0.6 … 1.5 Å
    """
    shortest = []
    for of_structure in positions[:100]:
        distances = np.linalg.norm(of_structure[:, None] - of_structure[None, :], axis=-1)
        distances[np.diag_indices(len(distances))] = np.inf
        shortest.append(distances.min())
    mean = float(np.mean([d for d in shortest if np.isfinite(d)] or [1.0]))
    if not 0.6 < mean < 1.5:
        raise ValueError(
            f"{where}: the shortest distance of a structure is {mean:.4g} Å on average, expected "
            "0.6 to 1.5 Å. Check that its positions are in Å."
        )
