"""Parts of a result are what the whole result has there."""

from __future__ import annotations

import metatensor.torch as mts
import pytest
import torch
from metatensor.torch import Labels

from rhobar.descriptors import (
    Gaussian,
    Gto,
    LambdaSoap,
    SoapPowerSpectrum,
    SoapRadialSpectrum,
    SphericalExpansion,
    select_properties,
)
from rhobar.systems import from_ase, neighbors_added
from tests import structures

DESCRIPTORS = {
    "expansion": SphericalExpansion(3.5, l_max=2, radial=Gto(3), density=Gaussian(0.4)),
    "radial": SoapRadialSpectrum(3.5, radial=Gto(3), density=Gaussian(0.4)),
    "soap": SoapPowerSpectrum(3.5, l_max=2, radial=Gto(3), density=Gaussian(0.4)),
    "lambda": LambdaSoap(3.5, l_max=1, radial=Gto(2), density=Gaussian(0.4)),
}
FRAMES = [structures.ethanol(), structures.methane()]
CHOSEN = Labels(["system", "atom"], torch.tensor([[0, 1], [0, 5], [1, 0]], dtype=torch.int32))


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_selected_samples(name: str) -> None:
    descriptor = DESCRIPTORS[name]
    whole = descriptor.compute(FRAMES, gradients=["positions"])
    part = descriptor.compute(FRAMES, gradients=["positions"], selected_samples=CHOSEN)
    assert sum(len(block.samples) for block in part.blocks()) > 0
    for key, block in part.items():
        reference = whole.block(key)
        rows = [reference.samples.position(sample) for sample in block.samples]
        assert len(rows) == len(CHOSEN.intersection(reference.samples))
        if name != "lambda":  # whose columns are the types that the chosen centers see
            torch.testing.assert_close(block.values, reference.values[rows], rtol=0, atol=1e-14)
    systems = neighbors_added([from_ase(frame) for frame in FRAMES], 3.5)
    mts.allclose_raise(descriptor(systems, CHOSEN), mts.remove_gradients(part), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_selected_keys(name: str) -> None:
    descriptor = DESCRIPTORS[name]
    whole = descriptor.compute(FRAMES, gradients=["positions"])
    chosen = Labels(whole.keys.names, whole.keys.values[[3, 1]])
    part = descriptor.compute(FRAMES, gradients=["positions"], selected_keys=chosen)
    assert part.keys == chosen
    for key, block in part.items():
        mts.allclose_block_raise(block, whole.block(key), rtol=0, atol=1e-14)


def test_selected_keys_that_do_not_occur_are_empty() -> None:
    names = ["center_type", "neighbor_1_type", "neighbor_2_type"]
    wanted = Labels(names, torch.tensor([[6, 1, 1], [6, 1, 92]], dtype=torch.int32))
    soap = DESCRIPTORS["soap"].compute(FRAMES, gradients=["positions"], selected_keys=wanted)
    assert soap.keys == wanted
    assert [len(block.samples) for block in soap.blocks()] == [3, 0]
    assert soap.block(1).gradient("positions").values.shape == (0, 3, 27)


@pytest.mark.parametrize("name", DESCRIPTORS)
@pytest.mark.parametrize("gradients", [[], ["positions"]])
def test_selected_properties(name: str, gradients: list[str]) -> None:
    descriptor = DESCRIPTORS[name]
    whole = descriptor.compute(FRAMES, gradients=gradients)
    column = whole.block(0).properties
    chosen = Labels(column.names, column.values[[2, 0]])
    part = descriptor.compute(FRAMES, gradients=gradients, selected_properties=chosen)
    for key, block in part.items():
        assert all(chosen.position(entry) is not None for entry in block.properties)
        reference = whole.block(key)
        columns = [reference.properties.position(entry) for entry in block.properties]
        expected = reference.values[..., columns]
        torch.testing.assert_close(block.values, expected, rtol=0, atol=1e-14)
        assert block.gradients_list() == gradients


def test_columns_of_each_block_that_were_selected_before() -> None:
    soap = DESCRIPTORS["soap"]
    chosen = select_properties(soap.compute(FRAMES), 5)
    part = soap.compute(FRAMES, selected_properties=chosen)
    mts.allclose_raise(part, chosen, rtol=0, atol=1e-14)


def test_an_unknown_column_is_refused() -> None:
    soap = DESCRIPTORS["soap"]
    larger = SoapPowerSpectrum(3.5, l_max=3, radial=Gto(3), density=Gaussian(0.4))
    with pytest.raises(ValueError, match="no column"):
        soap.compute(FRAMES, selected_properties=larger.compute(FRAMES))
