"""Derivatives of the features of one center by the positions of its neighbors."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import ase
import numpy as np
import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import NeighborListOptions, System
from numpy.typing import NDArray

from rhobar.systems import from_ase, neighbors_added

from .center_environment import center_environment
from .center_features import center_features

Array = NDArray[np.float64]

_CHUNK = 50  # environments computed at once


class CenterDescriptor(Protocol):
    """What the descriptors of rhobar have in common."""

    def requested_neighbor_lists(self) -> list[NeighborListOptions]:
        """One list, whose radius is the cutoff."""

    def __call__(self, systems: list[System]) -> TensorMap:
        """Features of centers."""


@dataclass(frozen=True)
class EnvironmentJacobian:
    """Features of a center and how they change as its neighbors move, the center fixed."""

    environment: ase.Atoms
    """the center at the origin, then its neighbors in their order, periodic images as atoms"""
    features: Array
    """``(feature,)``, all blocks one after the other; zero where a block lacks the center"""
    slopes: Array
    """``(feature, neighbor, 3)``, unit of features / Å"""


def environment_jacobians(
    descriptor: CenterDescriptor,
    frames: Sequence[ase.Atoms],
    *,
    center: int = 0,
    step: float | None = None,
) -> list[EnvironmentJacobian]:
    r"""
    :math:`\partial x_q / \partial r_{j\alpha}` of atom ``center`` of each of ``frames``.

    Neighbors beyond the cutoff are left out, and periodic images of an atom move each by
    themselves. Derivatives are those that ``compute`` of the descriptor stores, else those of its
    ``forward`` by autograd, which has to be differentiable twice then, and which costs much where
    there are many products between positions and features; ``step`` is for these.

    :param descriptor: invariant features of centers, from neighbors within the cutoff of its
        ``requested_neighbor_lists()``
    :param frames: lengths in Å
    :param step: Å, of central differences of ``compute`` in place of derivatives; 1e-4 leaves
        errors of 1e-8; None: derivatives
    :raises ValueError: for a center that is none of the atoms or has no neighbors, and for
        features that turn with the structure
    """
    cutoff = _cutoff(descriptor)
    environments = [center_environment(atoms, center, cutoff) for atoms in frames]
    if step is not None:
        return _by_differences(descriptor, environments, step)
    jacobians: list[EnvironmentJacobian] = []
    for start in range(0, len(environments), _CHUNK):
        jacobians += _jacobians(descriptor, environments[start : start + _CHUNK])
    return jacobians


def _cutoff(descriptor: CenterDescriptor) -> float:
    """Å"""
    return float(descriptor.requested_neighbor_lists()[0].cutoff)


def _jacobians(
    descriptor: CenterDescriptor, environments: list[ase.Atoms]
) -> Iterator[EnvironmentJacobian]:
    """Those of atom 0."""
    compute = getattr(descriptor, "compute", None)
    if compute is not None and "gradients" in inspect.signature(compute).parameters:
        features = compute(
            environments,
            gradients=["positions"],
            selected_samples=Labels("atom", torch.tensor([[0]])),
        )
        yield from _stored(features, environments)
    else:
        for atoms in environments:
            yield _by_autograd(descriptor, atoms)


def _stored(features: TensorMap, environments: list[ase.Atoms]) -> Iterator[EnvironmentJacobian]:
    """From the gradients that blocks hold."""
    size = max(len(atoms) for atoms in environments)
    values, slopes = [], []
    for block in _invariant_blocks(features):
        n = len(block.properties)
        rows = torch.zeros(len(environments), n, dtype=torch.float64)
        rows[block.samples.column("system").long()] = block.values.double().reshape(-1, n)
        gradient = block.gradient("positions")
        moves = torch.zeros(len(environments), size, 3, n, dtype=torch.float64)
        _, system, atom = gradient.samples.values.long().T
        moves[system, atom] = gradient.values.double().reshape(-1, 3, n)
        values.append(rows)
        slopes.append(moves)
    joined, moved = torch.cat(values, dim=1).numpy(), torch.cat(slopes, dim=3).numpy()
    for k, atoms in enumerate(environments):
        slope = moved[k, 1 : len(atoms)].transpose(2, 0, 1)
        yield EnvironmentJacobian(atoms, joined[k], slope)


def _by_autograd(descriptor: CenterDescriptor, atoms: ase.Atoms) -> EnvironmentJacobian:
    r"""
    From ``forward``, by two derivatives.

    The first, :math:`J^T u`, is linear in u, so that its derivative by u gives one column of J at
    a time: 3 n of them, where there are many more rows.
    """
    system = from_ase(atoms, requires_grad=True)
    features = _center_row(descriptor(neighbors_added([system], _cutoff(descriptor))))
    weights = torch.zeros_like(features, requires_grad=True)
    (slopes,) = torch.autograd.grad(features, system.positions, weights, create_graph=True)
    columns = [
        torch.autograd.grad(slope, weights, retain_graph=True)[0] for slope in slopes[1:].flatten()
    ]
    jacobian = torch.stack(columns, dim=1).reshape(len(features), -1, 3)
    return EnvironmentJacobian(atoms, features.detach().double().numpy(), jacobian.double().numpy())


def _by_differences(
    descriptor: Any, environments: list[ase.Atoms], step: float
) -> list[EnvironmentJacobian]:
    """From ``compute``, each neighbor moved back and forth."""
    frames = [frame for atoms in environments for frame in _displaced(atoms, step)]
    rows = center_features(descriptor, frames).numpy()
    sizes = [1 + 6 * (len(atoms) - 1) for atoms in environments]
    jacobians = []
    for atoms, part in zip(environments, np.split(rows, np.cumsum(sizes)[:-1]), strict=True):
        slopes = (part[2::2] - part[1::2]) / (2.0 * step)
        reshaped = slopes.T.reshape(part.shape[1], -1, 3)
        jacobians.append(EnvironmentJacobian(atoms, part[0], reshaped))
    return jacobians


def _displaced(atoms: ase.Atoms, step: float) -> list[ase.Atoms]:
    """As it is, then each coordinate of each neighbor moved back and forth."""
    frames = [atoms]
    for neighbor in range(1, len(atoms)):
        for axis in range(3):
            for sign in (-1.0, 1.0):
                moved = atoms.copy()
                moved.positions[neighbor, axis] += sign * step
                frames.append(moved)
    return frames


def _center_row(features: TensorMap) -> torch.Tensor:
    """The features of atom 0, all blocks one after the other."""
    rows = []
    for block in _invariant_blocks(features):
        found = block.values[block.samples.column("atom") == 0]
        absent = block.values.new_zeros(len(block.properties))
        rows.append(found.flatten() if len(found) else absent)
    return torch.cat(rows)


def _invariant_blocks(features: TensorMap) -> list[TensorBlock]:
    for key, block in features.items():
        if any(len(component) > 1 for component in block.components):
            raise ValueError(
                f"the block {key.print()} has components, so its values turn with the structure; "
                "give a descriptor of invariants."
            )
    blocks: list[TensorBlock] = features.blocks()
    return blocks
