"""A TensorMap that grows on the disk equals the join of its pieces in memory."""

from __future__ import annotations

from pathlib import Path

import metatensor
import numpy as np
import pytest
from metatensor import Labels, TensorBlock, TensorMap

from rhobar.export import GrowingTensorMap


def piece(keys: list[int], n_systems: int, seed: int, n_properties: int = 3) -> TensorMap:
    """Random values with position gradients: two atoms a system, three displaced atoms a sample."""
    generator = np.random.default_rng(seed)
    blocks = []
    for _ in keys:
        samples = np.array([[s, a] for s in range(n_systems) for a in range(2)], dtype=np.int32)
        block = TensorBlock(
            values=generator.standard_normal((len(samples), n_properties)),
            samples=Labels(["system", "atom"], samples.reshape(-1, 2)),
            components=[],
            properties=Labels.range("n", n_properties),
        )
        moved = np.array(
            [[row, samples[row, 0], a] for row in range(len(samples)) for a in range(3)],
            dtype=np.int32,
        )
        block.add_gradient(
            "positions",
            TensorBlock(
                values=generator.standard_normal((len(moved), 3, n_properties)),
                samples=Labels(["sample", "system", "atom"], moved.reshape(-1, 3)),
                components=[Labels.range("xyz", 3)],
                properties=Labels.range("n", n_properties),
            ),
        )
        blocks.append(block)
    return TensorMap(Labels(["center_type"], np.array(keys).reshape(-1, 1)), blocks)


def test_rows_and_gradients_follow_each_other(tmp_path: Path) -> None:
    first, second = piece([6, 1], 2, seed=0), piece([1, 8], 3, seed=1)
    with GrowingTensorMap(tmp_path) as growing:
        growing.append(first, n_systems=2)
        growing.append(second, n_systems=3)
        growing.save(tmp_path / "all.mts", order=lambda key: key)
    joined = metatensor.load(str(tmp_path / "all.mts"))
    assert joined.keys.values.tolist() == [[1], [6], [8]]
    block = joined.block({"center_type": 1})
    parts = [part.block({"center_type": 1}) for part in (first, second)]
    np.testing.assert_array_equal(block.values, np.concatenate([p.values for p in parts]))
    assert block.samples.column("system").tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    gradient = block.gradient("positions")
    expected = np.concatenate([p.gradient("positions").values for p in parts])
    np.testing.assert_array_equal(gradient.values, expected)
    samples = gradient.samples
    np.testing.assert_array_equal(samples.column("sample"), np.repeat(np.arange(10), 3))
    np.testing.assert_array_equal(
        samples.column("system"), block.samples.column("system")[samples.column("sample")]
    )
    only_second = joined.block({"center_type": 8})
    assert only_second.samples.column("system").tolist() == [2, 2, 3, 3, 4, 4]


def test_one_piece_is_saved_as_it_is(tmp_path: Path) -> None:
    only = piece([6, 1], 2, seed=2)
    with GrowingTensorMap(tmp_path) as growing:
        growing.append(only, n_systems=2)
        growing.save(tmp_path / "one.mts")
    assert metatensor.equal(metatensor.load(str(tmp_path / "one.mts")), only)


def test_an_empty_piece_adds_no_rows(tmp_path: Path) -> None:
    with GrowingTensorMap(tmp_path) as growing:
        growing.append(piece([1], 0, seed=3), n_systems=0)
        growing.save(tmp_path / "none.mts")
    block = metatensor.load(str(tmp_path / "none.mts")).block(0)
    assert block.values.shape == (0, 3)
    assert block.gradient("positions").values.shape == (0, 3, 3)


def test_temporary_files_go_also_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="properties or gradients of a block changed"):
        _append_misfit(tmp_path)
    assert list(tmp_path.iterdir()) == []


def _append_misfit(folder: Path) -> None:
    with GrowingTensorMap(folder) as growing:
        growing.append(piece([1], 1, seed=4), n_systems=1)
        growing.append(piece([1], 1, seed=5, n_properties=4), n_systems=1)


def test_saving_nothing_is_refused(tmp_path: Path) -> None:
    with GrowingTensorMap(tmp_path) as growing, pytest.raises(ValueError, match="nothing to save"):
        growing.save(tmp_path / "none.mts")
