"""Networks of distances with the interface that metatomic wants."""

from typing import Optional

from metatensor.torch import Labels
from metatomic.torch import NeighborListOptions, System
from torch import Tensor

from rhobar.models import DistanceGnn

from .atomic_energies import AtomicEnergies


class NetworkEnergy(AtomicEnergies):
    """
    Energies of a :class:`~rhobar.models.DistanceGnn`, of systems or of atoms.

    :param model: trained or not
    """

    def __init__(self, model: DistanceGnn):
        super().__init__()
        self.model = model

    def requested_neighbor_lists(self) -> list[NeighborListOptions]:
        """Those of the network."""
        return self.model.requested_neighbor_lists()

    def of_atoms(
        self,
        systems: list[System],
        selected_atoms: Optional[Labels],  # noqa: ARG002, UP045 - all atoms pass messages
        samples: Tensor,  # noqa: ARG002
        types: Tensor,  # noqa: ARG002
    ) -> Tensor:
        """Energies of all atoms, ``(atom,)``."""
        return self.model.atomic_energies(self.model.graphs(systems))
