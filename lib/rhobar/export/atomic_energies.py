"""Energies of atoms as metatomic wants them: named, chosen, summed."""

from typing import Dict, List, Optional  # noqa: UP035

import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import ModelOutput, System
from torch import Tensor


class AtomicEnergies(torch.nn.Module):
    """Energies that are sums over atoms, with the interface that metatomic wants."""

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
        samples, types = atoms_of(systems)
        energies = self.of_atoms(systems, selected_atoms, samples, types)
        per_atom = outputs["energy"].sample_kind == "atom"
        results["energy"] = energies_of(energies, samples, len(systems), per_atom, selected_atoms)
        return results

    def of_atoms(
        self,
        systems: list[System],
        selected_atoms: Optional[Labels],  # noqa: UP045 - scripted
        samples: Tensor,
        types: Tensor,
    ) -> Tensor:
        """
        Energies of all atoms ``(atom,)``; those not selected may be anything.

        :param samples: ``(atom, 2)`` and ``types`` ``(atom,)``, as :func:`atoms_of` gives them
        """
        raise NotImplementedError


def atoms_of(systems: list[System]) -> tuple[Tensor, Tensor]:
    """System and number in it of each atom ``(atom, 2)``, and its type."""
    samples: list[Tensor] = []
    types: list[Tensor] = []
    for k, system in enumerate(systems):
        number = torch.arange(len(system), device=system.types.device)
        samples.append(torch.stack([torch.full_like(number, k), number], 1))
        types.append(system.types.to(torch.int64))
    return torch.cat(samples), torch.cat(types)


def energies_of(
    energies: Tensor,
    samples: Tensor,
    n_systems: int,
    per_atom: bool,
    selected_atoms: Optional[Labels],  # noqa: UP045 - scripted
) -> TensorMap:
    """
    The output ``energy``, of atoms or of systems.

    :param energies: ``(atom,)`` of all atoms
    :param samples: ``(atom, 2)``, as :func:`atoms_of` gives them
    :param selected_atoms: names ``system, atom``: those that count; None: all
    """
    if selected_atoms is not None:
        labels = Labels(["system", "atom"], samples.to(torch.int32))
        chosen = labels.select(selected_atoms.to(samples.device)).sort().values
        samples, energies = samples[chosen], energies[chosen]
    if per_atom:
        return _energy_map(energies, Labels(["system", "atom"], samples.to(torch.int32)))
    total = torch.zeros([n_systems], dtype=energies.dtype, device=energies.device)
    total = total.index_add(0, samples[:, 0], energies)
    numbers = torch.arange(n_systems, dtype=torch.int32, device=energies.device)
    return _energy_map(total, Labels(["system"], numbers.unsqueeze(1)))


def _energy_map(energies: Tensor, samples: Labels) -> TensorMap:
    """One block of energies as metatomic defines this output."""
    zero = torch.zeros([1, 1], dtype=torch.int32, device=energies.device)
    no_components: list[Labels] = []
    block = TensorBlock(
        values=energies.unsqueeze(1),
        samples=samples,
        components=no_components,
        properties=Labels(["energy"], zero),
    )
    return TensorMap(Labels(["_"], zero), [block])
