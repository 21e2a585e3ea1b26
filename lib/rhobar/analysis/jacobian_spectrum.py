"""How strongly the features of a center respond to displacements of its neighbors."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import ase
import numpy as np
import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import NeighborListOptions, System
from numpy.typing import NDArray

from rhobar.systems import from_ase, neighbors_added

from .center_environment import center_environment
from .environment_symmetry import rotations, symmetric_displacements

Array = NDArray[np.float64]

ZERO = 1e-12
"""a singular value is zero if it is smaller than this, relative to the largest one"""
_CHUNK = 50  # environments computed at once


class CenterDescriptor(Protocol):
    """What the descriptors of rhobar have in common."""

    def requested_neighbor_lists(self) -> list[NeighborListOptions]:
        """One list, whose radius is the cutoff."""

    def __call__(self, systems: list[System]) -> TensorMap:
        """Features of centers."""


@dataclass(frozen=True)
class JacobianSpectrum:
    """Singular values of the derivatives of one center's features by its neighbors' positions."""

    singular_values: Array
    """``(3 neighbors - 3,)`` decreasing, 1/Å times the unit of features; rotations are left out"""
    symmetric_singular_values: Array
    """those along displacements that keep the symmetry of the environment, decreasing"""
    feature_norm: float
    """length of the feature vector"""

    @property
    def relative(self) -> Array:
        """Singular values over the length of the feature vector, 1/Å."""
        return self.singular_values / self.feature_norm

    @property
    def sensitivity(self) -> float:
        """The smallest singular value: how the direction that matters least still matters."""
        return float(self.singular_values[-1])

    @property
    def condition_number(self) -> float:
        """Largest over smallest singular value; infinite where that is zero."""
        smallest = self.sensitivity
        return float(self.singular_values[0]) / smallest if smallest > 0 else float("inf")

    @property
    def n_zeros(self) -> int:
        """Directions without response, to rounding."""
        return int((self.singular_values <= ZERO * self.singular_values[0]).sum())

    @property
    def n_zeros_by_symmetry(self) -> int:
        """Directions that no invariant can respond to, because they break a symmetry."""
        return len(self.singular_values) - len(self.symmetric_singular_values)

    @property
    def n_blind(self) -> int:
        """
        Directions without response that no symmetry asks for.

        A small basis is blind as well: see whether they stay with larger l_max and n_radial.
        """
        return int((self.symmetric_singular_values <= ZERO * self.singular_values[0]).sum())


def jacobian_spectrum(
    descriptor: CenterDescriptor, atoms: ase.Atoms, *, center: int = 0
) -> JacobianSpectrum:
    r"""
    Singular values of :math:`\partial x_q / \partial r_{j\alpha}` of one environment.

    The center stays where it is and the neighbors within the cutoff move, periodic images each by
    themselves. Displacements that turn the environment are projected out, so that 3 n - 3 values
    remain (3 n - 2 on a line). Pozdnyakov, Zhang, Ortner, Csanyi, Ceriotti, Open Res. Europe 1,
    126 (2021), doi:10.12688/openreseurope.14156.1.

    :param descriptor: makes invariant features of centers from neighbors within the cutoff of its
        ``requested_neighbor_lists()``; derivatives are those that ``compute`` stores, else of
        ``forward`` by autograd, which has to be differentiable twice
    :param atoms: lengths in Å
    :param center: which atom
    :raises ValueError: for a center without neighbors, for features that turn with the structure

    >>> import ase.build
    >>> from rhobar.descriptors import Gaussian, Gto, SoapPowerSpectrum
    >>> soap = SoapPowerSpectrum(cutoff=3.0, l_max=4, radial=Gto(4), density=Gaussian(0.3))
    >>> spectrum = jacobian_spectrum(soap, ase.build.molecule("H2O"))
    >>> spectrum.singular_values.shape, spectrum.n_zeros, spectrum.n_zeros_by_symmetry
    ((3,), 1, 1)
    """
    return jacobian_spectra(descriptor, [atoms], center=center)[0]


def jacobian_spectra(
    descriptor: CenterDescriptor, frames: Sequence[ase.Atoms], *, center: int = 0
) -> list[JacobianSpectrum]:
    """The spectrum of ``center`` in each of ``frames``; see :func:`jacobian_spectrum`."""
    cutoff = _cutoff(descriptor)
    environments = [center_environment(atoms, center, cutoff) for atoms in frames]
    spectra = []
    for start in range(0, len(environments), _CHUNK):
        chunk = environments[start : start + _CHUNK]
        for atoms, (features, jacobian) in zip(chunk, _jacobians(descriptor, chunk), strict=True):
            spectra.append(_spectrum(atoms, features, jacobian))
    return spectra


def environment_jacobian(
    descriptor: CenterDescriptor, atoms: ase.Atoms, *, center: int = 0
) -> tuple[Array, Array]:
    """
    The matrix whose singular values :func:`jacobian_spectrum` gives, rotations included.

    :returns: features ``(feature,)``; derivatives ``(feature, neighbor, 3)``, neighbors in the
        order of their atoms, unit of features / Å
    """
    environment = center_environment(atoms, center, _cutoff(descriptor))
    return next(_jacobians(descriptor, [environment]))


def _cutoff(descriptor: CenterDescriptor) -> float:
    """Å"""
    return float(descriptor.requested_neighbor_lists()[0].cutoff)


def _spectrum(atoms: ase.Atoms, features: Array, jacobian: Array) -> JacobianSpectrum:
    vectors, types = atoms.positions[1:], atoms.numbers[1:]
    flat = jacobian.reshape(len(jacobian), -1)
    turning = rotations(vectors)
    # the columns of the second part of a complete basis are the complement of the first ones
    basis = np.linalg.qr(turning, mode="complete")[0][:, turning.shape[1] :]
    return JacobianSpectrum(
        singular_values=_singular_values(flat @ basis),
        symmetric_singular_values=_singular_values(flat @ symmetric_displacements(vectors, types)),
        feature_norm=float(np.linalg.norm(features)),
    )


def _singular_values(matrix: Array) -> Array:
    """One for each column; zero where there are more columns than rows."""
    values = np.zeros(matrix.shape[1])
    found = np.linalg.svd(matrix, compute_uv=False)
    values[: len(found)] = found
    return values


def _jacobians(
    descriptor: CenterDescriptor, environments: list[ase.Atoms]
) -> Iterator[tuple[Array, Array]]:
    """Features ``(feature,)`` of atom 0 and derivatives ``(feature, neighbor, 3)`` of each."""
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


def _stored(features: TensorMap, environments: list[ase.Atoms]) -> Iterator[tuple[Array, Array]]:
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
        yield joined[k], moved[k, 1 : len(atoms)].transpose(2, 0, 1)


def _by_autograd(descriptor: CenterDescriptor, atoms: ase.Atoms) -> tuple[Array, Array]:
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
    return features.detach().double().numpy(), jacobian.double().numpy()


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
