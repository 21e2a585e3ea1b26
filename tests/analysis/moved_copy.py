"""The same structure elsewhere."""

from __future__ import annotations

import ase
import numpy as np


def moved_copy(atoms: ase.Atoms, seed: int, *, mirror: bool = False) -> ase.Atoms:
    """A structure turned, moved, with its atoms in another order, perhaps its mirror image."""
    generator = np.random.default_rng(seed)
    matrix, _ = np.linalg.qr(generator.normal(size=(3, 3)))
    matrix *= np.linalg.det(matrix) * (-1 if mirror else 1)
    copy = atoms[generator.permutation(len(atoms))]
    copy.positions = copy.positions @ matrix + generator.uniform(-3, 3, 3)
    copy.set_cell(copy.cell.array @ matrix)
    return copy
