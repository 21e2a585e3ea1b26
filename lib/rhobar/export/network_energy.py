"""Networks of distances with the interface that metatomic wants."""

from typing import Dict, List, Optional  # noqa: UP035

import torch
from metatensor.torch import Labels, TensorMap
from metatomic.torch import ModelOutput, NeighborListOptions, System

from rhobar.models import DistanceGnn

from .atomic_energies import atoms_of, energies_of


class NetworkEnergy(torch.nn.Module):
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

    # metatomic compares these annotations with its own, which are written this way
    def forward(
        self,
        systems: List[System],  # noqa: UP006
        outputs: Dict[str, ModelOutput],  # noqa: UP006
        selected_atoms: Optional[Labels],  # noqa: UP045
    ) -> Dict[str, TensorMap]:  # noqa: UP006
        """
        ``energy``, if it is among ``outputs``, in eV.

        :param selected_atoms: names ``system, atom``: whose energies are meant; others are
            neighbors only
        """
        results: dict[str, TensorMap] = {}
        if "energy" not in outputs:
            return results
        samples, _ = atoms_of(systems)
        energies = self.model.atomic_energies(self.model.graphs(systems))
        per_atom = outputs["energy"].sample_kind == "atom"
        results["energy"] = energies_of(energies, samples, len(systems), per_atom, selected_atoms)
        return results
