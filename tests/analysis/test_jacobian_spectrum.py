"""Responses of features to displacements: against finite differences, counted, and by symmetry."""

from __future__ import annotations

import functools

import ase
import numpy as np
import pytest
import torch
from metatensor.torch import Labels
from numpy.typing import NDArray

from rhobar.analysis import environment_jacobians, jacobian_spectra, jacobian_spectrum
from rhobar.analysis.center_environment import center_environment
from rhobar.analysis.environment_symmetry import rotations, symmetric_displacements
from rhobar.descriptors import (
    Gaussian,
    Gto,
    SoapPowerSpectrum,
    SoapRadialSpectrum,
    SphericalExpansion,
)
from tests import structures
from tests.analysis.explicit_bispectrum import ExplicitBispectrum


@functools.cache
def soap(**arguments: object) -> SoapPowerSpectrum:
    settings = {"cutoff": 3.5, "l_max": 4, "radial": Gto(4), "density": Gaussian(0.4)}
    return SoapPowerSpectrum(**{**settings, **arguments})


def moved_features(descriptor: torch.nn.Module, atoms: ase.Atoms, center: int) -> NDArray:
    """Features of one center, all blocks one after the other."""
    features = descriptor.compute(atoms, selected_samples=Labels("atom", torch.tensor([[center]])))
    return np.concatenate([block.values.numpy().ravel() for block in features.blocks()])


@pytest.mark.parametrize("center", [0, 2])
def test_jacobian_by_richardson_differences(center: int) -> None:
    descriptor, atoms = soap(cutoff=2.6), structures.ethanol()
    others = [k for k in range(len(atoms)) if k != center]
    near = [k for k in others if atoms.get_distance(center, k) < 2.6]
    assert 4 < len(near) < len(others)  # some atoms are beyond the cutoff
    (found,) = environment_jacobians(descriptor, [atoms], center=center)
    features, jacobian = found.features, found.slopes
    slopes = np.zeros((len(moved_features(descriptor, atoms, center)), len(near), 3))
    for column, k in enumerate(near):
        for axis in range(3):
            central = []
            for step in (1e-3, 5e-4):
                sides = []
                for sign in (1, -1):
                    frame = atoms.copy()
                    frame.positions[k, axis] += sign * step
                    sides.append(moved_features(descriptor, frame, center))
                central.append((sides[0] - sides[1]) / (2 * step))
            slopes[:, column, axis] = (4 * central[1] - central[0]) / 3
    # the descriptor drops no columns: blocks without the center are zeros there, absent here
    norms = [np.linalg.norm(found, axis=0) for found in (jacobian, slopes)]
    np.testing.assert_allclose(norms[0], norms[1], rtol=1e-8)
    full = [
        np.linalg.svd(found.reshape(len(found), -1), compute_uv=False)
        for found in (jacobian, slopes)
    ]
    np.testing.assert_allclose(full[0], full[1], rtol=0, atol=1e-9 * full[0][0])
    # three rotations are all that nothing responds to, and the spectrum is the rest
    assert (full[0] < 1e-12 * full[0][0]).sum() == 3
    spectrum = jacobian_spectrum(descriptor, atoms, center=center)
    np.testing.assert_allclose(spectrum.singular_values, full[0][:-3], rtol=1e-9)
    assert (spectrum.n_zeros, spectrum.n_zeros_by_symmetry, spectrum.n_blind) == (0, 0, 0)
    assert spectrum.feature_norm == pytest.approx(np.linalg.norm(features), rel=1e-14)
    assert spectrum.sensitivity == spectrum.singular_values[-1]
    assert spectrum.condition_number == pytest.approx(full[0][0] / full[0][-4], rel=1e-9)
    np.testing.assert_allclose(spectrum.relative * spectrum.feature_norm, full[0][:-3], rtol=1e-9)


class Forward(torch.nn.Module):
    """A descriptor that has ``forward`` only."""

    def __init__(self, descriptor: torch.nn.Module):
        super().__init__()
        self.descriptor = descriptor

    def requested_neighbor_lists(self) -> list:
        return self.descriptor.requested_neighbor_lists()

    def forward(self, systems: list) -> object:
        return self.descriptor(systems)


def test_stored_gradients_equal_autograd() -> None:
    descriptor, atoms = soap(l_max=2, radial=Gto(2)), structures.methane()
    both = [environment_jacobians(made, [atoms])[0] for made in (descriptor, Forward(descriptor))]
    norms = [np.linalg.norm(found.features) for found in both]
    assert norms[0] == pytest.approx(norms[1], rel=1e-12)
    gram = [np.einsum("qix,qjy->ixjy", found.slopes, found.slopes) for found in both]
    np.testing.assert_allclose(gram[0], gram[1], atol=1e-12 * np.abs(gram[0]).max())


def test_many_frames_equal_one_by_one() -> None:
    frames = [structures.rattled(structures.methane(), amplitude=0.1, seed=k) for k in range(4)]
    frames.append(structures.ethanol())
    descriptor = soap(l_max=2, radial=Gto(3))
    for frame, found in zip(frames, jacobian_spectra(descriptor, frames), strict=True):
        alone = jacobian_spectrum(descriptor, frame)
        np.testing.assert_allclose(found.singular_values, alone.singular_values, rtol=1e-10)


def test_atoms_beyond_the_cutoff_are_no_zeros() -> None:
    near, far = structures.methane(), structures.methane()
    far += ase.Atoms("H2", positions=[[0.0, 0.0, 9.0], [0.0, 9.0, 0.0]])
    spectra = [jacobian_spectrum(soap(), atoms) for atoms in (near, far)]
    np.testing.assert_allclose(spectra[0].singular_values, spectra[1].singular_values, rtol=1e-12)
    assert len(spectra[0].singular_values) == 3 * 4 - 3


def test_radial_features_respond_to_distances_only() -> None:
    radial = SoapRadialSpectrum(3.5, radial=Gto(8), density=Gaussian(0.4))
    spectrum = jacobian_spectrum(radial, structures.methane())
    assert (spectrum.singular_values > 1e-12 * spectrum.singular_values[0]).sum() == 4
    assert (spectrum.n_zeros, spectrum.n_blind, spectrum.n_zeros_by_symmetry) == (5, 5, 0)
    assert spectrum.condition_number > 1e12
    # fewer features than displacements leave zeros as well
    few = SoapRadialSpectrum(3.5, radial=Gto(2), density=Gaussian(0.4, center_weight=0.0))
    assert len(jacobian_spectrum(few, structures.methane()).singular_values) == 9


def symmetric(name: str) -> ase.Atoms:
    """Structures without rounding of their symmetry."""
    side = np.sqrt(1 / 3)
    positions = {
        "C3v": [[0.9 * np.cos(a), 0.9 * np.sin(a), 0.4] for a in np.arange(3) * 2 * np.pi / 3],
        "C2v": [[0.8, 0.0, 0.5], [-0.8, 0.0, 0.5]],
        "Cs plane": [[0.8, 0.0, 0.5], [-0.9, 0.0, 0.5]],
        "line": [[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]],
        "uneven line": [[0.0, 0.0, 1.0], [0.0, 0.0, -1.2]],
        "Td": [
            [side, side, side],
            [side, -side, -side],
            [-side, side, -side],
            [-side, -side, side],
        ],
        "Oh": [*np.eye(3), *-np.eye(3)],
        "Ci": [[1.0, 0.2, 0.1], [-1.0, -0.2, -0.1], [0.1, 0.9, -0.3], [-0.1, -0.9, 0.3]],
        "C1": [[1.0, 0.2, 0.1], [-0.3, 0.8, 0.5], [0.1, -0.7, 0.9]],
    }[name]
    return ase.Atoms(["C", *["H"] * len(positions)], [[0.0, 0.0, 0.0], *positions])


# internal coordinates of the center's environment, and how many of them are totally symmetric
COUNTS = {
    "C3v": (6, 2),  # length, opening
    "C2v": (3, 2),  # length, angle
    "Cs plane": (3, 3),  # two lengths, angle: the plane is kept by all of them
    "line": (4, 1),  # symmetric stretch
    "uneven line": (4, 2),
    "Td": (9, 1),
    "Oh": (15, 1),
    "Ci": (9, 3),  # two lengths and the angle of the two axes
    "C1": (6, 6),
}


@pytest.mark.parametrize(("name", "counts"), COUNTS.items(), ids=COUNTS)
def test_zeros_by_symmetry(name: str, counts: tuple[int, int]) -> None:
    atoms = symmetric(name)
    atoms.rotate(31.0, (1.0, 0.4, -0.2))
    n_values, n_symmetric = counts
    spectrum = jacobian_spectrum(soap(l_max=6, radial=Gto(6)), atoms)
    assert len(spectrum.singular_values) == n_values
    assert len(spectrum.symmetric_singular_values) == n_symmetric
    assert spectrum.n_zeros == spectrum.n_zeros_by_symmetry == n_values - n_symmetric
    assert spectrum.n_blind == 0
    np.testing.assert_allclose(
        spectrum.singular_values[:n_symmetric], spectrum.symmetric_singular_values, rtol=1e-9
    )


def test_types_break_symmetry() -> None:
    atoms = symmetric("Td")
    atoms.symbols[1] = "F"  # Td becomes C3v: two lengths, one angle
    spectrum = jacobian_spectrum(soap(l_max=6, radial=Gto(6)), atoms)
    assert len(spectrum.symmetric_singular_values) == 3
    assert spectrum.n_zeros == 6


def test_displacement_bases() -> None:
    atoms = symmetric("C1")
    turning = rotations(atoms.positions[1:])
    free = symmetric_displacements(atoms.positions[1:], atoms.numbers[1:])
    both = np.hstack([turning, free])
    np.testing.assert_allclose(both.T @ both, np.eye(9), atol=1e-12)


def test_periodic_images_are_neighbors() -> None:
    atoms = structures.rock_salt()
    cluster = center_environment(atoms, 1, 4.5)
    assert len(cluster) > 10
    assert cluster.numbers[0] == atoms.numbers[1]
    descriptor = soap(cutoff=4.5, l_max=2, radial=Gto(2))
    (found,) = environment_jacobians(descriptor, [atoms], center=1)
    np.testing.assert_allclose(
        np.linalg.norm(found.features),
        np.linalg.norm(moved_features(descriptor, atoms, 1)),
        rtol=1e-12,
    )


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="center 7 is none of the 5 atoms"):
        jacobian_spectrum(soap(), structures.methane(), center=7)
    with pytest.raises(ValueError, match=r"center 0 has no neighbors within 3.5 Å"):
        jacobian_spectrum(soap(), structures.isolated())
    turning = SphericalExpansion(3.5, l_max=1, radial=Gto(2), density=Gaussian(0.4))
    with pytest.raises(ValueError, match="turn with the structure; give a descriptor of invar"):
        jacobian_spectrum(turning, structures.methane())


def test_a_sum_without_stored_gradients() -> None:
    explicit = ExplicitBispectrum(3.5, l_max=1, n_radial=2)
    assert not hasattr(explicit, "compute")
    spectrum = jacobian_spectrum(explicit, structures.methane())
    assert len(spectrum.singular_values) == 9
    assert spectrum.n_zeros < 9
