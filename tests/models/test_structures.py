"""Rows of structures from features of environments."""

from __future__ import annotations

import pytest
import torch
from metatensor.torch import TensorBlock, TensorMap

from rhobar.models import force_rows, sum_over_atoms
from tests.feature_blocks import N_ATOMS, feature_blocks, moved_blocks


def test_sums_keep_center_types_apart() -> None:
    features = feature_blocks(n_features=2)
    rows = sum_over_atoms(features, n_systems=3)
    assert rows.shape == (3, 6)
    hydrogen, carbon, oxygen = features.blocks()
    torch.testing.assert_close(rows[0, :2], hydrogen.values[:2].sum(0), rtol=1e-15, atol=0.0)
    assert torch.equal(rows[0, 2:4], carbon.values[0])
    assert torch.equal(rows[2, 4:], oxygen.values[0])
    assert rows[1, :2].abs().max() == 0.0  # no hydrogen
    assert rows[:2, 4:].abs().max() == 0.0  # no oxygen


def test_systems_without_atoms_have_rows_of_zeros() -> None:
    assert sum_over_atoms(feature_blocks(), n_systems=5)[3:].abs().max() == 0.0


def test_force_rows_are_minus_the_gradients_of_the_sums() -> None:
    features = feature_blocks()
    rows = force_rows(features, n_atoms=N_ATOMS)
    assert rows.shape == (3 * sum(N_ATOMS), 15)
    moves = torch.randn(3, 4, 3, generator=torch.Generator().manual_seed(1)).double()
    moved = sum_over_atoms(moved_blocks(features, moves), n_systems=3)
    change = moved - sum_over_atoms(features, n_systems=3)
    start = 0
    for system, n_atoms in enumerate(N_ATOMS):
        block = rows[3 * start : 3 * (start + n_atoms)]
        step = moves[system, :n_atoms].reshape(-1)
        torch.testing.assert_close(-step @ block, change[system], rtol=1e-12, atol=1e-12)
        start += n_atoms


def test_force_rows_need_gradients() -> None:
    features = feature_blocks()
    bare = [
        TensorBlock(block.values, block.samples, block.components, block.properties)
        for block in features.blocks()
    ]
    with pytest.raises(ValueError, match=r"gradients=\['positions'\]"):
        force_rows(TensorMap(features.keys, bare), n_atoms=N_ATOMS)
