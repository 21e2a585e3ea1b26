"""Models of vectors and matrices on Wigner kernels."""

from __future__ import annotations

from pathlib import Path

import ase
import numpy as np
import pytest

from rhobar.kernels import WignerDensity, WignerKernel
from rhobar.models import ExponentialMixing, FreeMixing, NuKernelRidge, WignerTensorModel
from tests import structures
from tests.laws.energies import training_set
from tests.laws.geometry import random_rotation, turned

DENSITY = WignerDensity(cutoff=5.0, l_max=2, n_radial=5, smearing=0.4, smearing_rate=0.2)
KERNEL = WignerKernel(DENSITY, nu_max=2, engine="cg", lambda_max=2)
RIDGE = NuKernelRidge(
    ExponentialMixing.for_tensors(2), error="rmse", noise=0.01, max_iterations=25, n_folds=5
)


def dipole(frame: ase.Atoms) -> np.ndarray:
    """Of charges on hydrogens and their nearest other atoms."""
    distances = frame.get_all_distances() + 10 * np.eye(len(frame))
    moment = np.zeros(3)
    for atom in np.flatnonzero(frame.numbers == 1):
        partner = np.argmin(np.where(frame.numbers == 1, 99.0, distances[atom]))
        charge = 0.2 + 0.1 * (frame.numbers[partner] == 8)
        moment += charge * (frame.positions[atom] - frame.positions[partner])
    return moment


def polarizability(frame: ase.Atoms) -> np.ndarray:
    """A symmetric matrix of all bonds, and a part for each atom."""
    vectors = frame.positions[:, None] - frame.positions[None]
    weights = np.exp(-((vectors**2).sum(-1)))
    return np.einsum("ij,ija,ijb->ab", weights, vectors, vectors) + 0.3 * len(frame) * np.eye(3)


@pytest.fixture(scope="module")
def vectors() -> WignerTensorModel:
    frames = training_set(24)
    return WignerTensorModel(KERNEL, ridge=RIDGE).fit(frames, [dipole(frame) for frame in frames])


@pytest.fixture(scope="module")
def matrices() -> WignerTensorModel:
    frames = training_set(24)
    tensors = [polarizability(frame) for frame in frames]
    return WignerTensorModel(KERNEL, ridge=RIDGE).fit(frames, tensors)


@pytest.mark.parametrize(("kind", "truth"), [("vectors", dipole), ("matrices", polarizability)])
def test_it_has_learned(kind: str, truth: object, request: pytest.FixtureRequest) -> None:
    model: WignerTensorModel = request.getfixturevalue(kind)
    frames = training_set(32)[24:]
    expected = np.array([truth(frame) for frame in frames])
    left = expected - np.array([truth(frame) for frame in training_set(24)]).mean(axis=0)
    wrong = model.predict(frames) - expected
    assert wrong.shape == expected.shape
    assert np.sqrt((wrong**2).mean()) < 0.2 * np.sqrt((left**2).mean())


@pytest.mark.parametrize("improper", [False, True], ids=["rotation", "inversion"])
def test_rotation(vectors: WignerTensorModel, matrices: WignerTensorModel, improper: bool) -> None:
    matrix = random_rotation(3) * (-1 if improper else 1)
    frame = structures.rattled(structures.ethanol(), amplitude=0.1, seed=4)
    both = [frame, turned(frame, matrix)]
    before, after = vectors.predict(both)
    assert after == pytest.approx(matrix @ before, abs=1e-8)
    before, after = matrices.predict(both)
    assert after == pytest.approx(matrix @ before @ matrix.T, abs=1e-7)


def test_parts_that_vanish_are_left_out(matrices: WignerTensorModel) -> None:
    assert sorted(matrices.solutions) == [(0, 1), (2, 1)]
    assert matrices.solutions[0, 1].weights[0] > 0
    assert matrices.solutions[2, 1].weights[0] == 0
    found = matrices.predict(training_set(2))
    assert found == pytest.approx(found.transpose(0, 2, 1), abs=1e-12)


def test_the_trace_has_the_mixing_of_the_ridge_and_composition() -> None:
    mixing = FreeMixing(2, logarithms=(0.0, 6.0), composition=False)
    ridge = NuKernelRidge(mixing, error="rmse", noise=0.01, max_iterations=2, n_folds=5)
    frames = training_set(10)
    tensors = [polarizability(frame) for frame in frames]
    solutions = WignerTensorModel(KERNEL, ridge=ridge).fit(frames, tensors).solutions
    assert {part: len(found.point) for part, found in solutions.items()} == {(0, 1): 3, (2, 1): 2}
    assert max(solutions[0, 1].point) <= 6.0
    exponential = ExponentialMixing.for_tensors(2, alpha=(0.0, 30.0)).with_composition()
    assert exponential.bounds == ((0.0, 15.0), (0.0, 30.0), (1.0, 8.0))


def test_file(vectors: WignerTensorModel, matrices: WignerTensorModel, tmp_path: Path) -> None:
    frames = [structures.methane(), structures.ethanol()]
    for model in (vectors, matrices):
        model.save(tmp_path / "model.npz")
        loaded = WignerTensorModel.load(tmp_path / "model.npz", kernel=KERNEL)
        assert loaded.predict(frames).tolist() == model.predict(frames).tolist()
    other = WignerKernel(DENSITY, nu_max=2, engine="grid", lambda_max=2)
    with pytest.raises(ValueError, match="engine='cg', and engine='grid' is asked for"):
        WignerTensorModel.load(tmp_path / "model.npz", kernel=other)


def test_wrong_input_is_refused(vectors: WignerTensorModel) -> None:
    with pytest.raises(ValueError, match="type 29, but the model knows only"):
        vectors.predict([structures.slab()])
    fresh = WignerTensorModel(KERNEL)
    with pytest.raises(ValueError, match="not fitted"):
        fresh.predict(training_set(1))
    with pytest.raises(ValueError, match="not all of them zero"):
        fresh.fit(training_set(2), np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"tensors of shape \(1, 3\)"):
        fresh.fit(training_set(2), np.ones((1, 3)))
    with pytest.raises(ValueError, match="mixing of the ridge to nu_max=4"):
        WignerTensorModel(KERNEL, ridge=NuKernelRidge(ExponentialMixing(4)))
