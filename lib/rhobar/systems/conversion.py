"""ase.Atoms ⇄ metatomic System."""

from __future__ import annotations

import ase
import numpy as np
import torch
from metatomic.torch import System

from .batch import batched


def from_ase(
    atoms: ase.Atoms,
    *,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
    requires_grad: bool = False,
) -> System:
    """
    Types, positions (Å), cell (Å) and periodicity of ``atoms``, checked.

    Cell vectors along directions that are not periodic are set to zero, as a System wants it.

    :param requires_grad: whether positions and cell record what is computed from them
    :raises ValueError: see :func:`rhobar.systems.validate`
    """
    batched([atoms])
    cell = np.where(atoms.pbc[:, None], atoms.cell.array, 0.0)
    return System(
        types=torch.tensor(atoms.numbers, dtype=torch.int32, device=device),
        positions=torch.tensor(
            atoms.positions, dtype=dtype, device=device, requires_grad=requires_grad
        ),
        cell=torch.tensor(cell, dtype=dtype, device=device, requires_grad=requires_grad),
        pbc=torch.tensor(atoms.pbc, device=device),
    )


def to_ase(system: System) -> ase.Atoms:
    """The structure of ``system`` without what else it may hold (neighbors, data)."""
    return ase.Atoms(
        numbers=system.types.cpu().numpy(),
        positions=system.positions.detach().cpu().double().numpy(),
        cell=system.cell.detach().cpu().double().numpy(),
        pbc=system.pbc.cpu().numpy(),
    )
