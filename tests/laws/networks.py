"""What every network of energies obeys."""

from __future__ import annotations

from collections.abc import Callable

import ase
import numpy as np
import pytest
import torch
from metatomic.torch import System

from rhobar.systems import from_ase, neighbors_added
from tests import structures
from tests.laws.geometry import random_rotation, turned

TOLERANCE = 1e-11  # relative, in float64
KINDS = [structures.methane, structures.rock_salt, structures.slab]
PERIODIC = [structures.fcc_one_atom, structures.rock_salt, structures.slab]
TYPES = [1, 6, 8, 11, 13, 17, 29]

of_every_kind = pytest.mark.parametrize("structure", KINDS, ids=lambda build: build.__name__)
of_periodic_kind = pytest.mark.parametrize("structure", PERIODIC, ids=lambda build: build.__name__)

Structure = Callable[[], ase.Atoms]


class NetworkLaws:
    """Symmetry, extensivity, smoothness, gradients, labels, dtypes, TorchScript, state."""

    build: Callable[..., torch.nn.Module]
    """of ``atomic_types``, with a cutoff"""

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls) -> torch.nn.Module:
        return cls.build(TYPES)

    def energy(self, model: torch.nn.Module, *frames: ase.Atoms) -> np.ndarray:
        return model.compute(list(frames)).block().values[:, 0].numpy()

    def systems(self, model: torch.nn.Module, *frames: ase.Atoms, **options) -> list:
        systems = [from_ase(frame, **options) for frame in frames]
        for cutoff in {one.cutoff for one in model.requested_neighbor_lists()}:
            neighbors_added(systems, cutoff)
        return systems

    @of_every_kind
    @pytest.mark.parametrize("improper", [False, True], ids=["rotation", "inversion"])
    def test_rotation_and_translation(self, model, structure: Structure, improper: bool) -> None:
        frame = structure()
        moved = turned(frame, random_rotation(3) * (-1 if improper else 1))
        moved.positions += [0.7, -1.1, 0.4]
        np.testing.assert_allclose(self.energy(model, moved), self.energy(model, frame), TOLERANCE)

    @of_every_kind
    def test_permutation(self, model, structure: Structure) -> None:
        frame = structure()
        order = np.random.default_rng(1).permutation(len(frame))
        found = self.energy(model, frame[order])
        np.testing.assert_allclose(found, self.energy(model, frame), TOLERANCE)

    @of_periodic_kind
    def test_supercell(self, model, structure: Structure) -> None:
        frame = structure()
        repeats = np.where(frame.pbc, [2, 3, 1], 1)
        found = self.energy(model, frame.repeat(repeats))
        np.testing.assert_allclose(found, repeats.prod() * self.energy(model, frame), TOLERANCE)

    @of_periodic_kind
    def test_cell_choice(self, model, structure: Structure) -> None:
        frame = structure()
        before = self.energy(model, frame)
        frame.set_cell(np.array([[1, 1, 0], [1, 2, 0], [0, 0, 1]]) @ frame.cell.array)
        np.testing.assert_allclose(self.energy(model, frame), before, TOLERANCE)

    def test_union_and_copies_far_apart(self, model) -> None:
        first, second = structures.methane(), structures.ethanol()
        one, other = (self.energy(model, frame)[0] for frame in (first, second))
        np.testing.assert_allclose(self.energy(model, first, second), [one, other], TOLERANCE)
        second.positions += [50.0, 0.0, 0.0]
        np.testing.assert_allclose(self.energy(model, first + second), one + other, TOLERANCE)

    def test_lone_atoms_and_none(self, model) -> None:
        found = self.energy(model, structures.isolated(), structures.no_atoms(), structures.apart())
        assert np.isfinite(found).all()
        assert found[1] == 0

    def test_smooth_at_the_cutoff(self, model) -> None:
        """An atom that arrives changes energy and forces by the square of how far it is inside."""
        cutoff = max(one.cutoff for one in model.requested_neighbor_lists())
        energies, forces = [], []
        for inside in (1e-3, -1e-3):
            frame = ase.Atoms("CO", [[0, 0, 0], [cutoff - inside, 0, 0]])
            block = model.compute(frame, gradients=["positions"]).block()
            energies.append(block.values.item())
            forces.append(block.gradient("positions").values.abs().max().item())
        assert abs(energies[0] - energies[1]) < 1e-4 * abs(energies[1])
        assert forces[0] < 1e-2
        assert forces[1] == 0

    def test_gradients_of_positions(self, model) -> None:
        frame, step = structures.rock_salt(), 1e-4
        found = model.compute(frame, gradients=["positions"]).block().gradient("positions")
        assert found.samples.values.tolist() == [[0, 0, 0], [0, 0, 1]]
        expected = np.zeros((2, 3))
        for atom, axis in np.ndindex(2, 3):
            ahead, behind = frame.copy(), frame.copy()
            ahead.positions[atom, axis] += step
            behind.positions[atom, axis] -= step
            high, low = self.energy(model, ahead, behind)
            expected[atom, axis] = (high - low) / (2 * step)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(found.values[..., 0], expected, rtol=0, atol=1e-5 * scale)

    def test_gradients_of_strain(self, model) -> None:
        frame, step = structures.slab(), 1e-4
        found = model.compute(frame, gradients=["strain"]).block().gradient("strain").values
        expected = np.zeros((3, 3))
        for index in np.ndindex(3, 3):
            matrix = np.zeros((3, 3))
            matrix[index] = step
            ahead, behind = turned(frame, np.eye(3) + matrix), turned(frame, np.eye(3) - matrix)
            high, low = self.energy(model, ahead, behind)
            expected[index] = (high - low) / (2 * step)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(found[0, ..., 0], expected, rtol=0, atol=1e-5 * scale)

    def test_autograd_twice(self, model) -> None:
        """Forces can be trained on."""
        frame = structures.methane()

        def energy(positions: torch.Tensor) -> torch.Tensor:
            moved = frame.copy()
            moved.positions = positions.detach().numpy()
            (system,) = [from_ase(moved)]
            replaced = System(system.types, positions, system.cell, system.pbc)
            for cutoff in {one.cutoff for one in model.requested_neighbor_lists()}:
                neighbors_added([replaced], cutoff)
            return model([replaced]).block().values.sum()

        positions = torch.tensor(frame.positions, requires_grad=True)
        assert torch.autograd.gradgradcheck(energy, positions, eps=1e-5, atol=1e-6)

    def test_labels(self, model) -> None:
        found = model(self.systems(model, structures.methane(), structures.ethanol()))
        assert (found.keys.names, found.keys.values.tolist()) == (["_"], [[0]])
        (block,) = found.blocks()
        assert (block.samples.names, block.samples.values.tolist()) == (["system"], [[0], [1]])
        assert (block.properties.names, block.components) == (["energy"], [])

    def test_compute_equals_forward(self, model) -> None:
        frames = [structures.methane(), structures.slab()]
        forward = model(self.systems(model, *frames)).block().values[:, 0].detach().numpy()
        np.testing.assert_allclose(self.energy(model, *frames), forward, TOLERANCE)
        assert not model.compute(frames, gradients=["positions"]).block().values.requires_grad

    def test_script(self, model) -> None:
        systems = self.systems(model, structures.methane(), structures.slab())
        expected = model(systems).block().values
        found = torch.jit.script(model)(systems).block().values
        torch.testing.assert_close(found, expected, rtol=TOLERANCE, atol=0)

    def test_state(self, model) -> None:
        other = self.build(TYPES)
        with torch.no_grad():
            for weights in other.parameters():
                weights.add_(0.1)
        frame = structures.ethanol()
        assert self.energy(other, frame) != self.energy(model, frame)
        other.load_state_dict(model.state_dict())
        assert self.energy(other, frame) == self.energy(model, frame)

    def test_single_precision_is_close(self, model) -> None:
        single = self.build(TYPES).to(torch.float32)
        frames = [structures.methane(), structures.slab()]
        values = single.compute(frames).block().values
        assert values.dtype == torch.float32
        np.testing.assert_allclose(values[:, 0], self.energy(model, *frames), rtol=1e-4)

    def test_unknown_types_are_refused(self) -> None:
        with pytest.raises(ValueError, match="29"):
            self.build([1, 6, 8]).compute(structures.slab())
