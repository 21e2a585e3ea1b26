"""Features gathered by center type and scaled to unit length."""

from __future__ import annotations

import pytest
import torch
from metatensor.torch import Labels, TensorBlock, TensorMap

from rhobar.descriptors import by_center_type, by_order, normalized
from tests.feature_blocks import feature_blocks, moved_blocks


def two_neighbor_types() -> TensorMap:
    """Center 0 sees neighbors of type 1 only, center 2 those of type 8 only, center 1 both."""
    keys = Labels(["center_type", "neighbor_type"], torch.tensor([[6, 1], [6, 8]]))
    atoms = {1: [0, 1], 8: [1, 2]}
    blocks = []
    for neighbor_type, rows in atoms.items():
        blocks.append(
            TensorBlock(
                values=neighbor_type * torch.tensor(rows, dtype=torch.float64)[:, None] + 1.0,
                samples=Labels(["system", "atom"], torch.tensor([[0, row] for row in rows])),
                components=[],
                properties=Labels.range("n", 1),
            )
        )
    return TensorMap(keys, blocks)


def test_other_keys_become_properties_and_absent_rows_zero() -> None:
    block = by_center_type(two_neighbor_types()).block({"center_type": 6})
    assert block.properties.names == ["neighbor_type", "n"]
    assert block.properties.values.tolist() == [[1, 0], [8, 0]]
    assert block.samples.values.tolist() == [[0, 0], [0, 1], [0, 2]]
    assert block.values.tolist() == [[1.0, 0.0], [2.0, 9.0], [0.0, 17.0]]


def test_one_block_for_each_center_type_stays() -> None:
    features = feature_blocks()
    assert by_center_type(features).keys == features.keys


def test_orders_are_taken_apart() -> None:
    one = feature_blocks()
    keys = [[nu, int(key["center_type"])] for nu in (2, 1) for key in one.keys]
    blocks = [block.copy() for _ in range(2) for block in one.blocks()]
    both = TensorMap(Labels(["nu", "center_type"], torch.tensor(keys)), blocks)
    orders = by_order(both)
    assert list(orders) == [1, 2]
    for found in orders.values():
        assert found.keys == one.keys
        for block, expected in zip(found.blocks(), one.blocks(), strict=True):
            assert torch.equal(block.values, expected.values)


def test_what_has_no_order_is_refused() -> None:
    with pytest.raises(ValueError, match="no key 'nu'"):
        by_order(feature_blocks())


def test_what_has_no_center_type_is_refused() -> None:
    features = feature_blocks().keys_to_samples("center_type")
    with pytest.raises(ValueError, match="no key 'center_type'"):
        by_center_type(features)


def test_what_turns_with_the_structure_is_refused() -> None:
    block = TensorBlock(
        values=torch.ones(1, 3, 1, dtype=torch.float64),
        samples=Labels(["system", "atom"], torch.tensor([[0, 0]])),
        components=[Labels.range("o3_mu", 3)],
        properties=Labels.range("n", 1),
    )
    vectors = TensorMap(Labels("center_type", torch.tensor([[6]])), [block])
    with pytest.raises(ValueError, match="give invariants"):
        by_center_type(vectors)


def test_rows_have_unit_length() -> None:
    features = feature_blocks()
    for block, scaled in zip(features.blocks(), normalized(features).blocks(), strict=True):
        lengths = block.values.norm(dim=1, keepdim=True)
        torch.testing.assert_close(scaled.values, block.values / lengths, rtol=1e-14, atol=0.0)


def test_gradients_are_those_of_the_scaled_rows() -> None:
    features, step = feature_blocks(), 1e-6
    for atom in range(4):
        for axis in range(3):
            moves = torch.zeros(3, 4, 3, dtype=torch.float64)
            moves[:, atom, axis] = step
            forward = normalized(moved_blocks(features, moves))
            backward = normalized(moved_blocks(features, -moves))
            expected = moved_blocks(normalized(features), moves / step)
            for key, block in normalized(features).items():
                slopes = (forward.block(key).values - backward.block(key).values) / (2 * step)
                torch.testing.assert_close(
                    expected.block(key).values - block.values, slopes, rtol=0.0, atol=1e-8
                )


def test_rows_of_zeros_stay_and_have_finite_derivatives() -> None:
    values = torch.tensor([[0.0, 0.0], [3.0, 4.0]], dtype=torch.float64, requires_grad=True)
    block = TensorBlock(
        values=values,
        samples=Labels(["system", "atom"], torch.tensor([[0, 0], [0, 1]])),
        components=[],
        properties=Labels.range("n", 2),
    )
    scaled = normalized(TensorMap(Labels("center_type", torch.tensor([[6]])), [block])).block()
    assert scaled.values.tolist() == [[0.0, 0.0], [pytest.approx(0.6), pytest.approx(0.8)]]
    (slopes,) = torch.autograd.grad(scaled.values.sum(), values)
    # d(x + y)/|v| at (3, 4): (y² - x y, x² - x y) / |v|³
    assert slopes[1].tolist() == pytest.approx([4 / 125, -3 / 125])
    assert torch.isfinite(slopes).all()
