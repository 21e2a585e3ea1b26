"""What moving, renaming and repeating atoms does to a descriptor."""

from __future__ import annotations

from collections.abc import Callable

import ase
import numpy as np
import pytest
import torch
from metatensor.torch import Labels, TensorBlock
from metatomic.torch import NeighborListOptions, System

from rhobar.math import SphericalHarmonics
from tests import structures
from tests.laws.case import Laws, in_double
from tests.laws.rows import Rows, assert_same, difference, renamed, rows, scale

KINDS = [structures.methane, structures.rock_salt, structures.slab]
PERIODIC = [structures.fcc_one_atom, structures.rock_salt, structures.slab]

of_every_kind = pytest.mark.parametrize("structure", KINDS, ids=lambda build: build.__name__)
of_periodic_kind = pytest.mark.parametrize("structure", PERIODIC, ids=lambda build: build.__name__)

Structure = Callable[[], ase.Atoms]


def random_rotation(seed: int) -> np.ndarray:
    """A proper rotation ``(3, 3)``, from the QR decomposition of a normal random matrix."""
    matrix, upper = np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))
    matrix *= np.sign(np.diag(upper))
    return matrix * np.sign(np.linalg.det(matrix))


def turned(frame: ase.Atoms, matrix: np.ndarray) -> ase.Atoms:
    """``frame`` with positions and cell multiplied by ``matrix``: r' = matrix · r."""
    frame = frame.copy()
    frame.positions = frame.positions @ matrix.T
    frame.cell = frame.cell.array @ matrix.T
    return frame


class GeometryLaws(Laws):
    """Translation, permutation, periodic images, neighbor lists and the cutoff."""

    @of_every_kind
    def test_translation(self, run, structure: Structure) -> None:
        frame = structure()
        expected = self.center_rows(frame)
        frame.positions += [0.7, -1.1, 0.4]
        assert_same(self.center_rows(frame), expected, self.tolerance)

    @of_every_kind
    def test_permutation(self, run, structure: Structure) -> None:
        frame = structure()
        order = np.random.default_rng(1).permutation(len(frame))  # new atom k was order[k]
        found = renamed(
            self.center_rows(frame[order]), lambda system, atom: (system, int(order[atom]))
        )
        assert_same(found, self.center_rows(frame), self.tolerance)

    @of_periodic_kind
    def test_supercell(self, run, structure: Structure) -> None:
        frame = structure()
        repeats = np.where(frame.pbc, [2, 3, 1], 1)
        found = self.center_rows(frame.repeat(repeats))
        unit = self.center_rows(frame)
        expected = {
            (key, (0, copy * len(frame) + atom)): row
            for (key, (_, atom)), row in unit.items()
            for copy in range(np.prod(repeats))
        }
        assert_same(found, expected, self.tolerance)

    @of_periodic_kind
    def test_cell_choice(self, run, structure: Structure) -> None:
        """Another cell of the same lattice, and atoms moved into it or out of it."""
        frame = structure()
        expected = self.center_rows(frame)
        same_lattice = np.array([[1, 1, 0], [1, 2, 0], [0, 0, 1]])  # determinant 1
        frame.set_cell(same_lattice @ frame.cell.array)
        assert_same(self.center_rows(frame), expected, self.tolerance)
        frame.positions[0] += 2 * frame.cell.array[0] - frame.cell.array[1]
        assert_same(self.center_rows(frame), expected, self.tolerance)
        frame.wrap()
        assert_same(self.center_rows(frame), expected, self.tolerance)

    @of_every_kind
    def test_order_of_pairs(self, run, structure: Structure) -> None:
        (system,) = self.systems([structure()])
        (options,) = system.known_neighbor_lists()
        pairs = system.get_neighbor_list(options)
        order = torch.randperm(len(pairs.samples), generator=torch.Generator().manual_seed(1))
        shuffled = self.with_pairs(system, options, pairs, order)
        assert_same(self.rows_of(shuffled), self.rows_of(system), self.tolerance)

    @in_double
    def test_half_list_is_refused(self, run) -> None:
        (system,) = self.systems([structures.methane()])
        (options,) = system.known_neighbor_lists()
        pairs = system.get_neighbor_list(options)
        first, second = pairs.samples.values[:, 0], pairs.samples.values[:, 1]
        half = NeighborListOptions(cutoff=self.cutoff, full_list=False, strict=True)
        halved = self.with_pairs(system, half, pairs, torch.nonzero(first < second)[:, 0])
        with pytest.raises((ValueError, RuntimeError), match="full"):
            self.model([halved])

    @in_double
    def test_cutoff_is_smooth(self, run) -> None:
        """The jump over the cutoff vanishes with the square of the step: no jump, no kink."""
        self.declare([self.approached(1.5)])
        jumps = []
        for step in (1e-3, 1e-4):
            inside = self.center_rows(self.approached(self.cutoff - step))
            outside = self.center_rows(self.approached(self.cutoff + step))
            jumps.append(difference(inside, outside) / scale(outside))
        assert 0.0 < jumps[0] < 1e-3
        assert jumps[1] < jumps[0] / 50

    @in_double
    def test_nothing_beyond_the_cutoff(self, run) -> None:
        self.declare([self.approached(1.5)])
        near = self.center_rows(self.approached(self.cutoff + 1e-9))
        far = self.center_rows(self.approached(self.cutoff + 7.0))
        assert_same(near, far, 0.0)

    def approached(self, distance: float) -> ase.Atoms:
        """CO, and nitrogen at ``distance`` from carbon, on the side away from oxygen."""
        positions = [[0.0, 0.0, 0.0], [1.1, 0.1, 0.2], [-0.6 * distance, 0.8 * distance, 0.0]]
        return ase.Atoms("CON", positions=positions)

    def center_rows(self, *frames: ase.Atoms) -> Rows:
        """The rows of ``frames``, one for each center and block."""
        return self.by_center(self.rows(*frames))

    def by_center(self, found: Rows) -> Rows:
        """What centers have; a descriptor with samples of more atoms says how to sum them."""
        return found

    def rows_of(self, system: System) -> Rows:
        """Rows of one system that has its neighbor list."""
        return self.by_center(rows(self.model([system])))

    def with_pairs(self, system: System, options: NeighborListOptions, pairs, chosen) -> System:
        """``system`` with the ``chosen`` pairs as its only neighbor list, under ``options``."""
        samples = Labels(pairs.samples.names, pairs.samples.values[chosen])
        block = TensorBlock(pairs.values[chosen], samples, pairs.components, pairs.properties)
        bare = System(system.types, system.positions, system.cell, system.pbc)
        bare.add_neighbor_list(options, block)
        return bare


class InvariantLaws(GeometryLaws):
    """Rotation and inversion leave every number as it is."""

    @of_every_kind
    @pytest.mark.parametrize("improper", [False, True], ids=["rotation", "inversion"])
    def test_rotation(self, run, structure: Structure, improper: bool) -> None:
        matrix = random_rotation(7) * (-1 if improper else 1)
        frame = structure()
        assert_same(
            self.center_rows(turned(frame, matrix)), self.center_rows(frame), self.tolerance
        )


class EquivariantLaws(GeometryLaws):
    """Each block turns with its ``o3_lambda``, and changes sign with its ``o3_sigma``."""

    @of_every_kind
    @pytest.mark.parametrize("improper", [False, True], ids=["rotation", "inversion"])
    def test_rotation(self, run, structure: Structure, improper: bool) -> None:
        matrix = random_rotation(7) * (-1 if improper else 1)
        frame = structure()
        assert self.case.keys[:2] == ["o3_lambda", "o3_sigma"]
        expected = {
            (key, sample): self.turned_row(row, matrix, o3_lambda=key[0], o3_sigma=key[1])
            for (key, sample), row in self.center_rows(frame).items()
        }
        assert_same(self.center_rows(turned(frame, matrix)), expected, self.tolerance)

    def turned_row(
        self, row: np.ndarray, matrix: np.ndarray, *, o3_lambda: int, o3_sigma: int
    ) -> np.ndarray:
        """``D · row``, times ``o3_sigma`` under improper matrices; row is ``(o3_mu, property)``."""
        sign = o3_sigma if np.linalg.det(matrix) < 0 else 1
        return sign * harmonics_matrix(matrix, o3_lambda) @ row


def harmonics_matrix(matrix: np.ndarray, degree: int) -> np.ndarray:
    """
    ``D (2 degree + 1, 2 degree + 1)`` with Y(matrix · r) = D · Y(r), found by least squares.

    Fitted to the harmonics the library itself uses, so that no second convention enters.
    """
    vectors = np.random.default_rng(degree).standard_normal((4 * degree + 8, 3))
    harmonics = SphericalHarmonics(degree)
    last = slice(degree**2, (degree + 1) ** 2)
    before = harmonics(torch.tensor(vectors)).numpy()[:, last]
    after = harmonics(torch.tensor(vectors @ matrix.T)).numpy()[:, last]
    return np.linalg.lstsq(before, after, rcond=None)[0].T
