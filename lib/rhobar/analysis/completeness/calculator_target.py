"""ASE calculators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import ase
import numpy as np
from numpy.typing import NDArray

from .target import AuditTarget, TargetTraits

Array = NDArray[np.float64]


class CalculatorTarget(AuditTarget):
    """
    Energies (eV) of an ASE calculator, of single atoms where it has them.

    :param calculator: with the property ``energy``, perhaps ``energies``
    :raises ValueError: if it has no energy
    """

    def __init__(self, calculator: Any, traits: TargetTraits) -> None:
        offered = list(calculator.implemented_properties)
        if "energy" not in offered:
            raise ValueError(
                f"{traits.name} has {', '.join(offered) or 'no properties'}; an audit needs an "
                "energy."
            )
        super().__init__(replace(traits, is_energy=True, by_center="energies" in offered))
        self.calculator = calculator

    def structure_rows(self, frames: Sequence[ase.Atoms]) -> Array:
        """Energies of structures."""
        return np.array([[self._of(atoms).get_potential_energy()] for atoms in frames])

    def center_rows(self, frames: Sequence[ase.Atoms], centers: Sequence[int]) -> Array:
        """Energies of single atoms."""
        energies = [self._of(atoms).get_potential_energies() for atoms in frames]
        return np.array([[of[center]] for of, center in zip(energies, centers, strict=True)])

    def _of(self, atoms: ase.Atoms) -> ase.Atoms:
        copy = atoms.copy()
        copy.calc = self.calculator
        return copy
