"""Mixed neighbor types: equal to the unmixed ones where nothing is mixed, and learnable."""

from __future__ import annotations

import pytest
import torch

from rhobar.descriptors import (
    Gaussian,
    Gto,
    LambdaSoap,
    SoapPowerSpectrum,
    SoapRadialSpectrum,
    SphericalExpansion,
)
from rhobar.systems import from_ase, neighbors_added
from tests import structures

TYPES = [1, 6, 8]
COMMON = {"cutoff": 3.5, "density": Gaussian(0.4), "atomic_types": TYPES}
BUILDS = {
    "expansion": lambda **more: SphericalExpansion(l_max=2, radial=Gto(3), **COMMON, **more),
    "radial": lambda **more: SoapRadialSpectrum(radial=Gto(3), **COMMON, **more),
    "soap": lambda **more: SoapPowerSpectrum(l_max=2, radial=Gto(3), **COMMON, **more),
    "lambda": lambda **more: LambdaSoap(l_max=1, radial=Gto(2), **COMMON, **more),
}
WEIGHTS = torch.tensor([[0.7, -0.2, 0.5], [0.1, 0.9, -0.4]], dtype=torch.float64)


def soap_of(weights: torch.Tensor) -> SoapPowerSpectrum:
    return BUILDS["soap"](pseudo_species=weights)


@pytest.mark.parametrize("name", ["expansion", "radial", "soap"])
@pytest.mark.parametrize("parameter", ["positions", "strain"])
def test_one_hot_weights_change_nothing(name: str, parameter: str) -> None:
    frame = structures.ethanol()
    dense = BUILDS[name]().compute(frame, gradients=[parameter])
    mixed = BUILDS[name](pseudo_species=torch.eye(3)).compute(frame, gradients=[parameter])
    compared = 0
    for key, block in mixed.items():
        names = dict(zip(key.names, key.values.tolist(), strict=True))
        types = {n: TYPES[v] if n.startswith("neighbor") else v for n, v in names.items()}
        expected = dense.block(types)
        rows = torch.tensor([block.samples.position(s) for s in expected.samples]).long()
        torch.testing.assert_close(block.values[rows], expected.values, rtol=0, atol=1e-14)
        others = torch.ones(len(block.samples), dtype=torch.bool)
        others[rows] = False  # centers that see nothing of this type: zeros, not absent
        assert (block.values[others] == 0).all()
        stored, wanted = block.gradient(parameter), expected.gradient(parameter)
        total = stored.values.abs().sum()
        torch.testing.assert_close(total, wanted.values.abs().sum(), rtol=1e-13, atol=1e-14)
        compared += len(rows)
    assert compared > 0


@pytest.mark.parametrize("name", BUILDS)
def test_stored_gradients(name: str) -> None:
    descriptor, step = BUILDS[name](pseudo_species=WEIGHTS), 1e-4
    frame = structures.ethanol()
    found = descriptor.compute(frame, gradients=["positions"])
    moved = []
    for sign in (1, -1):
        other = frame.copy()
        other.positions[2, 1] += sign * step
        moved.append(descriptor.compute(other))
    worst = largest = 0.0
    for key, block in found.items():
        expected = (moved[0].block(key).values - moved[1].block(key).values) / (2 * step)
        gradient = block.gradient("positions")
        here = gradient.samples.column("atom") == 2
        rows = torch.zeros_like(expected)
        rows[gradient.samples.column("sample")[here].long()] = gradient.values[here][:, 1]
        worst = max(worst, (rows - expected).abs().max().item())
        largest = max(largest, expected.abs().max().item())
    assert largest > 0
    assert worst < 1e-6 * largest


def test_compute_equals_the_scripted_reference() -> None:
    descriptor = soap_of(WEIGHTS)
    systems = neighbors_added([from_ase(structures.ethanol())], 3.5)
    computed = descriptor.compute(structures.ethanol())
    scripted = torch.jit.script(descriptor)(systems, None, None)
    for block, expected in zip(computed.blocks(), scripted.blocks(), strict=True):
        torch.testing.assert_close(block.values, expected.values, rtol=0, atol=1e-12)


def test_weights_are_learnable() -> None:
    frame = neighbors_added([from_ase(structures.methane())], 3.5)

    def total(weights: torch.Tensor) -> torch.Tensor:
        descriptor = soap_of(WEIGHTS)
        blocks = torch.func.functional_call(descriptor, {"density.mixing": weights}, (frame,))
        return sum(block.values.square().sum() for block in blocks.blocks())

    assert torch.autograd.gradcheck(total, WEIGHTS.clone().requires_grad_(), atol=1e-7)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"atomic_types": None, "pseudo_species": WEIGHTS}, "needs atomic_types"),
        ({"pseudo_species": WEIGHTS[:, :2]}, r"\(2, 2\)"),
        ({"atomic_types": [1, 1]}, "once"),
        ({"atomic_types": []}, "at least one"),
    ],
)
def test_refused(more: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SoapPowerSpectrum(l_max=1, radial=Gto(2), **{**COMMON, **more})
