"""Kernel models with the interface that metatomic wants."""

from typing import Optional

from metatensor.torch import Labels
from metatomic.torch import NeighborListOptions, System
from torch import Tensor

from rhobar.models import WignerPotential

from .atomic_energies import AtomicEnergies


class KernelEnergy(AtomicEnergies):
    """
    Energies of a :class:`~rhobar.models.WignerPotential`, of systems or of atoms.

    Only first derivatives are right, those of forces and stress; see there.

    :param potential: of a fitted model
    """

    def __init__(self, potential: WignerPotential):
        super().__init__()
        self.potential = potential

    def requested_neighbor_lists(self) -> list[NeighborListOptions]:
        """Those of the density."""
        return self.potential.requested_neighbor_lists()

    def of_atoms(
        self,
        systems: list[System],
        selected_atoms: Optional[Labels],  # noqa: ARG002, UP045 - all at once
        samples: Tensor,  # noqa: ARG002
        types: Tensor,  # noqa: ARG002
    ) -> Tensor:
        """Energies of all atoms, ``(atom,)``."""
        energies: Tensor = self.potential(systems)
        return energies
