"""ase to metatomic and back."""

from __future__ import annotations

import ase
import numpy as np
import pytest
import torch

from rhobar.systems import from_ase, neighbor_options, neighbors_added, to_ase
from tests import structures


@pytest.mark.parametrize(
    "frame", structures.everything(), ids=lambda frame: frame.get_chemical_formula()
)
def test_there_and_back(frame: ase.Atoms) -> None:
    again = to_ase(from_ase(frame))
    assert (again.numbers == frame.numbers).all()
    assert (again.pbc == frame.pbc).all()
    np.testing.assert_array_equal(again.positions, frame.positions)
    np.testing.assert_array_equal(again.cell.array[frame.pbc], frame.cell.array[frame.pbc])


def test_cell_vectors_of_open_directions_are_dropped() -> None:
    frame = structures.methane()
    frame.cell = 3 * [10.0]
    assert (from_ase(frame).cell == 0).all()


def test_dtype_and_gradients() -> None:
    system = from_ase(structures.rock_salt(), dtype=torch.float32, requires_grad=True)
    assert system.positions.dtype == torch.float32
    assert system.positions.requires_grad
    assert system.cell.requires_grad


def test_neighbors_depend_on_positions_and_cell() -> None:
    (system,) = neighbors_added([from_ase(structures.fcc_one_atom(), requires_grad=True)], 4.0)
    block = system.get_neighbor_list(neighbor_options(4.0))
    assert len(block.samples) == 12
    block.values[0].square().sum().backward()
    # the vector is a sum of lattice vectors: only the cell changes it
    assert (system.positions.grad == 0).all()
    shift = block.samples.values[0, 2:].double()
    expected = shift[:, None] * 2 * block.values[0, :, 0].detach()[None, :]
    torch.testing.assert_close(system.cell.grad, expected)
