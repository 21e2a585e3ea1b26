"""Energies of atoms from Wigner kernels with given environments: what a fitted model evaluates."""

import copy
from typing import Any, List, Tuple  # noqa: UP035 - scripted

import torch
from metatensor.torch import Labels
from metatomic.torch import NeighborListOptions, System
from torch import Tensor
from torch.autograd.function import once_differentiable

from rhobar.kernels import WignerKernel, dense_density
from rhobar.ops import CgIteration, RotationPowers, WeightedKernels


class WignerPotential(torch.nn.Module):
    r"""
    A sum over atoms, each compared with the environments that a model keeps of its type.

    .. math:: E(A) = \sum_{i \in A} \Big[ e_{a_i} + \sum_{t: a_t = a_i} w_t
        \sum_{\nu=1}^{\nu_{max}} b_\nu \kappa^\nu(i, t) \Big]

    Differentiable once, by positions and cell: derivatives come with the values, in memory that
    does not grow with the number of environments, and have none of their own. Compiled on a CPU,
    in float64 and on a GPU with the extra ``gpu``; in TorchScript, in float32 on a CPU and on other
    devices in torch.

    :param kernel: of invariants
    :param atomic_types: the types it knows, sorted
    :param environments: for each type ``(environment, (l_max + 1)**2, channel)``, with channels
        for all ``atomic_types``
    :param weights: for each type w ``(environment,)``, eV
    :param nu_weights: b of ν = 1 … nu_max
    :param type_energies: e, eV
    """

    types: Tensor
    environments: Tensor
    weights: Tensor
    type_energies: Tensor
    compressions: Tensor
    block_keys: Tensor
    is_center: Tensor

    def __init__(
        self,
        kernel: WignerKernel,
        atomic_types: list[int],
        environments: list[Tensor],
        weights: list[Tensor],
        nu_weights: Tensor,
        type_energies: Tensor,
    ):
        super().__init__()
        iteration = kernel.pair_kernel()
        if not isinstance(iteration, CgIteration | RotationPowers):
            raise TypeError(f"WignerPotential: no weights for kernels by {iteration!r}.")
        self.iteration = iteration
        # a copy of its own: moved to a device or another dtype, it must not take the kernel along
        self.expansion = copy.deepcopy(kernel.density.expansion)
        self.in_torch = WeightedKernels(iteration, nu_weights)
        self.atomic_types = list(map(int, atomic_types))
        self.ends = torch.tensor([0, *map(len, weights)]).cumsum(0).tolist()
        orders = range(kernel.density.l_max + 1)
        keys = [[l, 1, a, b] for a in atomic_types for b in atomic_types for l in orders]
        self.register_buffer("types", torch.tensor(atomic_types, dtype=torch.int64))
        self.register_buffer("environments", torch.cat(environments))
        self.register_buffer("weights", torch.cat(weights))
        self.register_buffer("type_energies", type_energies.detach().clone())
        self.register_buffer("compressions", kernel.density.compressions.clone())
        self.register_buffer("block_keys", torch.tensor(keys, dtype=torch.int32))
        centers = torch.tensor(atomic_types if kernel.center_types is None else kernel.center_types)
        self.register_buffer("is_center", torch.isin(self.types, centers))

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:  # noqa: UP006
        """The list that :meth:`forward` wants."""
        return self.expansion.requested_neighbor_lists()

    def forward(self, systems: List[System]) -> Tensor:  # noqa: UP006
        """
        Energies ``(atom,)`` in eV, of the atoms of all systems one after the other.

        :raises ValueError: for an atom of a type that the model does not know
        """
        sizes = [len(system) for system in systems]
        types = torch.cat([system.types.to(torch.int64) for system in systems])
        kind = torch.searchsorted(self.types, types).clamp_max(len(self.atomic_types) - 1)
        unknown = torch.where(self.types[kind] != types)[0]
        if len(unknown) > 0:
            raise ValueError(
                f"an atom has type {int(types[unknown[0]])}, which no training structure had; fit "
                "the model on structures with that type."
            )
        ends = torch.tensor(sizes, dtype=torch.int64, device=types.device).cumsum(0)
        first = ends - torch.tensor(sizes, device=types.device)
        energies = self.type_energies[kind]
        names = ["o3_lambda", "o3_sigma", "center_type", "neighbor_type"]
        blocks = self.expansion(systems, None, Labels(names, self.block_keys))
        for k in range(len(self.atomic_types)):
            rows = torch.where(kind == k)[0]
            if len(rows) == 0 or not bool(self.is_center[k]):
                continue
            place = torch.zeros_like(kind)
            place[rows] = torch.arange(len(rows), device=kind.device)
            densities = dense_density(
                blocks,
                self.atomic_types[k],
                self.atomic_types,
                self.compressions,
                place,
                first,
                len(rows),
            )
            found = self._compared(densities, self.ends[k], self.ends[k + 1])
            energies = energies.index_add(0, rows, found)
        return energies

    def _compared(self, densities: Tensor, start: int, stop: int) -> Tensor:
        """Weighted kernels ``(row,)`` with the environments of one type."""
        environments, weights = self.environments[start:stop], self.weights[start:stop]
        if torch.jit.is_scripting() or not _is_compiled(densities):  # type: ignore[attr-defined]
            values, slopes = self.in_torch(densities.detach(), environments, weights)
            # no function of its own can be scripted: a product with the right derivative instead
            changes = ((densities - densities.detach()) * slopes).sum(dim=[1, 2])
            linear: Tensor = values + changes
            return linear
        return self._compiled(densities, environments, weights)

    @torch.jit.unused
    def _compiled(self, densities: Tensor, environments: Tensor, weights: Tensor) -> Tensor:
        arguments = (environments, weights, self.in_torch.nu_weights, self.iteration)
        compared: Tensor = _WeightedKernels.apply(densities, *arguments)
        return compared


@torch.jit.unused
def _is_compiled(densities: Tensor) -> bool:
    from rhobar.ops import cuda

    if densities.device.type == "cpu":
        return densities.dtype == torch.float64  # the compiled loops know no other
    return cuda.is_available(densities.device)


class _WeightedKernels(torch.autograd.Function):
    """Compiled weighted kernels with their first derivatives."""

    @staticmethod
    def forward(
        ctx: Any,
        densities: Tensor,
        environments: Tensor,
        weights: Tensor,
        nu_weights: Tensor,
        iteration: CgIteration | RotationPowers,
    ) -> Tensor:
        from rhobar.ops import cpu, cuda

        compiled: Any = cuda if densities.is_cuda else cpu
        arguments = (iteration, densities, environments, weights, nu_weights)
        threads = torch.get_num_threads()
        if not ctx.needs_input_grad[0]:
            return compiled.weighted_values(*arguments, num_threads=threads)
        values, slopes = compiled.weighted_kernels(*arguments, num_threads=threads)
        ctx.save_for_backward(slopes)
        return values

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tuple[Tensor, None, None, None, None]:  # noqa: UP006
        (slopes,) = ctx.saved_tensors
        return gradient[:, None, None] * slopes, None, None, None, None
