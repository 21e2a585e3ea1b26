"""Fitted models as files that simulation engines load without Python."""

from pathlib import Path
from typing import Dict, List, Optional, cast  # noqa: UP035

import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
)
from torch import Tensor

import rhobar
from rhobar.data import written_beside
from rhobar.models import LinearModel


def export_model(model: LinearModel, path: str | Path) -> None:
    """
    Write a fitted linear model as a metatomic model (``.pt``), which engines load as it is.

    Its output ``energy`` is in eV, of systems or of atoms, for positions in Å; forces follow by
    autograd. It takes the atomic types of the training structures; its interaction range is the
    cutoff of the descriptor. The file appears complete or not at all.

    :raises TypeError: for other models: their energies are no sums over features
    :raises ValueError: if the model is not fitted
    """
    if not isinstance(model, LinearModel):
        raise TypeError(
            f"export_model: got a {type(model).__name__}; only a LinearModel can be exported."
        )
    with written_beside(path) as temporary:
        exported(model).save(str(temporary))


def exported(model: LinearModel) -> AtomisticModel:
    """The metatomic model of :func:`export_model`, in memory."""
    module = LinearEnergy(model).eval()
    (neighbors,) = module.requested_neighbor_lists()
    capabilities = ModelCapabilities(
        outputs={"energy": ModelOutput(unit="eV", sample_kind="atom", explicit_gradients=[])},
        atomic_types=list(model.composition.atomic_types),
        interaction_range=neighbors.cutoff,
        length_unit="angstrom",
        supported_devices=["cpu", "cuda"],
        dtype="float64",
    )
    metadata = ModelMetadata(
        name=f"linear model of {type(model.descriptor).__name__}",
        description=f"written by rhobar {rhobar.__version__}",
    )
    return AtomisticModel(module, metadata, capabilities)


class LinearEnergy(torch.nn.Module):
    r"""
    Energies of a :class:`~rhobar.models.LinearModel` with the interface that metatomic wants.

    .. math:: E(A) = \sum_{i \in A} \Big[ e_{a_i} + \sum_b w_b \cdot p_{ib} \Big]

    with blocks b of features, divided by their length :math:`|p_i|` where the model normalises.

    :param model: a fitted model
    """

    block_keys: Tensor
    weights: Tensor
    atomic_types: Tensor
    composition: Tensor

    def __init__(self, model: LinearModel):
        super().__init__()
        weights = model.weights()
        self.descriptor = cast(torch.nn.Module, model.descriptor)
        self.normalize = model.normalize
        self.key_names: list[str] = list(weights.keys.names)
        self.sizes = [block.values.shape[1] for block in weights.blocks()]
        flat = [block.values[0] for block in weights.blocks()]
        self.register_buffer("block_keys", weights.keys.values)
        self.register_buffer("weights", torch.cat(flat))
        types = torch.tensor(model.composition.atomic_types, dtype=torch.int64)
        self.register_buffer("atomic_types", types)
        self.register_buffer("composition", model.composition.energies)

    def requested_neighbor_lists(self) -> list[NeighborListOptions]:
        """The list of the descriptor."""
        options: list[NeighborListOptions] = self.descriptor.requested_neighbor_lists()  # type: ignore[operator]
        return options

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
        samples, types = _atoms(systems)
        first = torch.zeros_like(types)
        n_systems = len(systems)
        sizes = torch.bincount(samples[:, 0], minlength=n_systems)
        first = torch.cumsum(sizes, 0) - sizes  # atom of each system among all
        energies = self._features_energies(systems, selected_atoms, first, types.shape[0])
        energies = energies + self.composition[torch.searchsorted(self.atomic_types, types)]
        if selected_atoms is not None:
            labels = Labels(["system", "atom"], samples.to(torch.int32))
            chosen = labels.select(selected_atoms.to(samples.device)).sort().values
            samples, energies = samples[chosen], energies[chosen]
        if outputs["energy"].sample_kind == "atom":
            labels = Labels(["system", "atom"], samples.to(torch.int32))
            results["energy"] = _energy_map(energies, labels)
        else:
            total = torch.zeros([n_systems], dtype=energies.dtype, device=energies.device)
            total = total.index_add(0, samples[:, 0], energies)
            numbers = torch.arange(n_systems, dtype=torch.int32, device=energies.device)
            results["energy"] = _energy_map(total, Labels(["system"], numbers.unsqueeze(1)))
        return results

    def _features_energies(
        self,
        systems: list[System],
        selected_atoms: Optional[Labels],  # noqa: UP045 - scripted
        first: Tensor,
        n_atoms: int,
    ) -> Tensor:
        """What features contribute to the energies of all atoms, ``(atom,)``."""
        keys = Labels(self.key_names, self.block_keys)
        features: TensorMap = self.descriptor(systems, selected_atoms, keys)
        energies = torch.zeros([n_atoms], dtype=self.weights.dtype, device=self.weights.device)
        squares = torch.zeros_like(energies)
        start = 0
        for k, size in enumerate(self.sizes):
            block = features.block(k)
            places = block.samples.values.to(torch.int64)
            atom = first[places[:, 0]] + places[:, 1]
            weights = self.weights[start : start + size]
            energies = energies.index_add(0, atom, torch.mv(block.values, weights))
            squares = squares.index_add(0, atom, block.values.square().sum(1))
            start += size
        if not self.normalize:
            return energies
        # where comes before the root, whose derivative at zero is infinite
        return energies * torch.where(squares > 0, squares, torch.ones_like(squares)).rsqrt()


def _atoms(systems: list[System]) -> tuple[Tensor, Tensor]:
    """System and number in it of each atom ``(atom, 2)``, and its type."""
    samples: list[Tensor] = []
    types: list[Tensor] = []
    for k, system in enumerate(systems):
        number = torch.arange(len(system), device=system.types.device)
        samples.append(torch.stack([torch.full_like(number, k), number], 1))
        types.append(system.types.to(torch.int64))
    return torch.cat(samples), torch.cat(types)


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
