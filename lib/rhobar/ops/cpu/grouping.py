"""From a list of pairs to neighborhoods: pairs sorted by center and neighbor channel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rhobar.ops.neighborhoods import Neighborhoods

from .compilation import compiled, compiled_part

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


class Grouped(NamedTuple):
    """Neighborhoods, and which atoms and images their pairs are of."""

    neighborhoods: Neighborhoods
    neighbor: Tensor
    """``(pair,)`` int64, the neighbor atom of each pair; not decreasing within a run"""
    shifts: Tensor
    """``(pair, 3)`` int32, lattice vectors between the neighbor and its image"""
    center_atom: Tensor
    """``(center,)`` int64, the atom of each center"""


def group(
    center: Integers,
    neighbor: Integers,
    vectors: NDArray[np.float64],
    shifts: NDArray[np.int32],
    *,
    channels: Integers,
    n_channels: int,
    centers: Integers | None = None,
) -> Grouped:
    """
    Sort pairs by center, neighbor channel and neighbor atom.

    Each center gets a run for its own channel, if need be without pairs, since the center is part
    of that density. Linear in the number of pairs.

    :param center: ``(pair,)``, atoms, not decreasing
    :param neighbor: ``(pair,)``, atoms
    :param vectors: ``(pair, 3)``, Å
    :param shifts: ``(pair, 3)``, lattice vectors
    :param channels: ``(atom,)``, channel of each atom: 0 … n_channels - 1
    :param centers: atoms that become centers, increasing; None for all. Pairs of others are left
        out
    :raises ValueError: if the pairs are not ordered by center
    """
    center, neighbor, channels = (_integers(a) for a in (center, neighbor, channels))
    vectors = np.ascontiguousarray(vectors, dtype=np.float64)
    centers = np.arange(len(channels)) if centers is None else _integers(centers)
    starts, stops = _pairs_of_centers(center, centers)
    if len(starts) < len(centers):
        raise ValueError(
            "group: the pairs are not ordered by center; sort them first, e.g. by "
            "np.argsort(center, kind='stable')."
        )
    runs, pairs = _sorted(starts, stops, neighbor, vectors, channels, channels[centers], n_channels)
    run_ptr, run_center, run_channel, run_self = (torch.from_numpy(a) for a in runs)
    permutation, sorted_neighbor, sorted_vectors = (torch.from_numpy(a) for a in pairs)
    neighborhoods = Neighborhoods(sorted_vectors, run_ptr, run_center, run_channel, run_self)
    sorted_shifts = torch.from_numpy(shifts).to(torch.int32)[permutation]
    return Grouped(neighborhoods, sorted_neighbor, sorted_shifts, torch.from_numpy(centers))


def first_runs(run_center: Integers, n_centers: int) -> Integers:
    """``(center + 1,)``: the runs of center i are ``first_runs[i]:first_runs[i + 1]``."""
    return np.append(0, np.cumsum(np.bincount(run_center, minlength=n_centers)))


def _integers(array: Integers) -> Integers:
    """As the compiled loops want them."""
    return np.ascontiguousarray(array, dtype=np.int64)


@compiled
def _pairs_of_centers(center: Integers, centers: Integers) -> tuple[Integers, Integers]:
    """First pair of each center, and the one after its last; empty if pairs are not ordered."""
    starts, stops = np.empty(len(centers), np.int64), np.empty(len(centers), np.int64)
    for pair in range(1, len(center)):
        if center[pair] < center[pair - 1]:
            return starts[:0], stops[:0]
    pair = 0
    for i in range(len(centers)):
        while pair < len(center) and center[pair] < centers[i]:
            pair += 1
        starts[i] = pair
        while pair < len(center) and center[pair] == centers[i]:
            pair += 1
        stops[i] = pair
    return starts, stops


@compiled
def _sorted(
    starts: Integers,
    stops: Integers,
    neighbor: Integers,
    vectors: Array,
    channels: Integers,
    own: Integers,
    n_channels: int,
) -> tuple[tuple[Integers, Integers, Integers, Array], tuple[Integers, Integers, Array]]:
    """The runs, and their pairs: counts channels center by center."""
    n_centers, n_pairs = len(starts), 0
    for i in range(n_centers):
        n_pairs += stops[i] - starts[i]
    permutation, sorted_neighbor = np.empty(n_pairs, np.int64), np.empty(n_pairs, np.int64)
    sorted_vectors = np.empty((n_pairs, 3))
    most = min(n_pairs + n_centers, n_centers * n_channels)
    run_ptr, run_center = np.empty(most + 1, np.int64), np.empty(most, np.int64)
    run_channel, run_self = np.empty(most, np.int64), np.empty(most)
    place = np.empty(n_channels, np.int64)
    run, end = 0, 0
    run_ptr[0] = 0
    for i in range(n_centers):
        place[:] = 0
        for p in range(starts[i], stops[i]):
            place[channels[neighbor[p]]] += 1
        first, begin = run, end
        for channel in range(n_channels):
            count = place[channel]
            place[channel] = end
            end += count
            if count or channel == own[i]:
                run_center[run], run_channel[run] = i, channel
                run_self[run] = 1.0 if channel == own[i] else 0.0
                run_ptr[run + 1] = end
                run += 1
        for p in range(starts[i], stops[i]):
            channel = channels[neighbor[p]]
            permutation[place[channel]] = p
            place[channel] += 1
        if not _increasing(neighbor[starts[i] : stops[i]]):
            for k in range(first, run):
                _sort_by_neighbor(permutation[run_ptr[k] : run_ptr[k + 1]], neighbor)
        for k in range(begin, end):
            p = permutation[k]
            sorted_neighbor[k] = neighbor[p]
            sorted_vectors[k, 0] = vectors[p, 0]
            sorted_vectors[k, 1] = vectors[p, 1]
            sorted_vectors[k, 2] = vectors[p, 2]
    return (
        (
            run_ptr[: run + 1].copy(),
            run_center[:run].copy(),
            run_channel[:run].copy(),
            run_self[:run].copy(),
        ),
        (permutation, sorted_neighbor, sorted_vectors),
    )


@compiled_part
def _increasing(numbers: Integers) -> bool:
    """Whether no number is smaller than the one before it."""
    k = 1
    while k < len(numbers) and numbers[k] >= numbers[k - 1]:
        k += 1
    return k >= len(numbers)


@compiled_part
def _sort_by_neighbor(pairs: Integers, neighbor: Integers) -> None:
    """Stable insertion sort: the pairs come nearly sorted, and are few."""
    for k in range(1, len(pairs)):
        pair, j = pairs[k], k
        while j > 0 and neighbor[pairs[j - 1]] > neighbor[pair]:
            pairs[j] = pairs[j - 1]
            j -= 1
        pairs[j] = pair
