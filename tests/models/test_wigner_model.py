"""Models of energies on Wigner kernels: what they learn, their laws, their files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rhobar.kernels import WignerDensity, WignerKernel
from rhobar.models import (
    ExponentialMixing,
    NuKernelRidge,
    WignerModel,
    WignerTensorModel,
    load_model,
)
from tests import structures
from tests.laws.energies import bonded, training_set
from tests.laws.geometry import random_rotation, turned

DENSITY = WignerDensity(cutoff=5.0, l_max=2, n_radial=5, smearing=0.4, smearing_rate=0.2)
KERNEL = WignerKernel(DENSITY, nu_max=3, engine="cg", lambda_max=2)
RIDGE = NuKernelRidge(ExponentialMixing(3), error="rmse", noise=0.05, max_iterations=40)


@pytest.fixture(scope="module")
def model() -> WignerModel:
    frames = training_set(30)
    return WignerModel(KERNEL, ridge=RIDGE).fit(frames, [bonded(frame)[0] for frame in frames])


def test_it_has_learned(model: WignerModel) -> None:
    frames = training_set(46)[30:]
    expected = np.array([bonded(frame)[0] for frame in frames])
    wrong = model.predict(frames).energies - expected
    left = model.composition.predict(frames) - expected
    assert np.sqrt((wrong**2).mean()) < 0.3 * np.sqrt((left**2).mean())
    assert model.solution.residual < 1e-8


def test_predictions_are_the_formula(model: WignerModel) -> None:
    frames = [structures.methane(), structures.ethanol()]
    kernels = KERNEL.matrices(frames, training_set(30)).numpy()
    weights, coefficients = np.array(model.solution.weights), model.solution.coefficients
    expected = model.composition.predict(frames) + 0.05 * (kernels @ weights) @ coefficients
    assert model.predict(frames).energies == pytest.approx(expected, abs=1e-9)


def test_chunks_change_nothing(model: WignerModel, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = training_set(7)
    whole = model.predict(frames, per_atom=True)
    monkeypatch.setattr("rhobar.models.wigner_model._PORTION", 1500)
    parts = model.predict(frames, per_atom=True)
    assert parts.energies == pytest.approx(whole.energies, abs=1e-9)
    assert model.predict(frames).energies == pytest.approx(whole.energies, abs=1e-7)


def test_nothing_is_predicted_for_no_structures(model: WignerModel) -> None:
    for per_atom in (False, True):
        found = model.predict([], per_atom=per_atom)
        assert len(found.energies) == 0
        assert not found.atomic_energies


def test_training_structures_may_be_moved_afterwards() -> None:
    frames, one = training_set(12), structures.methane()
    energies = [bonded(frame)[0] for frame in frames]
    vectors = [frame.positions[0] - frame.positions[1] for frame in frames]
    scalar = WignerModel(KERNEL, ridge=RIDGE).fit(frames, energies)
    ridge = NuKernelRidge(ExponentialMixing.for_tensors(3), error="norm", max_iterations=5)
    tensor = WignerTensorModel(KERNEL, ridge=ridge).fit(frames, vectors)
    expected = scalar.predict([one]).energies, tensor.predict([one])
    for frame in frames:
        frame.positions[1] += 0.4
    assert np.array_equal(scalar.predict([one]).energies, expected[0])
    assert np.array_equal(tensor.predict([one]), expected[1])


@pytest.mark.parametrize("improper", [False, True], ids=["rotation", "inversion"])
def test_rotation(model: WignerModel, improper: bool) -> None:
    matrix = random_rotation(3) * (-1 if improper else 1)
    frame = structures.ethanol()
    before, after = model.predict([frame, turned(frame, matrix)]).energies
    assert after == pytest.approx(before, abs=1e-7)


def test_atomic_energies_follow_their_atoms_and_sum_to_the_energy(model: WignerModel) -> None:
    frame = structures.rattled(structures.ethanol(), amplitude=0.1, seed=1)
    order = np.random.default_rng(2).permutation(len(frame))
    moved = frame[order]
    moved.positions += [3.0, -2.0, 1.0]
    found = model.predict([frame, moved], per_atom=True)
    assert found.atomic_energies is not None
    assert found.atomic_energies[1] == pytest.approx(found.atomic_energies[0][order], abs=1e-7)
    assert found.energies == pytest.approx(model.predict([frame, moved]).energies, abs=1e-7)
    assert found.energies == pytest.approx([part.sum() for part in found.atomic_energies])


def test_copies_far_apart_add(model: WignerModel) -> None:
    first, second = structures.methane(), structures.ethanol()
    second.positions += [50.0, 0.0, 0.0]
    one, other, both = model.predict([first, second, first + second]).energies
    assert both == pytest.approx(one + other, abs=1e-7)


def test_an_isolated_atom_has_the_energy_of_its_type(model: WignerModel) -> None:
    found = model.predict([structures.isolated("C")]).energies[0]
    zeroth = model.solution.weights[0] * model.solution.coefficients * 0.05
    n_carbons = np.array([(frame.numbers == 6).sum() for frame in training_set(30)])
    expected = model.composition.predict([structures.isolated("C")])[0] + zeroth @ n_carbons
    assert found == pytest.approx(expected, abs=1e-9)


def test_a_type_that_no_training_structure_had_is_refused(model: WignerModel) -> None:
    with pytest.raises(ValueError, match="29"):
        model.predict([structures.slab()])


def test_file(model: WignerModel, tmp_path: Path) -> None:
    first, second = tmp_path / "model.npz", tmp_path / "again.npz"
    model.save(first)
    loaded = WignerModel.load(first, kernel=KERNEL)
    frames = [structures.methane(), structures.ethanol()]
    expected, found = (one.predict(frames, per_atom=True) for one in (model, loaded))
    assert found.energies.tolist() == expected.energies.tolist()
    assert loaded.kernel == model.kernel
    assert loaded.ridge == model.ridge
    loaded.save(second)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (replace(KERNEL, engine="grid"), "engine='cg', and engine='grid' is asked for"),
        (replace(KERNEL, lambda_max=3), "lambda_max=2, and lambda_max=3 is asked for"),
        (replace(KERNEL, density=replace(DENSITY, smearing=0.5)), "'smearing': 0.4"),
    ],
)
def test_another_kernel_is_refused(
    model: WignerModel, tmp_path: Path, other: WignerKernel, message: str
) -> None:
    model.save(tmp_path / "model.npz")
    with pytest.raises(ValueError, match=message):
        WignerModel.load(tmp_path / "model.npz", kernel=other)


def test_files_of_other_models_are_named(model: WignerModel, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    model.save(path)
    with pytest.raises(ValueError, match=r"holds a WignerModel; read it with WignerModel\.load"):
        load_model(path)
    with pytest.raises(ValueError, match="holds a WignerModel, not a WignerTensorModel"):
        WignerTensorModel.load(path)
    with np.load(path) as archive:
        kept = {name: archive[name] for name in archive.files if name != "frames/positions"}
    np.savez(path, **kept)
    with pytest.raises(ValueError, match="does not hold a whole model"):
        WignerModel.load(path)


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(
        ValueError, match="kernel goes to nu_max=3, the mixing of the ridge to nu_m"
    ):
        WignerModel(KERNEL, ridge=NuKernelRidge(ExponentialMixing(4)))
    unfitted = WignerModel(KERNEL)
    assert unfitted.ridge.noise == pytest.approx(0.0433641153, rel=1e-6)
    with pytest.raises(ValueError, match="not fitted"):
        unfitted.predict([structures.methane()])
    with pytest.raises(ValueError, match="Got 2 structures and energies of shape"):
        unfitted.fit(training_set(2), [1.0])
