"""What every model of energies and forces promises."""

from __future__ import annotations

import ase
import numpy as np
import pytest
from ase.build import molecule

import rhobar.models.environments
from rhobar.descriptors import Gaussian, Gto, SoapPowerSpectrum
from rhobar.models import EnergyModel, LinearModel, Ridge, SparseKernelModel
from tests.models.conftest import MODELS, Labelled, radial, soap
from tests.structures import rattled


def test_energies_of_new_structures(fitted: EnergyModel, testing: Labelled) -> None:
    errors = fitted.predict(testing.frames).energies - testing.energies
    left = testing.energies - fitted.composition.predict(testing.frames)
    assert np.sqrt(np.mean(errors**2)) < 0.25 * left.std()


def test_forces_are_minus_the_gradient(fitted: EnergyModel) -> None:
    frame, step = rattled(molecule("CH3OH"), amplitude=0.1, seed=9), 1e-4
    (forces,) = fitted.predict([frame], forces=True).forces
    moved = []
    for atom in range(len(frame)):
        for axis in range(3):
            for sign in (1, -1):
                copy = frame.copy()
                copy.positions[atom, axis] += sign * step
                moved.append(copy)
    energies = fitted.predict(moved).energies.reshape(-1, 2)
    slopes = (energies[:, 0] - energies[:, 1]) / (2 * step)
    np.testing.assert_allclose(forces, -slopes.reshape(-1, 3), rtol=0.0, atol=1e-6)
    np.testing.assert_allclose(forces.sum(axis=0), 0.0, atol=1e-11)


def test_energies_of_atoms_sum_up(fitted: EnergyModel, testing: Labelled) -> None:
    prediction = fitted.predict(testing.frames, per_atom=True)
    assert [part.shape for part in prediction.atomic_energies] == [
        (len(frame),) for frame in testing.frames
    ]
    np.testing.assert_allclose(
        [part.sum() for part in prediction.atomic_energies], prediction.energies, rtol=1e-13
    )


def test_only_what_is_asked_for(fitted: EnergyModel, testing: Labelled) -> None:
    bare = fitted.predict(testing.frames[:2])
    whole = fitted.predict(testing.frames[:2], forces=True, per_atom=True)
    assert bare.forces is None
    assert bare.atomic_energies is None
    np.testing.assert_allclose(whole.energies, bare.energies, rtol=1e-12)


def test_molecules_far_apart_add(fitted: EnergyModel) -> None:
    one, two = molecule("CH4"), molecule("H2O")
    two.positions += [20.0, 0.0, 0.0]
    both, *alone = fitted.predict([one + two, one, two]).energies
    assert both == pytest.approx(sum(alone), rel=1e-12)


def test_periodic_structures(fitted: EnergyModel) -> None:
    """A molecule in a large cell is the molecule; two cells have twice the energy."""
    frame = molecule("H2O", vacuum=6.0)
    frame.pbc = True
    alone = molecule("H2O")
    prediction = fitted.predict([frame, frame.repeat((2, 1, 1)), alone], forces=True)
    assert prediction.energies[0] == pytest.approx(prediction.energies[2], rel=1e-12)
    assert prediction.energies[1] == pytest.approx(2 * prediction.energies[0], rel=1e-12)
    np.testing.assert_allclose(prediction.forces[0], prediction.forces[2], atol=1e-9)


def test_an_isolated_atom_feels_no_force(fitted: EnergyModel) -> None:
    prediction = fitted.predict([ase.Atoms("H"), molecule("CH4")], forces=True)
    assert prediction.forces[0].tolist() == [[0.0, 0.0, 0.0]]
    alone = fitted.predict([ase.Atoms("H")], forces=True)
    assert alone.forces[0].tolist() == [[0.0, 0.0, 0.0]]
    assert alone.energies[0] == pytest.approx(prediction.energies[0], rel=1e-11)


def test_nothing_to_predict(fitted: EnergyModel) -> None:
    prediction = fitted.predict([], forces=True, per_atom=True)
    assert prediction.energies.shape == (0,)
    assert prediction.forces == []
    assert prediction.atomic_energies == []


def test_a_type_that_was_not_in_the_fit(training: Labelled) -> None:
    model = LinearModel(soap()).fit(training.frames[::4], training.energies[::4])  # methane
    with pytest.raises(ValueError, match=r"Frame 1, atom 0 has type 8"):
        model.predict([molecule("CH4"), molecule("H2O")])


@pytest.mark.parametrize("name", MODELS)
def test_chunks_make_no_difference(
    name: str, training: Labelled, testing: Labelled, monkeypatch: pytest.MonkeyPatch
) -> None:
    def predicted() -> tuple[np.ndarray, np.ndarray]:
        model = MODELS[name]().fit(training.frames[:24], training.energies[:24])
        prediction = model.predict(testing.frames, forces=True)
        return prediction.energies, np.concatenate(prediction.forces)

    energies, forces = predicted()
    for limit in ("_ATOMS_PER_CHUNK", "_ATOMS_WITH_GRADIENTS", "_ATOMS_DIFFERENTIABLE"):
        monkeypatch.setattr(rhobar.models.environments, limit, 1)
    small_energies, small_forces = predicted()
    np.testing.assert_allclose(small_energies, energies, rtol=1e-10)
    np.testing.assert_allclose(small_forces, forces, rtol=0.0, atol=1e-6)


@pytest.mark.parametrize("forces", [False, True])
def test_a_bad_frame_is_named_by_its_place(
    fitted: EnergyModel, testing: Labelled, forces: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("_ATOMS_PER_CHUNK", "_ATOMS_DIFFERENTIABLE"):
        monkeypatch.setattr(rhobar.models.environments, limit, 10)
    frames = [frame.copy() for frame in testing.frames]
    frames[7].positions[2] = frames[7].positions[0] + 1e-5
    with pytest.raises(ValueError, match="frame 7: atoms 0 and 2"):
        fitted.predict(frames, forces=forces)
    frames[5].positions[1, 0] = np.nan
    with pytest.raises(ValueError, match="frame 5, atom 1"):
        fitted.predict(frames, forces=forces)


@pytest.mark.parametrize("name", MODELS)
def test_the_same_data_give_the_same_model(name: str, training: Labelled) -> None:
    one, two = (MODELS[name]().fit(training.frames[:16], training.energies[:16]) for _ in range(2))
    assert one.solution.weights.tolist() == two.solution.weights.tolist()


@pytest.mark.parametrize(
    "model",
    [
        LinearModel(soap(), normalize=True),
        LinearModel(radial(), normalize=False),
        SparseKernelModel(soap(), n_active=60),
    ],
    ids=["linear", "linear in distances", "sparse kernel"],
)
def test_forces_help(
    model: LinearModel | SparseKernelModel, training: Labelled, testing: Labelled
) -> None:
    def errors() -> tuple[float, float]:
        found = model.predict(testing.frames, forces=True)
        forces = np.concatenate(found.forces) - np.concatenate(testing.forces)
        return float(np.std(found.energies - testing.energies)), float(np.sqrt(np.mean(forces**2)))

    energies, forces = training.energies[:40], training.forces[:40]
    model.fit(training.frames[:40], energies)
    without = errors()
    model.fit(training.frames[:40], energies, forces)
    trained = errors()
    assert trained[0] < 0.7 * without[0]
    assert trained[1] < 0.7 * without[1]
    assert trained[1] < 0.15 * np.concatenate(testing.forces).std()


def test_weight_of_forces(training: Labelled) -> None:
    """More weight on one term lowers its error on the structures of the fit."""
    errors = []
    for weight in (1e-4, 1.0, 1e4):
        model = LinearModel(
            radial(),
            normalize=False,
            solver=Ridge(regularizers=(1e-8,)),
            force_weight=weight,
        )
        model.fit(training.frames[:20], training.energies[:20], training.forces[:20])
        found = model.predict(training.frames[:20], forces=True)
        forces = np.concatenate(found.forces) - np.concatenate(training.forces[:20])
        energies = found.energies - training.energies[:20]
        errors.append([np.mean(energies**2), np.mean(forces**2)])
    by_energies, by_forces = np.array(errors).T
    assert by_energies[0] < by_energies[1] < by_energies[2]
    assert by_forces[0] > by_forces[1] > by_forces[2]


@pytest.mark.parametrize("name", MODELS)
def test_a_model_must_be_fitted_first(name: str, testing: Labelled) -> None:
    model = MODELS[name]()
    with pytest.raises(ValueError, match="is not fitted; call fit first"):
        model.predict(testing.frames)


def test_bad_input(training: Labelled) -> None:
    frames, energies, forces = training.frames[:4], training.energies[:4], training.forces[:4]
    model = LinearModel(soap())
    with pytest.raises(ValueError, match="one energy in eV for each structure"):
        model.fit(frames, energies[:3])
    with pytest.raises(ValueError, match="one energy in eV for each structure"):
        model.fit([], [])
    with pytest.raises(ValueError, match="energy of structure 1 is nan"):
        model.fit(frames, [1.0, np.nan, 2.0, 3.0])
    with pytest.raises(ValueError, match="forces of 3 structures for 4"):
        model.fit(frames, energies, forces[:3])
    with pytest.raises(ValueError, match=r"structure 0 must be finite and of shape \(5, 3\)"):
        model.fit(frames, energies, forces[::-1])
    with pytest.raises(ValueError, match=r"structure 2 must be finite"):
        model.fit(frames, energies, [*forces[:2], forces[2] * np.inf, forces[3]])
    with pytest.raises(ValueError, match="too few to hold"):
        model.fit(frames[:1], energies[:1])


def test_bad_models() -> None:
    open_ended = SoapPowerSpectrum(5.0, l_max=1, radial=Gto(2), density=Gaussian(0.4))
    with pytest.raises(ValueError, match=r"atomic_types=\[...\]"):
        LinearModel(open_ended)
    with pytest.raises(ValueError, match="force_weight must be positive, got 0"):
        LinearModel(soap(), force_weight=0.0)
    with pytest.raises(ValueError, match="n_active must be at least 1"):
        SparseKernelModel(soap(), n_active=0)


def test_models_are_fitted_in_double_precision(training: Labelled) -> None:
    with pytest.raises(TypeError, match=r"\.double\(\)"):
        LinearModel(soap().float()).fit(training.frames[:8], training.energies[:8])
