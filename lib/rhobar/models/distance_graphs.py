"""Many structures as one graph whose edges know a distance."""

from typing import NamedTuple, Optional

import torch
from metatensor.torch import TensorMap
from metatomic.torch import NeighborListOptions, System
from torch import Tensor


class DistanceGraphs(NamedTuple):
    """Atoms of all structures one after the other; every edge is there from both its ends."""

    types: Tensor
    """``(atom,)`` int64, place of each atom's type among those of the model"""
    system: Tensor
    """``(atom,)`` int64, not decreasing"""
    center: Tensor
    """``(edge,)`` int64, atom"""
    neighbor: Tensor
    """``(edge,)`` int64, atom; periodic images are edges of their own"""
    distances: Tensor
    """``(edge,)``, Å"""
    features: Tensor
    """``(atom, column)``, what else an atom knows of itself; no columns if nothing"""
    n_systems: int


def selected_graphs(graphs: DistanceGraphs, chosen: Tensor) -> DistanceGraphs:
    """
    Some of the structures, such as a batch, counted from 0 in the order of ``chosen``.

    :param chosen: ``(system,)`` int64, each at most once
    """
    place = torch.full([graphs.n_systems], -1, device=chosen.device)
    place[chosen] = torch.arange(len(chosen), device=chosen.device)
    system = place[graphs.system]
    atoms = torch.argsort(system, stable=True)[int((system < 0).sum()) :]
    number = torch.full_like(graphs.system, -1)
    number[atoms] = torch.arange(len(atoms), device=chosen.device)
    edges = torch.nonzero(number[graphs.center] >= 0)[:, 0]
    return DistanceGraphs(
        types=graphs.types[atoms],
        system=system[atoms],
        center=number[graphs.center[edges]],
        neighbor=number[graphs.neighbor[edges]],
        distances=graphs.distances[edges],
        features=graphs.features[atoms],
        n_systems=len(chosen),
    )


def atom_numbers(systems: list[System]) -> tuple[Tensor, Tensor]:
    """Atomic number, and number of its system, of every atom, ``(atom,)`` int64 both."""
    types: list[Tensor] = []
    numbers: list[Tensor] = []
    for k, system in enumerate(systems):
        types.append(system.types.to(torch.int64))
        numbers.append(torch.full_like(types[k], k))
    return torch.cat(types), torch.cat(numbers)


def edges_within(
    systems: list[System],
    options: Optional[NeighborListOptions],  # noqa: UP045 - scripted
) -> tuple[Tensor, Tensor, Tensor]:
    """
    Center, neighbor (atoms of all systems) and vector of each edge.

    :param options: of the list that the systems hold; None: all pairs of atoms of a system
    :raises ValueError: without a list, for a system that is periodic, or whose positions require
        gradients while its list does not
    """
    centers: list[Tensor] = []
    neighbors: list[Tensor] = []
    vectors: list[Tensor] = []
    first = 0
    for k, system in enumerate(systems):
        if options is None:
            if bool(system.pbc.any()):
                raise ValueError(
                    f"system {k} is periodic and has no end of distances; make the model with a "
                    "cutoff (Å)."
                )
            center, neighbor = _all_pairs(len(system), system.positions.device)
            vectors.append(system.positions[neighbor] - system.positions[center])
        else:
            block = system.get_neighbor_list(options)
            lost = system.positions.requires_grad and not block.values.requires_grad
            if lost and len(block.samples) > 0:
                raise ValueError(
                    f"positions of system {k} require gradients but its neighbor list does not; "
                    "add it by rhobar.systems.neighbors_added after setting requires_grad."
                )
            pairs = block.samples.values.to(torch.int64)
            center, neighbor = pairs[:, 0], pairs[:, 1]
            vectors.append(block.values.reshape(-1, 3))
        centers.append(center + first)
        neighbors.append(neighbor + first)
        first += len(system)
    return torch.cat(centers), torch.cat(neighbors), torch.cat(vectors)


def dense_features(features: TensorMap, system: Tensor, n_systems: int, columns: int) -> Tensor:
    """
    Features as one row per atom, ``(atom, column)``; columns of absent neighbors are zero.

    :param features: keys ``center_type`` and others, samples ``system, atom``, without components
    :param system: ``(atom,)``, number of each atom's system
    :param columns: how many there are for each center type
    """
    others: list[str] = []
    for name in features.keys.names:
        if name != "center_type":
            others.append(name)  # noqa: PERF401 - scripted
    by_type = features.keys_to_properties(others) if len(others) > 0 else features
    sizes = torch.bincount(system, minlength=n_systems)
    first = torch.cumsum(sizes, 0) - sizes
    dense = torch.zeros([system.shape[0], columns], device=system.device)
    for k in range(len(by_type)):
        block = by_type.block(k)
        samples = block.samples.values.to(torch.int64)
        atom = first[samples[:, 0]] + samples[:, 1]
        dense = dense.to(block.values.dtype).index_add(0, atom, block.values)
    return dense


def _all_pairs(n_atoms: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Every atom with every other one."""
    pairs = torch.nonzero(~torch.eye(n_atoms, dtype=torch.bool, device=device))
    return pairs[:, 0], pairs[:, 1]
