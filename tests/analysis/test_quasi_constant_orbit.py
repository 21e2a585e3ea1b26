"""Orbits of quasi-constant features: their start, how constant they are, the published one."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import ase
import ase.io
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize

from rhobar.analysis import (
    QuasiConstantOrbit,
    center_features,
    environment_jacobians,
    face_alignments,
    jacobian_spectrum,
    quasi_constant_orbit,
    spectrum_of,
)
from rhobar.counterexamples import singular_methane
from rhobar.descriptors import Bispectrum, Gaussian, Gto, SoapPowerSpectrum

Array = NDArray[np.float64]
SHARED = {"density": Gaussian(0.3, center_weight=0.0), "atomic_types": [1, 6]}


def power_spectrum(size: int = 8, cutoff: float = 2.5) -> SoapPowerSpectrum:
    return SoapPowerSpectrum(cutoff, l_max=size, radial=Gto(size), **SHARED)


def methane(vectors: Array) -> ase.Atoms:
    return ase.Atoms("CH4", np.vstack([np.zeros(3), vectors.reshape(4, 3)]))


def hydrogens(frames: list[ase.Atoms]) -> Array:
    """``(frame, 4, 3)``, from carbon."""
    return np.array([frame.positions[1:] - frame.positions[0] for frame in frames])


def shapes(frames: list[ase.Atoms]) -> Array:
    """Lengths and scalar products of the vectors to hydrogens, Å²: the same if all is turned."""
    vectors = hydrogens(frames)
    products = vectors @ np.swapaxes(vectors, 1, 2)
    return products[:, *np.triu_indices(4)]


def largest_change(descriptor: torch.nn.Module, frames: list[ase.Atoms]) -> float:
    """Of the features of carbon from those of the first frame, over their length."""
    features = center_features(descriptor, frames)
    apart = (features - features[0]).norm(dim=1) / features[0].norm()
    return float(apart.max())


@pytest.fixture(scope="module")
def orbit() -> QuasiConstantOrbit:
    return quasi_constant_orbit(power_spectrum(), singular_methane(lift=0.18), n_points=81)


@pytest.mark.parametrize("cutoff", [2.5, 6.0])
@pytest.mark.parametrize("angles", [(72.0, 151.0), (60.0, 140.0)])
def test_two_directions_are_blind(cutoff: float, angles: tuple[float, float]) -> None:
    spectrum = jacobian_spectrum(power_spectrum(cutoff=cutoff), singular_methane(angles=angles))
    assert spectrum.n_blind == 2
    assert spectrum.n_zeros_by_symmetry == 0


def test_three_neighbors_see_them(orbit: QuasiConstantOrbit) -> None:
    bispectrum = Bispectrum(2.5, l_max=3, radial=Gto(3), **SHARED)
    spectrum = jacobian_spectrum(bispectrum, singular_methane())
    assert spectrum.singular_values[-1] > 1e-3 * spectrum.singular_values[0]
    assert largest_change(bispectrum, orbit.frames) > 15 * orbit.changes.max()


def test_the_search_for_two_blind_directions_ends_at_such_a_structure() -> None:
    """
    Three hydrogens of equal radius in one plane, whatever the radius of the one above.

    From other starts, searches also end at structures with a mirror plane, blind by symmetry.
    """
    descriptor = power_spectrum()

    def objective(x: Array) -> tuple[float, Array]:
        moves = 1e-4 * np.vstack([np.zeros(12), np.eye(12), -np.eye(12)])
        jacobians = environment_jacobians(descriptor, [methane(x + move) for move in moves])
        squares = np.array(
            [
                np.square(values[-2:]).sum() / values[0] ** 2
                for values in (spectrum_of(jacobian).singular_values for jacobian in jacobians)
            ]
        )
        return 1e4 * squares[0], 1e4 * (squares[1:13] - squares[13:]) / 2e-4

    near = singular_methane().positions[1:]
    start = near + 0.05 * np.random.default_rng(1).standard_normal((4, 3))
    found = minimize(objective, start.ravel(), jac=True, method="BFGS", options={"maxiter": 80})
    assert found.fun < 1e-6  # both singular values below 1e-5 of the largest
    vectors = found.x.reshape(4, 3)
    radii = np.linalg.norm(vectors, axis=1)
    cosines = vectors / radii[:, None] @ (vectors / radii[:, None]).T
    np.testing.assert_allclose(radii[:3], radii[0], atol=1e-3)
    np.testing.assert_allclose(cosines[3, :3], 0.0, atol=1e-3)
    assert abs(np.linalg.det(vectors[:3] / radii[:3, None])) < 1e-3
    assert abs(radii[3] - radii[0]) > 5e-3  # the search began with unequal radii


def test_features_stay_and_the_target_does_not(orbit: QuasiConstantOrbit) -> None:
    targets = face_alignments(hydrogens(orbit.frames))
    assert orbit.changes.max() < 1.5e-3
    assert np.ptp(targets) > 0.28
    spread = np.sqrt(hydrogens(orbit.frames).var(axis=0).mean())
    assert spread == pytest.approx(0.036, abs=2e-3)  # Å
    rng = np.random.default_rng(0)
    moved = [
        methane(orbit.frames[0].positions[1:] + spread * rng.standard_normal((4, 3)))
        for _ in range(80)
    ]
    features = center_features(power_spectrum(), [orbit.frames[0], *moved]).numpy()
    apart = np.linalg.norm(features[1:] - features[0], axis=1) / np.linalg.norm(features[0])
    assert np.median(apart) > 40 * orbit.changes.max()
    assert apart.max() > 100 * np.median(orbit.changes)


def test_the_orbit_closes(orbit: QuasiConstantOrbit) -> None:
    apart = np.linalg.norm(shapes(orbit.frames) - shapes(orbit.frames[:1]), axis=1)  # Å²
    later = 20 + int(apart[20:].argmin())
    assert 75 <= later <= 80
    assert apart[later] < 5e-3
    assert apart.max() > 0.2


def test_points_lie_a_step_apart_and_do_not_turn(orbit: QuasiConstantOrbit) -> None:
    steps = np.diff(hydrogens(orbit.frames), axis=0)
    lengths = np.linalg.norm(steps, axis=(1, 2))
    np.testing.assert_allclose(lengths, 0.01, rtol=1e-12)
    middles = 0.5 * (hydrogens(orbit.frames)[1:] + hydrogens(orbit.frames)[:-1])
    turned = np.cross(middles, steps).sum(axis=1)  # angular momentum
    assert np.abs(turned).max() < 1e-4
    along = (steps[1:] * steps[:-1]).sum(axis=(1, 2)) / 1e-4
    assert along.min() > 0.9


def test_a_shorter_step_gives_the_same_path(orbit: QuasiConstantOrbit) -> None:
    start = singular_methane(lift=0.18)
    shorter = quasi_constant_orbit(power_spectrum(), start, n_points=41, step=0.005)
    gaps = shapes(shorter.frames)[::2] - shapes(orbit.frames)[:21]
    assert np.abs(gaps).max() < 1e-4  # Å²
    again = quasi_constant_orbit(power_spectrum(), start, n_points=3)
    np.testing.assert_array_equal(hydrogens(again.frames), hydrogens(orbit.frames[:3]))


def test_impossible_steps_are_refused() -> None:
    for n_points, step in ((1, 0.01), (5, 0.0)):
        with pytest.raises(ValueError, match="give two points or more and a step in Å above zero"):
            quasi_constant_orbit(
                power_spectrum(2), singular_methane(lift=0.1), n_points=n_points, step=step
            )


def test_faces_by_loops() -> None:
    rng = np.random.default_rng(0)
    vertices = rng.standard_normal((3, 4, 3))
    expected = []
    for corners in vertices:
        normals = []
        for a, b, c in combinations(corners, 3):
            normal = np.cross(b - a, c - a)
            normals.append(normal / np.linalg.norm(normal))
        expected.append(sum((p @ q) ** 2 for p, q in combinations(normals, 2)))
    found = face_alignments(vertices)
    np.testing.assert_allclose(found, expected, rtol=1e-13)
    for order in ([1, 0, 2, 3], [3, 1, 0, 2]):
        np.testing.assert_allclose(face_alignments(2.0 * vertices[:, order]), found, rtol=1e-12)
    vertices[:, :, 2] = 1.0
    np.testing.assert_allclose(face_alignments(vertices), 6.0, rtol=1e-12)


@pytest.mark.mirror
def test_the_published_orbit_is_followed(mirror: Path) -> None:
    published = ase.io.read(mirror / "degenerate" / "ch4_manifold_pg-s0.3.xyz", index=":")
    targets = face_alignments(hydrogens(published))
    np.testing.assert_allclose([targets.min(), targets.max()], [0.935, 1.251], atol=5e-4)
    spread = np.sqrt(hydrogens(published).var(axis=0).mean())
    assert spread == pytest.approx(0.036, abs=5e-4)  # Å
    assert largest_change(power_spectrum(), published) == pytest.approx(1.5e-3, abs=5e-5)
    bispectrum = Bispectrum(2.5, l_max=3, radial=Gto(3), **SHARED)
    # 0.03 with all orders of factors and other radial functions
    assert largest_change(bispectrum, published) == pytest.approx(0.047, abs=1e-3)
    orbit = quasi_constant_orbit(power_spectrum(), published[0], n_points=81)
    assert orbit.changes.max() == pytest.approx(1.5e-3, abs=5e-5)
    ours = face_alignments(hydrogens(orbit.frames))
    np.testing.assert_allclose([ours.min(), ours.max()], [0.935, 1.251], atol=2e-3)
    apart = shapes(orbit.frames)[None] - shapes(published)[:, None]  # whichever way it went
    nearest = np.linalg.norm(apart, axis=2).min(axis=1)
    half_a_step = 0.5 * np.linalg.norm(np.diff(shapes(orbit.frames), axis=0), axis=1).max()
    assert nearest.max() < 1.1 * half_a_step
