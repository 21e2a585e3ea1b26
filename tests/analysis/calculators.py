"""ASE calculators, good and bad, to be found by their import path."""

from __future__ import annotations

from typing import Any, ClassVar

import ase
import numpy as np
from ase.calculators.calculator import Calculator, all_changes


class Pairs(Calculator):
    """A pair potential that wants a periodic box, of H and C alone."""

    implemented_properties: ClassVar[list[str]] = ["energy"]

    def calculate(
        self,
        atoms: ase.Atoms | None = None,
        properties: Any = ("energy",),
        system_changes: Any = all_changes,
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        assert atoms is not None
        if not atoms.pbc.all():
            raise RuntimeError("this code needs a periodic cell")
        if not set(atoms.numbers) <= {1, 6}:
            raise KeyError(f"no parameters for {sorted(set(atoms.numbers) - {1, 6})}")
        distances = atoms.get_all_distances(mic=True)
        self.results["energy"] = float(np.exp(-distances).sum())


class Tilted(Calculator):
    """Distances, and a bit of x: no structure is as its copies."""

    implemented_properties: ClassVar[list[str]] = ["energy"]

    def calculate(
        self,
        atoms: ase.Atoms | None = None,
        properties: Any = ("energy",),
        system_changes: Any = all_changes,
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        assert atoms is not None
        distances = np.exp(-atoms.get_all_distances()).sum()
        self.results["energy"] = float(distances + 1e-3 * np.sin(atoms.positions[:, 0]).sum())


class Empty(Calculator):
    """Knows charges only."""

    implemented_properties: ClassVar[list[str]] = ["charges"]
