"""Structures as arrays of a model's file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ase
import numpy as np
from numpy.typing import NDArray

_PREFIX = "frames/"


def frame_arrays(frames: Sequence[ase.Atoms]) -> dict[str, NDArray[Any]]:
    """
    Types ``(atom,)``, positions and cells in Å and sizes of ``frames``, under ``frames/…``.

    Calculators, constraints and other arrays are left out.
    """
    return {
        f"{_PREFIX}n_atoms": np.array([len(frame) for frame in frames], dtype=np.int64),
        f"{_PREFIX}numbers": np.concatenate([frame.numbers for frame in frames]).astype(np.int64),
        f"{_PREFIX}positions": np.concatenate([frame.positions for frame in frames]),
        f"{_PREFIX}cell": np.array([np.asarray(frame.cell) for frame in frames]),
        f"{_PREFIX}pbc": np.array([frame.pbc for frame in frames]),
    }


def frames_of_arrays(arrays: Mapping[str, NDArray[Any]]) -> list[ase.Atoms]:
    """
    What :func:`frame_arrays` was given.

    :raises KeyError: for an array that is not there
    """
    stop = np.cumsum(arrays[f"{_PREFIX}n_atoms"])
    start = stop - arrays[f"{_PREFIX}n_atoms"]
    return [
        ase.Atoms(
            numbers=arrays[f"{_PREFIX}numbers"][first:last],
            positions=arrays[f"{_PREFIX}positions"][first:last],
            cell=cell,
            pbc=pbc,
        )
        for first, last, cell, pbc in zip(
            start, stop, arrays[f"{_PREFIX}cell"], arrays[f"{_PREFIX}pbc"], strict=True
        )
    ]
