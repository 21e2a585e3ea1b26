"""What every model of energies obeys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ase
import ase.units
import numpy as np
import pytest

from rhobar.models import EnergyModel, load_model
from tests import structures
from tests.laws.geometry import random_rotation, turned

TOLERANCE = 1e-9  # eV, eV/Å: energies of a few eV that are sums over a few atoms


def bonded(frame: ase.Atoms) -> tuple[float, np.ndarray]:
    """Energy (eV) and forces (eV/Å) of springs between all atoms: something smooth to learn."""
    vectors = frame.positions[:, None] - frame.positions[None]
    distances = np.linalg.norm(vectors, axis=-1) + np.eye(len(frame))
    energy = 0.25 * ((distances - 1.5) ** 2 * (1 - np.eye(len(frame)))).sum()
    pull = ((distances - 1.5) / distances)[..., None] * vectors
    return energy, -pull.sum(axis=1)


def training_set(n_frames: int = 30) -> list[ase.Atoms]:
    """Methane and ethanol in turn, displaced by 0.08 Å."""
    kinds = [structures.methane, structures.ethanol]
    return [
        structures.rattled(kinds[k % 2](), amplitude=0.08, seed=100 + k) for k in range(n_frames)
    ]


class EnergyLaws:
    """Symmetry, extensivity, forces, conservation, files."""

    build: Callable[[], EnergyModel]
    learns_forces: bool

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls) -> EnergyModel:
        frames = training_set()
        energies, forces = zip(*map(bonded, frames), strict=True)
        return cls.build().fit(frames, energies, forces if cls.learns_forces else None)

    def test_it_has_learned(self, model: EnergyModel) -> None:
        frames = [structures.rattled(structures.ethanol(), amplitude=0.05, seed=9)]
        (expected,) = (bonded(frame)[0] for frame in frames)
        baseline = model.composition.predict(frames)[0]
        error = abs(model.predict(frames).energies[0] - expected)
        assert error < 0.2 * abs(baseline - expected)

    @pytest.mark.parametrize("improper", [False, True], ids=["rotation", "inversion"])
    def test_rotation(self, model: EnergyModel, improper: bool) -> None:
        matrix = random_rotation(3) * (-1 if improper else 1)
        frame = structures.ethanol()
        before = model.predict([frame], forces=True)
        after = model.predict([turned(frame, matrix)], forces=True)
        np.testing.assert_allclose(after.energies, before.energies, rtol=0, atol=TOLERANCE)
        np.testing.assert_allclose(
            after.forces[0], before.forces[0] @ matrix.T, rtol=0, atol=TOLERANCE
        )

    def test_translation_and_permutation(self, model: EnergyModel) -> None:
        frame = structures.ethanol()
        order = np.random.default_rng(2).permutation(len(frame))
        moved = frame[order]
        moved.positions += [3.0, -2.0, 1.0]
        before = model.predict([frame], forces=True, per_atom=True)
        after = model.predict([moved], forces=True, per_atom=True)
        np.testing.assert_allclose(after.energies, before.energies, rtol=0, atol=TOLERANCE)
        np.testing.assert_allclose(after.forces[0], before.forces[0][order], rtol=0, atol=TOLERANCE)
        np.testing.assert_allclose(
            after.atomic_energies[0], before.atomic_energies[0][order], rtol=0, atol=TOLERANCE
        )

    def test_copies_far_apart_add(self, model: EnergyModel) -> None:
        first, second = structures.methane(), structures.ethanol()
        second.positions += [50.0, 0.0, 0.0]
        one, other, both = model.predict([first, second, first + second]).energies
        np.testing.assert_allclose(both, one + other, rtol=0, atol=TOLERANCE)

    def test_atomic_energies_sum_to_the_energy(self, model: EnergyModel) -> None:
        frames = [structures.methane(), structures.ethanol()]
        found = model.predict(frames, per_atom=True)
        sums = [part.sum() for part in found.atomic_energies]
        np.testing.assert_allclose(found.energies, sums, rtol=0, atol=TOLERANCE)
        assert [len(part) for part in found.atomic_energies] == [len(frame) for frame in frames]

    def test_forces_are_minus_the_gradient(self, model: EnergyModel) -> None:
        frame, step = structures.methane(), 1e-4
        expected = np.zeros((len(frame), 3))
        for atom, axis in np.ndindex(len(frame), 3):
            ahead, behind = frame.copy(), frame.copy()
            ahead.positions[atom, axis] += step
            behind.positions[atom, axis] -= step
            high, low = model.predict([ahead, behind]).energies
            expected[atom, axis] = -(high - low) / (2 * step)
        (found,) = model.predict([frame], forces=True).forces
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * np.abs(expected).max())

    def test_forces_and_torques_sum_to_zero(self, model: EnergyModel) -> None:
        frame = structures.ethanol()
        (forces,) = model.predict([frame], forces=True).forces
        assert np.abs(forces).max() > 0.1
        torques = np.cross(frame.positions, forces)
        np.testing.assert_allclose(forces.sum(axis=0), 0.0, rtol=0, atol=TOLERANCE)
        np.testing.assert_allclose(torques.sum(axis=0), 0.0, rtol=0, atol=TOLERANCE)

    def test_energy_is_conserved(self, model: EnergyModel) -> None:
        """Along a Verlet trajectory the total energy varies with the square of the time step."""
        coarse, fine = (self.variation(model, step, 8.0) for step in (0.4, 0.2))
        assert 0 < fine < 0.35 * coarse

    def variation(self, model: EnergyModel, step: float, duration: float) -> float:
        """Largest change of the total energy (eV) in ``duration`` fs, with steps of ``step`` fs."""
        frame = structures.methane()
        masses = frame.get_masses()[:, None]
        velocities = np.zeros((len(frame), 3))
        energies = []
        found = model.predict([frame], forces=True)
        dt = step * ase.units.fs
        for _ in range(round(duration / step)):
            kinetic = 0.5 * (masses * velocities**2).sum()
            energies.append(found.energies[0] + kinetic)
            velocities += 0.5 * dt * found.forces[0] / masses
            frame.positions += dt * velocities
            found = model.predict([frame], forces=True)
            velocities += 0.5 * dt * found.forces[0] / masses
        return np.ptp(energies)

    def test_file(self, model: EnergyModel, tmp_path: Path) -> None:
        frames = [structures.methane(), structures.ethanol()]
        model.save(tmp_path / "model.npz")
        found = load_model(tmp_path / "model.npz").predict(frames, forces=True)
        expected = model.predict(frames, forces=True)
        np.testing.assert_array_equal(found.energies, expected.energies)
        for ours, theirs in zip(found.forces, expected.forces, strict=True):
            np.testing.assert_array_equal(ours, theirs)

    def test_unknown_types_are_refused(self, model: EnergyModel) -> None:
        with pytest.raises(ValueError, match="29"):
            model.predict([structures.slab()])
