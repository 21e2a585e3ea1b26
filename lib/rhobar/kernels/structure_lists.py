"""Lists of structures, as kernels take them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import ase
import numpy as np
from metatomic.torch import System
from numpy.typing import NDArray


def check_frames(frames: Sequence[ase.Atoms]) -> None:
    """
    Nothing, if there are structures in a list.

    :raises TypeError: for one structure without a list, or others than structures
    :raises ValueError: for an empty list
    """
    if isinstance(frames, ase.Atoms) or not hasattr(frames, "__len__"):
        raise TypeError(
            f"a list of ase.Atoms is due and {type(frames).__name__} was given; one structure "
            "goes into a list too."
        )
    if not len(frames):
        raise ValueError("the list of frames is empty; give at least one.")
    for number, frame in enumerate(frames):
        if not isinstance(frame, ase.Atoms):
            raise TypeError(
                f"structure {number} is of type {type(frame).__name__}; give a list of ase.Atoms."
            )


def check_lists(frames: Sequence[ase.Atoms], other: Sequence[ase.Atoms] | None) -> None:
    """The same for two lists; None: the first again."""
    check_frames(frames)
    if other is not None:
        check_frames(other)


def check_systems(systems: Sequence[System]) -> None:
    """
    Nothing, if these are no structures of ase, which are given by mistake most easily.

    :raises TypeError: if one is
    """
    for number, system in enumerate(systems):
        if isinstance(system, ase.Atoms):
            raise TypeError(
                f"system {number} is of type Atoms; make it a System by rhobar.systems.from_ase, "
                "with a neighbor list by neighbors_added."
            )


def all_types(frames: Iterable[ase.Atoms]) -> tuple[int, ...]:
    """All types of atoms that occur, sorted."""
    return tuple(sorted({int(a) for frame in frames for a in np.unique(frame.numbers)}))


def center_counts(
    frames: Iterable[ase.Atoms], center_types: Sequence[int] | None = None
) -> Counter[int]:
    """Number of centers of each type; None: of all."""
    counts: Counter[int] = Counter()
    for frame in frames:
        counts.update(dict(zip(*np.unique(frame.numbers, return_counts=True), strict=True)))
    return Counter(
        {int(a): int(n) for a, n in counts.items() if center_types is None or a in center_types}
    )


def center_pair_count(left: Counter[int], right: Counter[int]) -> int:
    """How many pairs of centers of one type there are."""
    return sum(n * right[a] for a, n in left.items())


def frames_digest(frames: Sequence[ase.Atoms]) -> str:
    """Checksum of types, positions, cells and periodicity, in their order."""
    digest = hashlib.sha256()
    for frame in frames:
        digest.update(np.int64(len(frame)).tobytes())
        arrays: list[NDArray[Any]] = [frame.numbers, frame.positions, frame.cell.array, frame.pbc]
        for array in arrays:
            digest.update(np.ascontiguousarray(array, dtype=np.float64).tobytes())
    return digest.hexdigest()
