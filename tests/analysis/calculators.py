"""ASE calculators, good and bad, to be found by their import path."""

from __future__ import annotations

from typing import Any, ClassVar

import ase
import numpy as np
from ase.calculators.calculator import Calculator, all_changes


class _EnergyAlone(Calculator):
    """What an energy needs to be a calculator."""

    implemented_properties: ClassVar[list[str]] = ["energy"]

    def calculate(
        self,
        atoms: ase.Atoms | None = None,
        properties: Any = ("energy",),
        system_changes: Any = all_changes,
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        assert atoms is not None
        self.results["energy"] = float(self.energy_of(atoms))

    def energy_of(self, atoms: ase.Atoms) -> float:
        raise NotImplementedError


class Pairs(_EnergyAlone):
    """A pair potential that wants a periodic box, of H and C alone."""

    def energy_of(self, atoms: ase.Atoms) -> float:
        if not atoms.pbc.all():
            raise RuntimeError("this code needs a periodic cell")
        if not set(atoms.numbers) <= {1, 6}:
            raise KeyError(f"no parameters for {sorted(set(atoms.numbers) - {1, 6})}")
        return np.exp(-atoms.get_all_distances(mic=True)).sum()


class Tilted(_EnergyAlone):
    """Distances, and a bit of x: no structure is as its copies."""

    def energy_of(self, atoms: ase.Atoms) -> float:
        distances = np.exp(-atoms.get_all_distances()).sum()
        return distances + 1e-3 * np.sin(atoms.positions[:, 0]).sum()


class Empty(Calculator):
    """Knows charges only."""

    implemented_properties: ClassVar[list[str]] = ["charges"]
