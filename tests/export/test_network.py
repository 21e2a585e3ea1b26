"""Exported networks give the energies and forces of the networks they were made from."""

from __future__ import annotations

import math
from pathlib import Path

import ase
import numpy as np
import pytest
import torch
from metatensor.torch import Labels
from metatomic.torch import ModelEvaluationOptions, ModelOutput, load_atomistic_model
from vesin.metatomic import neighbor_lists_for_model

from rhobar.descriptors import Gaussian, Gto, SoapPowerSpectrum
from rhobar.export import export_model
from rhobar.models import Composition, DistanceGnn
from rhobar.systems import from_ase, neighbors_added
from tests import structures

TYPES = [1, 6, 8, 11, 17]
SMALL = {"hidden": 8, "layers": 2, "n_radial": 8}
FRAMES = [structures.methane(), structures.ethanol(), structures.rock_salt()]


def network(name: str) -> DistanceGnn:
    soap = SoapPowerSpectrum(
        cutoff=3.0, l_max=1, radial=Gto(2), density=Gaussian(0.4), atomic_types=TYPES
    )
    cutoff = None if name == "complete" else 3.5
    made = DistanceGnn(TYPES, cutoff=cutoff, descriptor=soap if name == "angles" else None, **SMALL)
    made.set_baseline(Composition((6,), torch.tensor([2.5], dtype=torch.float64)), 1.7)
    return made.to(torch.float32) if name == "single" else made


def evaluated(path: Path, frames: list[ase.Atoms], kind: str, selected: Labels | None = None):
    model = load_atomistic_model(str(path))
    dtype = torch.float32 if model.capabilities().dtype == "float32" else torch.float64
    systems = [from_ase(frame, dtype=dtype, requires_grad=True) for frame in frames]
    for neighbor_list in neighbor_lists_for_model("angstrom", model):
        neighbor_list.add_neighbor_list(systems)
    outputs = {"energy": ModelOutput(unit="eV", sample_kind=kind)}
    options = ModelEvaluationOptions("angstrom", outputs, selected)
    block = model(systems, options, check_consistency=True)["energy"].block()
    return block, [system.positions for system in systems]


@pytest.mark.parametrize("name", ["distances", "angles", "complete", "single"])
def test_energies_and_forces(name: str, tmp_path: Path) -> None:
    model, path = network(name), tmp_path / "model.pt"
    export_model(model, path)
    frames = FRAMES[:2] if name == "complete" else FRAMES
    expected = model.compute(frames, gradients=["positions"]).block()
    block, positions = evaluated(path, frames, "system")
    tolerance = 1e-4 if name == "single" else 1e-10
    torch.testing.assert_close(block.values, expected.values, rtol=tolerance, atol=0)
    gradients = torch.cat(torch.autograd.grad(block.values.sum(), positions))
    rows = expected.gradient("positions").values[..., 0]
    scale = float(rows.abs().max())
    torch.testing.assert_close(gradients, rows, rtol=0, atol=tolerance * scale)


def test_chosen_atoms(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    export_model(network("distances"), path)
    atoms, _ = evaluated(path, FRAMES, "atom")
    total, _ = evaluated(path, FRAMES, "system")
    sums = np.bincount(atoms.samples.column("system"), atoms.values[:, 0].detach())
    np.testing.assert_allclose(sums, total.values[:, 0].detach(), rtol=1e-12)
    chosen = Labels(["system", "atom"], torch.tensor([[0, 1], [1, 3]], dtype=torch.int32))
    some, _ = evaluated(path, FRAMES, "atom", chosen)
    assert some.samples.values.tolist() == [[0, 1], [1, 3]]
    torch.testing.assert_close(some.values, atoms.values[[1, 5 + 3]], rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    ("name", "reach"), [("distances", 7.0), ("angles", 10.0), ("complete", math.inf)]
)
def test_interaction_range(name: str, reach: float, tmp_path: Path) -> None:
    model = network(name)
    export_model(model, tmp_path / "model.pt")
    capabilities = load_atomistic_model(str(tmp_path / "model.pt")).capabilities()
    assert capabilities.interaction_range == model.interaction_range() == reach
    assert capabilities.atomic_types == TYPES


def test_nothing_beyond_the_range_counts() -> None:
    """A chain of carbons: the first one hears as far as its range and no farther."""
    model = network("distances")
    chain = ase.Atoms("C9", [[0, 0, 1.0 * k] for k in range(9)])

    def first(atoms: ase.Atoms) -> float:
        graphs = model.graphs(neighbors_added([from_ase(atoms)], 3.5))
        return model.atomic_energies(graphs)[0].item()

    before = first(chain)
    for atom, heard in ((6, True), (8, False)):
        moved = chain.copy()
        moved.positions[atom, 0] += 0.3
        assert (first(moved) != before) == heard
