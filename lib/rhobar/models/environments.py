"""Features of the environments of many structures, a bounded number at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import ase
import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import NeighborListOptions, System

from rhobar.descriptors import by_center_type, normalized
from rhobar.systems import batched, from_ase, neighbors_added, pairs_within_cutoff

# About 50 MB of features of four types; an atom has gradients for some 50 neighbors; backward keeps
# what it needs of each product with the active environments of a kernel.
_ATOMS_PER_CHUNK = 2000
_ATOMS_WITH_GRADIENTS = 40
_ATOMS_DIFFERENTIABLE = 400


class Descriptor(Protocol):
    """What a model needs of a descriptor; those of :mod:`rhobar.descriptors` have it."""

    def hypers(self) -> dict[str, Any]:
        """Its constructor's arguments, ``atomic_types`` among them."""

    def requested_neighbor_lists(self) -> list[NeighborListOptions]:
        """The lists that a call needs."""

    def compute(self, frames: list[ase.Atoms], gradients: Sequence[str] = ()) -> TensorMap:
        """Features, with stored gradients."""

    def __call__(self, systems: list[System]) -> TensorMap:
        """Features with autograd history."""


@dataclass(frozen=True)
class Chunk:
    """
    Environments of consecutive structures.

    :param first: index of the first structure in the list they come from
    :param n_atoms: number of atoms of each structure
    :param features: key ``center_type``; samples ``system`` (from 0 in this chunk), ``atom``
    :param positions: per structure ``(atom, 3)``, what ``features`` depend on; empty unless
        differentiable
    """

    first: int
    n_atoms: list[int]
    features: TensorMap
    positions: list[torch.Tensor]


class EnvironmentFeatures:
    """
    Rows of features for each center type, the same columns for every structure.

    :param descriptor: makes invariant features in float64; it has to declare its ``atomic_types``,
        because the columns of a model must not depend on the structures at hand
    :param normalize: whether rows are scaled to unit length
    :raises ValueError: if the descriptor declares no types
    """

    def __init__(self, descriptor: Descriptor, *, normalize: bool) -> None:
        if descriptor.hypers()["atomic_types"] is None:
            raise ValueError(
                f"A model needs a descriptor with the same features for every structure: build "
                f"{type(descriptor).__name__} with atomic_types=[...], all types to be described."
            )
        self.descriptor = descriptor
        self.normalize = normalize
        self.properties: dict[int, Labels] = {}  # by center type, once seen

    def chunks(
        self,
        frames: Sequence[ase.Atoms],
        *,
        gradients: bool = False,
        differentiable: bool = False,
    ) -> Iterator[Chunk]:
        """
        All structures in order, a few at a time so that memory stays bounded.

        :param gradients: whether features carry their gradients with respect to positions
        :param differentiable: whether features have the autograd history of ``chunk.positions``
        """
        limit = _ATOMS_PER_CHUNK
        if gradients or differentiable:
            limit = _ATOMS_WITH_GRADIENTS if gradients else _ATOMS_DIFFERENTIABLE
        for start, stop in cuts([len(frame) for frame in frames], limit):
            chosen = list(frames[start:stop])
            positions: list[torch.Tensor] = []
            try:
                if differentiable:
                    features, positions = self._differentiable(chosen)
                else:
                    asked = ["positions"] if gradients else []
                    features = self.descriptor.compute(chosen, gradients=asked)
            except ValueError:
                self._refuse(chosen, start)
                raise
            yield Chunk(start, [len(frame) for frame in chosen], self._rows(features), positions)

    def whole(self, frames: Sequence[ase.Atoms]) -> TensorMap:
        """All environments at once, 8 bytes x environments x features; samples ``system, atom``."""
        return joined([(chunk.first, chunk.features) for chunk in self.chunks(frames)])

    def _refuse(self, frames: list[ase.Atoms], first: int) -> None:
        """Say what is wrong with a frame by its place in the whole list, not in the chunk."""
        batch = batched(frames, first=first)
        for options in self.descriptor.requested_neighbor_lists():
            pairs_within_cutoff(batch, options.cutoff, first=first)

    def _rows(self, features: TensorMap) -> TensorMap:
        rows = by_center_type(features)
        for block in rows.blocks():
            if block.values.dtype != torch.float64:
                raise TypeError(
                    f"{type(self.descriptor).__name__} gave features of {block.values.dtype}; "
                    "models are fitted in float64, convert it with .double()."
                )
        found = {int(key[0]): block.properties for key, block in rows.items()}
        if not self.properties:
            self.properties = found
        elif self.properties != found:
            raise ValueError(
                f"{type(self.descriptor).__name__} gave other features than at the fit of the "
                "model; use one descriptor, unchanged, for both."
            )
        return normalized(rows) if self.normalize else rows

    def _differentiable(self, frames: list[ase.Atoms]) -> tuple[TensorMap, list[torch.Tensor]]:
        """Features with autograd history, and the positions they depend on."""
        systems = [from_ase(frame, requires_grad=True) for frame in frames]
        positions = [system.positions for system in systems]
        for options in self.descriptor.requested_neighbor_lists():
            neighbors_added(systems, options.cutoff)
        return self.descriptor(systems), positions


def joined(parts: Sequence[tuple[int, TensorMap]]) -> TensorMap:
    """
    Blocks of chunks of structures as one, ``(first system of the chunk, features)`` each.

    Gradients are left out.

    :raises ValueError: if there are no parts
    """
    if not parts:
        raise ValueError("Got no structures; give at least one.")
    keys = parts[0][1].keys
    blocks = []
    for key in keys:
        pieces = [(first, features.block(key)) for first, features in parts]
        labels = []
        for first, block in pieces:
            values = block.samples.values.clone()
            values[:, block.samples.names.index("system")] += first
            labels.append(values)
        blocks.append(
            TensorBlock(
                values=torch.cat([block.values for _, block in pieces]),
                samples=Labels(pieces[0][1].samples.names, torch.cat(labels)),
                components=[],
                properties=pieces[0][1].properties,
            )
        )
    return TensorMap(keys, blocks)


def cuts(sizes: Sequence[int], limit: int) -> Iterator[tuple[int, int]]:
    """Consecutive ranges whose sizes sum to at most ``limit``, or of one element."""
    start, total = 0, 0
    for index, size in enumerate(sizes):
        if index > start and total + size > limit:
            yield start, index
            start, total = index, 0
        total += size
    if start < len(sizes):
        yield start, len(sizes)
