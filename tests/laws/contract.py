"""What every descriptor promises apart from physics: labels, batches, files, types, speed."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch

from tests import structures
from tests.laws.case import Laws, in_double
from tests.laws.rows import assert_same, renamed, rows


class ContractLaws(Laws):
    """Metadata, unions, empty and lone systems, state, TorchScript, dtype, the fast path."""

    def test_metadata(self, run) -> None:
        features = self.features(structures.ethanol(), structures.methane())
        assert features.keys.names == self.case.keys
        for block in features.blocks():
            assert block.samples.names == self.case.samples
            assert [labels.names for labels in block.components] == [
                [name] for name in self.case.components
            ]
            assert block.properties.names == self.case.properties
            samples = block.samples.values.tolist()
            assert samples == sorted(samples)
            assert block.values.dtype == self.dtype
            assert block.values.device.type == self.device

    @in_double
    def test_centers_of_a_block_have_its_type(self, run) -> None:
        frame = structures.ethanol()
        place = self.case.keys.index("center_type")
        for key, block in self.features(frame).items():
            atoms = block.samples.column(self.case.samples[1]).numpy()
            # a fitted descriptor has blocks for types that this frame lacks
            assert set(frame.numbers[atoms]) <= {int(key.values[place])}

    def test_union(self, run) -> None:
        """A batch equals its systems one by one, with blocks that do not depend on the batch."""
        frames = structures.everything()
        self.declare(frames)
        expected = {}
        for index, frame in enumerate(frames):
            alone = self.rows(frame)
            expected |= renamed(alone, lambda system, *atoms, index=index: (index, *atoms))
        assert_same(self.rows(*frames), expected, self.tolerance)

    def test_no_atoms(self, run) -> None:
        assert self.rows(structures.no_atoms()) == {}
        assert self.features(structures.no_atoms()).keys.names == self.case.keys

    def test_lone_atoms(self, run) -> None:
        """An atom without neighbors still has the density of its own."""
        found = self.rows(structures.isolated(), structures.apart())
        assert all(np.isfinite(row).all() for row in found.values())
        assert {sample[:2] for _, sample in found} == {(0, 0), (1, 0), (1, 1), (1, 2)}

    @in_double
    def test_types_that_are_not_declared_are_refused(self, run) -> None:
        model = self.case.build(atomic_types=[1, 6]).to(dtype=self.dtype)
        with pytest.raises(ValueError, match=r"atomic types \[8\]"):
            model.compute(structures.ethanol())
        with pytest.raises((ValueError, RuntimeError), match=r"atomic types \[8\]"):
            model(self.systems([structures.ethanol()]))

    @in_double
    def test_declared_types_change_no_number(self, run) -> None:
        expected = self.rows(structures.ethanol())
        self.model = self.case.build(atomic_types=[8, 1, 6]).to(dtype=self.dtype)
        assert_same(self.rows(structures.ethanol()), expected, self.tolerance)

    def test_state(self, run) -> None:
        stored = io.BytesIO()
        torch.save(self.model.state_dict(), stored)
        stored.seek(0)
        again = self.case.build().to(device=self.device, dtype=self.dtype)
        again.load_state_dict(torch.load(stored, weights_only=True))
        assert_same(
            rows(again(self.systems([structures.ethanol()]))), self.rows(structures.ethanol()), 0.0
        )

    def test_script(self, run) -> None:
        """The scripted module, written and read, gives equal numbers."""
        stored = io.BytesIO()
        torch.jit.save(torch.jit.script(self.model), stored)
        stored.seek(0)
        scripted = torch.jit.load(stored)
        frames = structures.everything()
        assert_same(rows(scripted(self.systems(frames))), self.rows(*frames), self.tolerance)

    @in_double
    def test_other_dtype_is_refused(self, run) -> None:
        systems = self.systems([structures.methane()])
        with pytest.raises((ValueError, RuntimeError), match="float32"):
            self.case.build().to(dtype=torch.float32)(systems)

    @in_double
    def test_single_precision_is_close(self, run) -> None:
        frames = [structures.ethanol(), structures.rock_salt()]
        expected = rows(self.model.compute(frames))
        found = rows(self.case.build().to(dtype=torch.float32).compute(frames))
        assert_same(found, expected, 2e-6)

    def test_compute_equals_forward(self, run) -> None:
        """The fast path gives the numbers of the reference, and of no other samples."""
        frames = structures.everything()
        computed = self.model.compute(frames)
        assert_same(rows(computed), self.rows(*frames), self.tolerance)
        for block in computed.blocks():
            assert block.values.dtype == self.dtype
            assert block.values.device.type == "cpu"
            assert not block.values.requires_grad

    @in_double
    def test_labels_of_compute_and_forward_are_equal(self, run) -> None:
        frames = structures.everything()
        computed, expected = self.model.compute(frames), self.features(*frames)
        assert computed.keys == expected.keys
        for found, block in zip(computed.blocks(), expected.blocks(), strict=True):
            assert found.samples == block.samples
            assert found.components == block.components
            assert found.properties == block.properties

    @in_double
    def test_threads_give_the_same_numbers(self, run) -> None:
        frames = structures.everything()
        one, two = (rows(self.model.compute(frames, num_threads=n)) for n in (1, 2))
        assert_same(two, one, 0.0)

    @in_double
    def test_output_is_reused(self, run) -> None:
        first = self.model.compute(structures.ethanol())
        addresses = [block.values.data_ptr() for block in first.blocks()]
        moved = structures.ethanol()
        moved.positions *= 1.01
        again = self.model.compute(moved, out=first)
        assert [block.values.data_ptr() for block in again.blocks()] == addresses
        assert_same(rows(again), rows(self.model.compute(moved)), 0.0)
