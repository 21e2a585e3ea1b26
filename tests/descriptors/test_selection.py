"""Farthest points and CUR against their definitions."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from metatensor.torch import Labels, TensorBlock, TensorMap

from rhobar.descriptors import (
    Gaussian,
    Gto,
    SoapPowerSpectrum,
    select_properties,
    select_samples,
)
from tests.feature_blocks import feature_blocks
from tests.structures import ethanol, methane

METHODS: list[Literal["fps", "cur"]] = ["fps", "cur"]


def single(values: torch.Tensor) -> TensorMap:
    """One block; samples and properties are numbered."""
    samples = torch.stack([torch.zeros(len(values)), torch.arange(len(values))], dim=1).int()
    block = TensorBlock(
        values=values.double(),
        samples=Labels(["system", "atom"], samples),
        components=[],
        properties=Labels.range("n", values.shape[1]),
    )
    return TensorMap(Labels("center_type", torch.tensor([[6]])), [block])


def random_values(n_rows: int, n_columns: int) -> torch.Tensor:
    return torch.randn(n_rows, n_columns, generator=torch.Generator().manual_seed(3)).double()


def farthest(points: torch.Tensor, count: int) -> list[int]:
    """Farthest points by distances to all chosen ones at every step."""
    chosen = [0]
    while len(chosen) < count:
        distances = torch.cdist(points, points[chosen]).min(dim=1).values
        chosen.append(int(distances.argmax()))
    return chosen


def atoms(features: TensorMap) -> list[int]:
    return features.block().samples.column("atom").tolist()


def columns(features: TensorMap) -> list[int]:
    return features.block().properties.column("n").tolist()


def test_farthest_samples() -> None:
    values = random_values(30, 4)
    selected = select_samples(single(values), 10)
    assert atoms(selected) == farthest(values, 10)
    assert torch.equal(selected.block().values, values[atoms(selected)])


def test_farthest_properties() -> None:
    values = random_values(5, 20)
    selected = select_properties(single(values), 7)
    assert columns(selected) == farthest(values.T, 7)
    assert torch.equal(selected.block().values, values[:, columns(selected)])


def test_first_of_a_longer_choice_are_the_shorter_choice() -> None:
    features = single(random_values(30, 8))
    for method in METHODS:
        longer, shorter = (atoms(select_samples(features, n, method=method)) for n in (6, 3))
        assert longer[:3] == shorter


def test_cur_spans_low_rank_features() -> None:
    values = random_values(40, 3) @ random_values(3, 12)
    selected = select_properties(single(values), 12, method="cur")
    assert len(columns(selected)) == 3
    kept = selected.block().values
    rebuilt = kept @ torch.linalg.lstsq(kept, values).solution
    torch.testing.assert_close(rebuilt, values, rtol=0.0, atol=1e-10)
    assert len(atoms(select_samples(single(values), 40, method="cur"))) == 3


def test_cur_takes_the_row_of_most_weight_first() -> None:
    values = torch.eye(6, 8)
    values[4] *= 10.0
    assert atoms(select_samples(single(values), 1, method="cur")) == [4]


def test_equal_points_are_taken_once() -> None:
    values = random_values(5, 3).repeat(3, 1)
    assert sorted(row % 5 for row in atoms(select_samples(single(values), 15))) == [0, 1, 2, 3, 4]
    assert atoms(select_samples(single(torch.ones(4, 3)), 2)) == [0]
    assert atoms(select_samples(single(torch.zeros(4, 3)), 2)) == [0]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("shape", "samples", "properties"),
    [((0, 3), [], [0]), ((1, 3), [0], [0, 2]), ((3, 1), [0, 2], [0]), ((4, 0), [0], [])],
)
def test_small_blocks(
    method: Literal["fps", "cur"],
    shape: tuple[int, int],
    samples: list[int],
    properties: list[int],
) -> None:
    features = single(torch.arange(1, 1 + shape[0] * shape[1]).reshape(shape))
    if method == "cur":  # of rank one: the largest alone
        samples, properties = samples[-1:], properties[-1:]
    assert atoms(select_samples(features, 2, method=method)) == samples
    assert columns(select_properties(features, 2, method=method)) == properties


@pytest.mark.parametrize("method", METHODS)
def test_gradients_follow(method: Literal["fps", "cur"]) -> None:
    features = feature_blocks()
    fewer = select_properties(features, 2, method=method)
    for key, block in fewer.items():
        chosen = block.properties.column("n").long()
        expected = features.block(key).gradient("positions")
        assert torch.equal(block.gradient("positions").values, expected.values[..., chosen])
        assert block.gradient("positions").samples == expected.samples
    for key, block in select_samples(features, 2, method=method).items():
        original = features.block(key)
        gradient, before = block.gradient("positions"), original.gradient("positions")
        for row, (sample, system, atom) in enumerate(gradient.samples.values.tolist()):
            old_sample = original.samples.position(block.samples.entry(sample).values)
            old_row = before.samples.position([old_sample, system, atom])
            assert torch.equal(gradient.values[row], before.values[old_row])
        kept = {tuple(sample) for sample in block.samples.values.tolist()}
        count = sum(
            tuple(original.samples.values[sample].tolist()) in kept
            for sample in before.samples.column("sample").tolist()
        )
        assert len(gradient.samples) == count


def test_bad_arguments() -> None:
    features = feature_blocks()
    with pytest.raises(ValueError, match="n_samples must be at least 1, got 0"):
        select_samples(features, 0)
    with pytest.raises(ValueError, match="n_properties must be at least 1"):
        select_properties(features, -1)
    with pytest.raises(ValueError, match="'fps' or 'cur', got 'pca'"):
        select_properties(features, 1, method="pca")  # type: ignore[arg-type]


def test_a_descriptor_computes_the_selected_properties_only() -> None:
    soap = SoapPowerSpectrum(
        4.0, l_max=2, radial=Gto(3), density=Gaussian(0.4), atomic_types=[1, 6, 8]
    )
    selected = select_properties(soap.compute([ethanol(), methane()]), 4)
    again = soap.compute(methane(), selected_properties=selected)
    whole = soap.compute(methane())
    for key, block in again.items():
        wanted = selected.block(key).properties
        assert block.properties == wanted
        columns = [whole.block(key).properties.position(entry) for entry in wanted.values]
        torch.testing.assert_close(
            block.values, whole.block(key).values[:, columns], rtol=1e-12, atol=1e-14
        )
