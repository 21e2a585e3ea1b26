"""Predictions of models that have a differentiable potential."""

from __future__ import annotations

from collections.abc import Sequence

import ase
import numpy as np
import torch

from rhobar.models.energy_model import Prediction
from rhobar.models.environments import cuts
from rhobar.models.wigner_potential import WignerPotential
from rhobar.systems import from_ase, neighbors_added

_ATOMS = 1000  # coefficients of so many atoms and what backward keeps of them: some 200 MB


def predicted(
    potential: WignerPotential, frames: Sequence[ase.Atoms], *, forces: bool, per_atom: bool
) -> Prediction:
    """Energies of ``frames`` and, if asked for, their forces and the energies of their atoms."""
    cutoff = potential.requested_neighbor_lists()[0].cutoff
    atomic: list[np.ndarray] = []
    found: list[np.ndarray] = []
    for start, stop in cuts([len(frame) for frame in frames], _ATOMS):
        systems = [from_ase(frame, requires_grad=forces) for frame in frames[start:stop]]
        positions = [system.positions for system in systems]
        energies = potential(neighbors_added(systems, cutoff))
        sizes = [len(system) for system in systems]
        atomic += [part.numpy() for part in energies.detach().split(sizes)]
        if forces and energies.requires_grad:
            slopes = torch.autograd.grad(energies.sum(), positions, materialize_grads=True)
            found += [-slope.numpy() for slope in slopes]
        elif forces:  # nothing but lone atoms
            found += [np.zeros((size, 3)) for size in sizes]
    return Prediction(
        energies=np.array([part.sum() for part in atomic]),
        forces=found if forces else None,
        atomic_energies=atomic if per_atom else None,
    )
