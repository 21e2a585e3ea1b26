"""Many structures as a few arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ase
import numpy as np
from numpy.typing import NDArray

from .validation import validate


@dataclass(frozen=True)
class Batch:
    """Atoms of all structures one after the other; lengths in Å."""

    positions: NDArray[np.float64]
    """``(atom, 3)``"""
    types: NDArray[np.int32]
    """``(atom,)``, atomic numbers"""
    system_ptr: NDArray[np.int64]
    """``(system + 1,)``; the atoms of structure s are ``system_ptr[s]:system_ptr[s + 1]``"""
    cells: NDArray[np.float64]
    """``(system, 3, 3)``, rows are lattice vectors"""
    pbc: NDArray[np.bool_]
    """``(system, 3)``"""

    @property
    def atom_system(self) -> NDArray[np.int64]:
        """``(atom,)``, the structure of each atom."""
        return np.repeat(np.arange(len(self.pbc)), np.diff(self.system_ptr))


def batched(frames: Sequence[ase.Atoms], *, first: int = 0) -> Batch:
    """
    Gather ``frames`` and check them once, all together.

    :param first: number of the first frame in errors, where ``frames`` is a part of a longer list
    :raises ValueError: see :func:`validate`
    """
    numbers = [frame.arrays["numbers"] for frame in frames]
    none = np.zeros((0, 3))
    batch = Batch(
        positions=np.concatenate([none, *(frame.arrays["positions"] for frame in frames)]),
        types=np.concatenate([np.zeros(0, np.int32), *numbers], dtype=np.int32, casting="unsafe"),
        system_ptr=np.cumsum([0, *map(len, numbers)]),
        cells=np.concatenate([none, *(frame.cell.array for frame in frames)]).reshape(-1, 3, 3),
        pbc=np.concatenate([np.zeros(0, np.bool_), *(f.pbc for f in frames)]).reshape(-1, 3),
    )
    validate(batch.positions, batch.system_ptr, batch.cells, batch.pbc, first=first)
    return batch
