"""How strongly the features of a center respond to displacements of its neighbors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ase
import numpy as np
from numpy.typing import NDArray

from .environment_jacobian import CenterDescriptor, EnvironmentJacobian, environment_jacobians
from .environment_symmetry import rotations, symmetric_displacements

Array = NDArray[np.float64]

ZERO = 1e-12
"""a singular value is zero if it is smaller than this, relative to the largest one"""


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

    Arguments and errors are those of :func:`environment_jacobians`.

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
    jacobians = environment_jacobians(descriptor, frames, center=center)
    return [spectrum_of(jacobian) for jacobian in jacobians]


def spectrum_of(jacobian: EnvironmentJacobian) -> JacobianSpectrum:
    """Singular values of a matrix that is there already; see :func:`jacobian_spectrum`."""
    vectors = jacobian.environment.positions[1:]
    types = jacobian.environment.numbers[1:]
    flat = jacobian.slopes.reshape(len(jacobian.slopes), -1)
    turning = rotations(vectors)
    # the columns of the second part of a complete basis are the complement of the first ones
    basis = np.linalg.qr(turning, mode="complete")[0][:, turning.shape[1] :]
    return JacobianSpectrum(
        singular_values=_singular_values(flat @ basis),
        symmetric_singular_values=_singular_values(flat @ symmetric_displacements(vectors, types)),
        feature_norm=float(np.linalg.norm(jacobian.features)),
    )


def _singular_values(matrix: Array) -> Array:
    """One for each column; zero where there are more columns than rows."""
    values = np.zeros(matrix.shape[1])
    found = np.linalg.svd(matrix, compute_uv=False)
    values[: len(found)] = found
    return values
