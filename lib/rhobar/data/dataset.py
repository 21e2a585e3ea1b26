"""Structures with their targets, the form in which every reader hands data over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import ase
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Dataset:
    """
    Structures with their targets, and what the reader left out.

    :param name: name of the data set, e.g. ``"qm9"``; appears in messages and file names
    :param frames: one ``ase.Atoms`` per structure, positions in Å. Per-atom targets are in
        ``frame.arrays``, e.g. ``"forces"`` ``(atom, 3)`` in eV/Å
    :param targets: per-structure targets, the first axis is the structure: ``"energy"``
        ``(structure,)`` in eV, ``"dipole"`` ``(structure, 3)`` in e·Å, …; whole numbers, such as
        the index of a structure in its source, keep their integer type
    :param dropped: reason → number of structures of the source that were left out for it
    """

    name: str
    frames: list[ase.Atoms]
    targets: dict[str, NDArray[Any]] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key, values in self.targets.items():
            rows = np.shape(values)[:1]
            if rows != (len(self.frames),):
                raise ValueError(
                    f"Dataset {self.name!r} has {len(self.frames)} frames, but its target {key!r} "
                    f"has shape {np.shape(values)}; give one row per frame."
                )

    def __repr__(self) -> str:
        return f"<Dataset {self.name!r}: {len(self)} structures, targets {sorted(self.targets)}>"

    def __len__(self) -> int:
        return len(self.frames)

    def subset(self, indices: Sequence[int] | NDArray[np.integer]) -> Dataset:
        """The structures at ``indices`` (0-based, in this order); ``dropped`` is kept."""
        rows = np.asarray(indices)
        if rows.size == 0:
            rows = rows.astype(np.int64)
        if rows.ndim != 1 or not np.issubdtype(rows.dtype, np.integer):
            raise ValueError(
                f"Dataset {self.name!r}: subset takes a list of integers, got {rows.dtype} of "
                f"shape {rows.shape}; turn a mask into indices with numpy.flatnonzero."
            )
        outside = rows[(rows < 0) | (rows >= len(self))]
        if outside.size:
            raise ValueError(
                f"Dataset {self.name!r} has {len(self)} structures, index {int(outside[0])} is "
                f"not one of them; indices run from 0 to {len(self) - 1}."
            )
        frames = [self.frames[int(row)] for row in rows]
        targets = {key: np.asarray(values)[rows] for key, values in self.targets.items()}
        return Dataset(self.name, frames, targets, dict(self.dropped))
