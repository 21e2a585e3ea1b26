"""Factors to eV and Å (CODATA 2018, by ase.units); the readers convert where data enters."""

from __future__ import annotations

import ase.units

_UNITS = ase.units.create_units("2018")

HARTREE: float = _UNITS["Hartree"]  # eV
BOHR: float = _UNITS["Bohr"]  # Å
DEBYE: float = _UNITS["Debye"]  # e·Å
KCAL_PER_MOL: float = _UNITS["kcal"] / _UNITS["mol"]  # eV
CAL_PER_MOL_KELVIN: float = 1e-3 * KCAL_PER_MOL  # eV/K

# energy unit as written in a data file -> factor to eV; lengths in such files are Å throughout
ENERGY_UNITS = {"eV": 1.0, "hartree": HARTREE, "kcal/mol": KCAL_PER_MOL}

# Å and eV/Å: positions of the reference data are rounded to it before they are labelled, and all
# vectors of atoms are stored as whole multiples of it, so that a file holds what was labelled
MICRO = 1e-6
