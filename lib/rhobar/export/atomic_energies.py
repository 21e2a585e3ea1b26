"""Energies of atoms as metatomic wants them: named, chosen, summed."""

from typing import Optional

import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import System
from torch import Tensor


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
