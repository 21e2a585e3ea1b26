"""What a structure must be before anything is computed from it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MINIMUM_DISTANCE = 1e-3
"""Å; two different atoms closer than this are taken for an error of the input"""


def validate(
    positions: NDArray[np.float64],
    system_ptr: NDArray[np.int64],
    cells: NDArray[np.float64],
    pbc: NDArray[np.bool_],
    *,
    first: int = 0,
) -> None:
    """
    Refuse positions that are no numbers and periodic directions without a cell.

    :param positions: ``(atom, 3)``, Å, of all structures
    :param system_ptr: ``(system + 1,)``, where each structure's atoms begin
    :param cells: ``(system, 3, 3)``, Å
    :param pbc: ``(system, 3)``
    :param first: number of the first structure, for the message
    :raises ValueError: naming the frame and the atom
    """
    if not np.isfinite(positions).all():
        atom = int(np.nonzero(~np.isfinite(positions).all(axis=1))[0][0])
        system = int(np.searchsorted(system_ptr, atom, side="right")) - 1
        raise ValueError(
            f"frame {first + system}, atom {atom - system_ptr[system]}: position "
            f"{positions[atom].tolist()} is not finite. Correct or leave out this frame."
        )
    if not np.isfinite(cells).all():
        system = int(np.nonzero(~np.isfinite(cells).all(axis=(1, 2)))[0][0])
        raise ValueError(
            f"frame {first + system}: the cell {cells[system].tolist()} is not finite."
        )
    if not pbc.any():
        return
    for system in np.nonzero(pbc.any(axis=1))[0].tolist():
        vectors = cells[system][pbc[system]]
        # independent periodic vectors span a positive length, area or volume
        if np.sqrt(abs(np.linalg.det(vectors @ vectors.T))) < 1e-6:
            raise ValueError(
                f"frame {first + system}: periodic along {pbc[system].tolist()} but its cell "
                f"{cells[system].tolist()} (Å) spans no volume there. Give the lattice vectors, or "
                "set pbc to False."
            )


def refuse_overlaps(
    distances: NDArray[np.float64],
    center: NDArray[np.int64],
    neighbor: NDArray[np.int64],
    system_ptr: NDArray[np.int64],
    *,
    first: int = 0,
) -> None:
    """
    Refuse two different atoms at one place.

    :param distances: ``(pair,)``, Å
    :param center: ``(pair,)``, atom of the batch; ``neighbor`` likewise
    :raises ValueError: naming frame, atoms and distance
    """
    if not len(distances) or distances.min() >= MINIMUM_DISTANCE:
        return
    for pair in np.nonzero(distances < MINIMUM_DISTANCE)[0]:
        i, j = int(center[pair]), int(neighbor[pair])
        system = int(np.searchsorted(system_ptr, i, side="right")) - 1
        start = system_ptr[system]
        raise ValueError(
            f"frame {first + system}: atoms {i - start} and {j - start} are "
            f"{distances[pair]:.2e} Å apart, closer than {MINIMUM_DISTANCE} Å. Correct or leave "
            "out this frame."
        )
