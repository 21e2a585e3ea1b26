"""The linear system that a fit of energies and forces solves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ase
import torch
from metatensor.torch import TensorMap

from rhobar.models.environments import EnvironmentFeatures
from rhobar.models.ridge import Ridge, RidgeSolution
from rhobar.models.structures import force_rows, sum_over_atoms


@dataclass(frozen=True)
class Design:
    """
    Rows that the weights multiply.

    :param energies: ``(structure, column)``, features summed over atoms
    :param forces: ``(atom * xyz, column)``, minus their gradients; None without forces
    :param n_atoms: number of atoms of each structure
    """

    energies: torch.Tensor
    forces: torch.Tensor | None
    n_atoms: list[int]

    @classmethod
    def of_frames(
        cls,
        frames: Sequence[ase.Atoms],
        environments: EnvironmentFeatures,
        columns: Callable[[TensorMap], TensorMap] | None = None,
        *,
        forces: bool,
    ) -> Design:
        """Rows of the environments' features, or of ``columns`` of them, chunk by chunk."""
        energies, slopes = [], []
        for chunk in environments.chunks(frames, gradients=forces):
            features = chunk.features if columns is None else columns(chunk.features)
            energies.append(sum_over_atoms(features, n_systems=len(chunk.n_atoms)))
            if forces:
                slopes.append(force_rows(features, n_atoms=chunk.n_atoms))
        return cls(
            torch.cat(energies),
            torch.cat(slopes) if forces else None,
            [len(frame) for frame in frames],
        )

    def rotated(self, matrix: torch.Tensor) -> Design:
        """The design whose columns are ``columns @ matrix``."""
        forces = None if self.forces is None else self.forces @ matrix
        return Design(self.energies @ matrix, forces, self.n_atoms)

    def solve(
        self,
        solver: Ridge,
        energies: torch.Tensor,
        forces: torch.Tensor | None = None,
        *,
        force_weight: float,
    ) -> RidgeSolution:
        """
        Weights with the loss of :class:`EnergyModel`; the last structures choose the regulariser.

        :param energies: ``(structure,)`` eV
        :param forces: ``(atom * xyz,)`` eV/Å
        """
        n_structures = len(energies)
        held_out = torch.zeros(n_structures, dtype=torch.bool)
        held_out[n_structures - solver.n_validation(n_structures) :] = True
        if forces is None or self.forces is None:
            return solver.fit(self.energies, energies, held_out)
        scales = _scale(energies), _scale(forces) * force_weight**0.5
        held_out_forces = held_out.repeat_interleave(3 * torch.tensor(self.n_atoms))
        return solver.fit(
            torch.cat([self.energies * scales[0], self.forces * scales[1]]),
            torch.cat([energies * scales[0], forces * scales[1]]),
            torch.cat([held_out, held_out_forces]),
        )


def _scale(targets: torch.Tensor) -> float:
    """The factor that makes the sum of squares of ``targets`` 1."""
    norm = float(targets.norm())
    return 1.0 / norm if norm > 0 else 1.0
