"""Structures that are refused, with the place of the fault."""

from __future__ import annotations

import ase
import numpy as np
import pytest

from rhobar.systems import batched, from_ase
from tests import structures


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_positions_that_are_no_numbers(bad: float) -> None:
    frame = structures.ethanol()
    frame.positions[3, 1] = bad
    with pytest.raises(ValueError, match=r"frame 1, atom 3: position .* is not finite"):
        batched([structures.methane(), frame])
    with pytest.raises(ValueError, match=r"frame 0, atom 3"):
        from_ase(frame)


@pytest.mark.parametrize(
    ("cell", "pbc"),
    [
        (np.zeros((3, 3)), True),
        (np.diag([5.0, 5.0, 0.0]), True),
        (np.diag([0.0, 5.0, 5.0]), [True, False, False]),
        ([[3.0, 0, 0], [3.0, 0, 0], [0, 0, 3.0]], True),
    ],
)
def test_periodic_without_a_cell(cell: np.ndarray, pbc: bool | list[bool]) -> None:
    frame = ase.Atoms("H", cell=cell, pbc=pbc)
    with pytest.raises(ValueError, match=r"frame 5: periodic along .* spans no volume"):
        batched([frame], first=5)


def test_a_cell_that_is_no_number() -> None:
    frame = ase.Atoms("H", cell=[[np.nan, 0, 0], [0, 3, 0], [0, 0, 3]])
    with pytest.raises(ValueError, match=r"frame 0: the cell"):
        batched([frame])


def test_directions_without_period_need_no_cell() -> None:
    batch = batched([structures.slab(), ase.Atoms("H", cell=np.zeros((3, 3)))])
    assert batch.pbc.tolist() == [[True, True, False], [False, False, False]]
