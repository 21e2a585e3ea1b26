"""The published orbit of methane along which its power spectrum hardly changes."""

from __future__ import annotations

from pathlib import Path

import ase
import numpy as np

from rhobar.data.dataset import Dataset

_NUMBERS = [6, 1, 1, 1, 1]
_LARGEST_STEP = 0.02  # Å over all coordinates; those of the published file are 0.011 or less


def read_methane_orbit(path: str | Path) -> Dataset:
    """
    Structures of CH4 in the order of a path, from plain xyz (Å), carbon first; no targets.

    :func:`rhobar.analysis.quasi_constant_orbit` makes such paths; that of the file was followed
    from a structure of Pozdnyakov et al., J. Chem. Phys. 157, 177101 (2022),
    doi:10.1063/5.0088404, who answer Parsaeifard and Goedecker, doi:10.1063/5.0070488.

    :raises ValueError: naming the file, if it cannot be read, holds something else than CH4, or
        structures that do not follow each other
    """
    from ase.io import read as read_frames  # deferred: it loads much

    try:
        read = read_frames(path, index=":", format="xyz")
    except (ValueError, IndexError, KeyError) as error:
        raise ValueError(f"{path} is no xyz file, or is cut off: {error}") from error
    for index, frame in enumerate(read):
        if frame.numbers.tolist() != _NUMBERS:
            raise ValueError(f"{path}: structure {index} is {frame.symbols}, not C and four H.")
    positions = np.array([frame.positions for frame in read])
    if len(read) < 2 or not np.isfinite(positions).all():
        raise ValueError(f"{path} holds {len(read)} structures or a number that is not finite.")
    steps = np.linalg.norm(np.diff(positions - positions[:, :1], axis=0), axis=(1, 2))
    if steps.max() > _LARGEST_STEP:
        raise ValueError(
            f"{path}: structures {steps.argmax()} and {steps.argmax() + 1} are {steps.max():.3g} Å "
            "apart, which is no path; check the unit of the file, which is Å."
        )
    frames = [ase.Atoms(numbers=_NUMBERS, positions=one) for one in positions]
    return Dataset("methane orbit", frames)
