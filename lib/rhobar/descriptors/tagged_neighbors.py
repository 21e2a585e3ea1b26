"""Neighbors one by one: each is a density of its own, beside that of all of them."""

from typing import NamedTuple

import torch
from torch import Tensor

from rhobar.ops import Neighborhoods

from .neighbor_density import CenterPairs, Centers


class TaggedNeighbors(NamedTuple):
    """Neighbors of all centers and the centers themselves, by center, neighbor and shift."""

    neighborhoods: Neighborhoods
    """each neighbor is a run; that of a center has no pair"""
    center: Tensor
    """``(tag,)`` position of the center among all centers, not decreasing"""
    neighbor: Tensor
    """``(tag,)`` number of the neighbor atom in its system"""
    shifts: Tensor
    """``(tag, 3)`` lattice vectors to its image"""
    pair: Tensor
    """``(tag,)`` which pair of the list it is, -1 for a center"""


def tagged_neighbors(pairs: CenterPairs, centers: Centers, types: Tensor) -> TaggedNeighbors:
    """
    Sort pairs, and put each center among its neighbors.

    :param types: ``(channel,)``, sorted types of the channels
    """
    n_pairs, n_centers = pairs.center.shape[0], centers.atom.shape[0]
    own = torch.arange(n_centers, device=pairs.center.device)
    center = torch.cat([pairs.center, own])
    neighbor = torch.cat([pairs.neighbor, centers.atom])
    shifts = torch.cat([pairs.shifts, pairs.shifts.new_zeros(n_centers, 3)])
    channel = torch.cat([pairs.channel, torch.searchsorted(types, centers.type)])
    pair = torch.cat([torch.arange(n_pairs, device=own.device), torch.full_like(own, -1)])
    order = _sorted_by(center, neighbor, shifts)
    pair = pair[order]
    vectors = pairs.vectors[pair[pair >= 0]]
    is_pair = (pair >= 0).to(torch.int64)
    neighborhoods = Neighborhoods(
        vectors=vectors,
        run_ptr=torch.cat([is_pair.new_zeros(1), torch.cumsum(is_pair, 0)]),
        run_center=center[order],
        run_channel=channel[order],
        run_self=(1 - is_pair).to(vectors.dtype),
    )
    return TaggedNeighbors(neighborhoods, center[order], neighbor[order], shifts[order], pair)


def _sorted_by(center: Tensor, neighbor: Tensor, shifts: Tensor) -> Tensor:
    """Order of tags, by the columns from the last to the first."""
    order = torch.arange(center.shape[0], device=center.device)
    for column in (shifts[:, 2], shifts[:, 1], shifts[:, 0], neighbor, center):
        order = order[torch.argsort(column[order], stable=True)]
    return order
