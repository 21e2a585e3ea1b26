"""Derivatives: of ``forward`` by autograd, of ``.compute`` as stored blocks."""

from __future__ import annotations

from collections.abc import Callable

import ase
import numpy as np
import pytest
import torch
from metatomic.torch import System

from rhobar.systems import neighbors_added
from tests import structures
from tests.laws.case import Laws, in_double
from tests.laws.rows import rows, scale

STEP = 1e-4  # Å, or a strain; the error of a central difference is of the order STEP²
NUMERICAL = 1e-6  # largest difference from central differences, relative to the largest gradient

Moved = Callable[[float], ase.Atoms]


class GradientLaws(Laws):
    """Autograd once and twice, stored gradients, and what symmetry says about them."""

    @in_double
    def test_autograd_of_positions_and_cell(self, run) -> None:
        system = self.systems([structures.rock_salt()])[0]
        positions, cell = (x.clone().requires_grad_() for x in (system.positions, system.cell))

        def values(positions: torch.Tensor, cell: torch.Tensor) -> tuple[torch.Tensor, ...]:
            return self.values_of(system, positions, cell)

        assert torch.autograd.gradcheck(
            values, (positions, cell), eps=1e-5, atol=1e-6, fast_mode=True
        )

    @in_double
    def test_autograd_twice(self, run) -> None:
        """Forces are trained on, so that their derivatives have to exist."""
        system = self.systems([structures.methane()])[0]
        positions = system.positions.clone().requires_grad_()
        generator = torch.Generator().manual_seed(3)
        weights = [
            torch.randn(block.values.shape, generator=generator, dtype=self.dtype)
            for block in self.model([system]).blocks()
        ]

        def energy(positions: torch.Tensor) -> torch.Tensor:
            blocks = self.values_of(system, positions, system.cell)
            return sum((w * values).sum() for w, values in zip(weights, blocks, strict=True))

        assert torch.autograd.gradgradcheck(energy, (positions,), eps=1e-5, atol=1e-6)

    @in_double
    def test_gradient_vanishes_at_the_cutoff(self, run) -> None:
        def pull(distance: float) -> float:
            """Norm of the derivative of Σ x² with respect to an atom at ``distance``."""
            positions = [[0.0, 0.0, 0.0], [1.1, 0.1, 0.2], [-0.6 * distance, 0.8 * distance, 0.0]]
            (system,) = self.systems([ase.Atoms("CON", positions=positions)])
            moved = system.positions.clone().requires_grad_()
            total = sum(x.square().sum() for x in self.values_of(system, moved, system.cell))
            return torch.autograd.grad(total, moved)[0][2].norm().item()

        inside = pull(self.cutoff - 0.25)
        assert inside > 0
        assert pull(self.cutoff - 1e-6) < 1e-4 * inside

    @in_double
    @pytest.mark.parametrize("build", [structures.methane, structures.rock_salt])
    def test_stored_position_gradients(self, run, build: Callable[[], ase.Atoms]) -> None:
        frame = build()
        for atom, axis in np.ndindex(len(frame), 3):

            def moved(step: float, atom: int = atom, axis: int = axis) -> ase.Atoms:
                copy = frame.copy()
                copy.positions[atom, axis] += step
                return copy

            found = self.stored(frame, "positions", lambda sample, atom=atom: (*sample, atom))
            self.assert_is_derivative({k: g[axis] for k, g in found.items()}, moved)

    @in_double
    def test_stored_strain_gradients(self, run) -> None:
        """Axes: component of the vector, then direction; r'_y = r_y + Σ_x r_x ε_xy."""
        frame = structures.rock_salt()
        found = self.stored(frame, "strain", lambda sample: sample)
        for x, y in np.ndindex(3, 3):

            def strained(step: float, x: int = x, y: int = y) -> ase.Atoms:
                strain = np.eye(3)
                strain[x, y] += step
                copy = frame.copy()
                copy.set_cell(frame.cell.array @ strain)
                copy.positions = frame.positions @ strain
                return copy

            self.assert_is_derivative({k: g[x, y] for k, g in found.items()}, strained)

    @in_double
    def test_stored_cell_gradients(self, run) -> None:
        """Axes: cell vector, then direction; positions stay where they are."""
        frame = structures.rock_salt()
        found = self.stored(frame, "cell", lambda sample: sample)
        for vector, axis in np.ndindex(3, 3):

            def sheared(step: float, vector: int = vector, axis: int = axis) -> ase.Atoms:
                cell = frame.cell.array.copy()
                cell[vector, axis] += step
                copy = frame.copy()
                copy.set_cell(cell)
                return copy

            self.assert_is_derivative({k: g[vector, axis] for k, g in found.items()}, sheared)

    @in_double
    def test_stored_gradients_are_those_of_autograd(self, run) -> None:
        frame = structures.ethanol()
        computed = self.model.compute(frame, gradients=["positions"])
        (system,) = self.systems([frame])
        positions = system.positions.clone().requires_grad_()
        generator = torch.Generator().manual_seed(4)
        total, expected = torch.zeros((), dtype=self.dtype), torch.zeros_like(positions)
        features = self.model(self.with_positions(system, positions, system.cell))
        for block, stored in zip(features.blocks(), computed.blocks(), strict=True):
            weights = torch.randn(block.values.shape, generator=generator, dtype=self.dtype)
            total = total + (weights * block.values).sum()
            gradient = stored.gradient("positions")
            sample, atom = (gradient.samples.column(n).long() for n in ("sample", "atom"))
            along = (weights[sample][:, None] * gradient.values).flatten(2).sum(-1)
            expected.index_add_(0, atom, along)
        (found,) = torch.autograd.grad(total, positions)
        assert (found - expected).abs().max() <= self.tolerance * expected.abs().max()

    @in_double
    def test_moving_all_atoms_changes_nothing(self, run) -> None:
        largest = remaining = 0.0
        for block in self.model.compute(structures.slab(), gradients=["positions"]).blocks():
            gradient = block.gradient("positions")
            total = torch.zeros((len(block.samples), *gradient.values.shape[1:]), dtype=self.dtype)
            total.index_add_(0, gradient.samples.column("sample").long(), gradient.values)
            largest = max(largest, _largest(gradient.values))
            remaining = max(remaining, _largest(total))
        assert largest > 0
        assert remaining <= self.tolerance * largest

    def with_positions(
        self, system: System, positions: torch.Tensor, cell: torch.Tensor
    ) -> list[System]:
        """``system`` with other positions and cell, and neighbors that depend on them."""
        moved = System(system.types, positions, cell, system.pbc)
        return neighbors_added([moved], self.cutoff)

    def values_of(
        self, system: System, positions: torch.Tensor, cell: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        """Values of all blocks for ``system`` with other positions and cell."""
        features = self.model(self.with_positions(system, positions, cell))
        return tuple(block.values for block in features.blocks())

    def stored(self, frame: ase.Atoms, parameter: str, sample: Callable) -> dict:
        """
        Gradients of one parameter by name of the row; rows without an entry are zeros.

        ``sample(i)`` is what a gradient's sample has to be to belong to the row ``i``: with
        positions it ends in the moved atom.
        """
        found = {}
        for key, block in self.model.compute(frame, gradients=[parameter]).items():
            gradient = block.gradient(parameter)
            values = gradient.values.numpy()
            entries = gradient.samples.values.tolist()
            by_row = {(e[0], *e[2:]): value for e, value in zip(entries, values, strict=True)}
            assert len(by_row) == len(entries), f"{parameter} gradients occur twice"
            zeros = np.zeros(values.shape[1:])
            for index, name in enumerate(block.samples.values.tolist()):
                row = (tuple(key.values.tolist()), tuple(name))
                found[row] = by_row.get(tuple(sample((index,))), zeros)
        return found

    def assert_is_derivative(self, found: dict, moved: Moved) -> None:
        """``found`` are the derivatives of the rows along ``moved``, by central differences."""
        ahead, behind = (rows(self.model.compute(moved(s))) for s in (STEP, -STEP))
        expected = {name: (ahead[name] - behind[name]) / (2 * STEP) for name in ahead}
        assert set(found) == set(expected)
        limit = NUMERICAL * max(scale(expected), scale(rows(self.model.compute(moved(0.0)))))
        for name, derivative in expected.items():
            np.testing.assert_allclose(found[name], derivative, rtol=0, atol=limit, err_msg=name)


class InvariantGradientLaws(GradientLaws):
    """What holds for the gradients of invariants only."""

    @in_double
    def test_turning_all_atoms_changes_nothing(self, run) -> None:
        """The antisymmetric part of the strain gradient is a rotation."""
        largest = remaining = 0.0
        for block in self.model.compute(structures.rock_salt(), gradients=["strain"]).blocks():
            strain = block.gradient("strain").values  # (sample, 3, 3, property)
            largest = max(largest, _largest(strain))
            remaining = max(remaining, _largest(strain - strain.transpose(1, 2)))
        assert largest > 0
        assert remaining <= self.tolerance * largest


def _largest(values: torch.Tensor) -> float:
    """Largest absolute number; 0 of a block without rows."""
    return values.abs().max().item() if values.numel() else 0.0
