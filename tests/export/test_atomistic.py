"""Exported models give the energies and forces of the models they were made from."""

from __future__ import annotations

from pathlib import Path

import ase
import numpy as np
import pytest
import torch
from metatensor.torch import Labels
from metatomic.torch import ModelEvaluationOptions, ModelOutput, load_atomistic_model
from vesin.metatomic import neighbor_lists_for_model

from rhobar.descriptors import Expansion, Gaussian, Gto, Nice, NiceBlock, SoapPowerSpectrum
from rhobar.export import export_model
from rhobar.models import KernelModel, LinearModel, Ridge, load_model
from rhobar.systems import from_ase
from tests import structures

HYPERS = {"cutoff": 3.0, "radial": Gto(2), "density": Gaussian(0.4), "atomic_types": [1, 6, 8]}
FEW = Expansion(20, max_take=3, max_components=5)


def molecules(count: int) -> tuple[list[ase.Atoms], np.ndarray]:
    """Displaced methane and ethanol, in turn, with the energies of springs between all atoms."""
    build = [structures.methane, structures.ethanol]
    frames = [
        structures.rattled(build[seed % 2](), amplitude=0.1, seed=seed) for seed in range(count)
    ]
    return frames, np.array([np.exp(-f.get_all_distances()).sum() for f in frames])


def fitted_nice() -> Nice:
    blocks = [NiceBlock(FEW, FEW), NiceBlock(None, FEW)]
    return Nice(**HYPERS, l_max=2, nu_max=3, blocks=blocks).fit(molecules(24)[0])


def fitted(name: str) -> LinearModel:
    descriptor = fitted_nice() if name == "nice" else SoapPowerSpectrum(**HYPERS, l_max=2)
    # normalised features for one of them
    model = LinearModel(descriptor, normalize=name == "soap", solver=Ridge((1e-6,)))
    return model.fit(*molecules(24))


def evaluated(path: Path, frames: list[ase.Atoms], kind: str, selected: Labels | None = None):
    """The energies that the file gives, and the positions they depend on."""
    model = load_atomistic_model(str(path))
    systems = [from_ase(frame, requires_grad=True) for frame in frames]
    for neighbor_list in neighbor_lists_for_model("angstrom", model):
        neighbor_list.add_neighbor_list(systems)
    options = ModelEvaluationOptions(
        length_unit="angstrom",
        outputs={"energy": ModelOutput(unit="eV", sample_kind=kind)},
        selected_atoms=selected,
    )
    block = model(systems, options, check_consistency=True)["energy"].block()
    return block, [system.positions for system in systems]


@pytest.fixture(params=["nice", "soap"])
def model(request: pytest.FixtureRequest) -> LinearModel:
    return fitted(request.param)


def test_energies_and_forces(model: LinearModel, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    export_model(model, path)
    frames = molecules(30)[0][24:]
    expected = model.predict(frames, forces=True, per_atom=True)
    block, positions = evaluated(path, frames, "system")
    assert block.samples.values.flatten().tolist() == list(range(6))
    found = block.values.detach().numpy()[:, 0]
    np.testing.assert_allclose(found, expected.energies, rtol=1e-10)
    forces = [-g.numpy() for g in torch.autograd.grad(block.values.sum(), positions)]
    scale = np.abs(np.vstack(expected.forces)).max()
    np.testing.assert_allclose(
        np.vstack(forces), np.vstack(expected.forces), rtol=0, atol=1e-9 * scale
    )


def test_energies_of_atoms(model: LinearModel, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    export_model(model, path)
    frames = molecules(26)[0][24:]
    expected = np.concatenate(model.predict(frames, per_atom=True).atomic_energies)
    block, _ = evaluated(path, frames, "atom")
    np.testing.assert_allclose(block.values.detach().numpy()[:, 0], expected, rtol=0, atol=1e-10)
    chosen = Labels(["system", "atom"], torch.tensor([[0, 1], [1, 0], [1, 7]]))
    block, _ = evaluated(path, frames, "atom", chosen)
    assert block.samples.values.tolist() == chosen.values.tolist()
    np.testing.assert_allclose(
        block.values.detach().numpy()[:, 0], expected[[1, 5, 12]], rtol=0, atol=1e-10
    )
    block, _ = evaluated(path, frames, "system", chosen)
    sums = [expected[1], expected[5] + expected[12]]
    np.testing.assert_allclose(block.values.detach().numpy()[:, 0], sums, rtol=0, atol=1e-10)


def test_what_the_file_promises(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    export_model(fitted("nice"), path)
    capabilities = load_atomistic_model(str(path)).capabilities()
    assert capabilities.atomic_types == [1, 6, 8]
    assert capabilities.interaction_range == 3.0
    assert capabilities.length_unit == "angstrom"
    assert capabilities.outputs["energy"].unit == "eV"


def test_a_saved_model_of_nice_comes_back_fitted(tmp_path: Path) -> None:
    model = fitted("nice")
    model.save(tmp_path / "model.npz")
    frames = molecules(30)[0][24:]
    found = load_model(tmp_path / "model.npz").predict(frames).energies
    assert found.tolist() == model.predict(frames).energies.tolist()


def test_weights_are_those_of_the_features(model: LinearModel) -> None:
    if model.normalize:
        model = LinearModel(model.descriptor, normalize=False).fit(*molecules(24))
    frame = molecules(25)[0][24]
    features, weights = model.descriptor.compute([frame]), model.weights()
    assert features.keys == weights.keys
    total = sum(
        float((block.values @ w.values[0]).sum())
        for block, w in zip(features.blocks(), weights.blocks(), strict=True)
    )
    baseline = model.composition.predict([frame])[0]
    assert total + baseline == pytest.approx(model.predict([frame]).energies[0], rel=1e-10)


def test_refusals(tmp_path: Path) -> None:
    kernel = KernelModel(SoapPowerSpectrum(**HYPERS, l_max=2))
    with pytest.raises(TypeError, match="got a KernelModel"):
        export_model(kernel, tmp_path / "model.pt")
    with pytest.raises(ValueError, match="not fitted"):
        export_model(LinearModel(SoapPowerSpectrum(**HYPERS, l_max=2)), tmp_path / "model.pt")
    assert list(tmp_path.iterdir()) == []
