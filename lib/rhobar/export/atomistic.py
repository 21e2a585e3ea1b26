"""Models as files that simulation engines load without Python."""

from pathlib import Path
from typing import Optional, cast

import torch
from metatensor.torch import Labels, TensorMap
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
from rhobar.models import DistanceGnn, LinearModel, SparseWignerModel, WignerModel

from .atomic_energies import AtomicEnergies
from .kernel_energy import KernelEnergy
from .network_energy import NetworkEnergy

Exported = LinearModel | DistanceGnn | SparseWignerModel | WignerModel


def export_model(model: Exported, path: str | Path) -> None:
    """
    Write a model as a metatomic model (``.pt``), which engines load as it is.

    Its output ``energy`` is in eV, of systems or of atoms, for positions in Å; forces follow by
    autograd. Linear and kernel models take the atomic types of the training structures, and their
    interaction range is the cutoff of the descriptor; that of a network is as far as its messages
    go, without a cutoff infinite. The file appears complete or not at all.

    :raises TypeError: for other models, whose energies are no sums over features
    :raises ValueError: if a model is not fitted that has to be
    """
    if not isinstance(model, Exported):
        raise TypeError(
            f"export_model: got a {type(model).__name__}; only a LinearModel, a DistanceGnn, a "
            "WignerModel or a SparseWignerModel can be exported."
        )
    with written_beside(path) as temporary:
        exported(model).save(str(temporary))


def exported(model: Exported) -> AtomisticModel:
    """The metatomic model of :func:`export_model`, in memory."""
    if isinstance(model, DistanceGnn):
        network = NetworkEnergy(model).eval()
        types: list[int] = model.types.tolist()
        single = model.scale.dtype == torch.float32
        reach = model.interaction_range()
        return _atomistic(network, "network of distances", types, reach, single=single)
    if isinstance(model, SparseWignerModel | WignerModel):
        kernels = KernelEnergy(model.potential()).eval()
        known = list(model.composition.atomic_types)
        return _atomistic(kernels, "Wigner kernels", known, model.kernel.density.cutoff)
    module = LinearEnergy(model).eval()
    (neighbors,) = module.requested_neighbor_lists()
    name = f"linear model of {type(model.descriptor).__name__}"
    return _atomistic(module, name, list(model.composition.atomic_types), neighbors.cutoff)


def _atomistic(
    module: torch.nn.Module,
    name: str,
    atomic_types: list[int],
    interaction_range: float,
    *,
    single: bool = False,
) -> AtomisticModel:
    capabilities = ModelCapabilities(
        outputs={"energy": ModelOutput(unit="eV", sample_kind="atom", explicit_gradients=[])},
        atomic_types=atomic_types,
        interaction_range=interaction_range,
        length_unit="angstrom",
        supported_devices=["cpu", "cuda"],
        dtype="float32" if single else "float64",
    )
    metadata = ModelMetadata(name=name, description=f"written by rhobar {rhobar.__version__}")
    return AtomisticModel(module, metadata, capabilities)


class LinearEnergy(AtomicEnergies):
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

    def of_atoms(
        self,
        systems: list[System],
        selected_atoms: Optional[Labels],  # noqa: UP045 - scripted
        samples: Tensor,
        types: Tensor,
    ) -> Tensor:
        """Energies of all atoms, ``(atom,)``; those not selected have no features."""
        sizes = torch.bincount(samples[:, 0], minlength=len(systems))
        first = torch.cumsum(sizes, 0) - sizes  # atom of each system among all
        energies = self._features_energies(systems, selected_atoms, first, types.shape[0])
        return energies + self.composition[torch.searchsorted(self.atomic_types, types)]

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
