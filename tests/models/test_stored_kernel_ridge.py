"""Regression on kernels in chunks on disk: that of all kernels in memory, by every solver."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rhobar.data import KCAL_PER_MOL, load_embedded
from rhobar.kernels import KernelStore, WignerDensity, WignerKernel
from rhobar.models import ExponentialMixing, NuKernelRidge, StoredKernelRidge
from rhobar.models import stored_kernel_ridge as module
from rhobar.models.stored_kernel_ridge import SOLVERS
from tests.kernels.stored_frames import DENSITY, frames, store

POINT = np.array([4.0, 2.0, 3.0])
N_TRAIN = 9
RESOURCES = Path(__file__).parents[2] / "workflow" / "resources"


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> KernelStore:
    """Eleven structures in chunks of four."""
    return store(tmp_path_factory.mktemp("store")).compute_missing()


@pytest.fixture(scope="module")
def targets() -> np.ndarray:
    return np.random.default_rng(0).normal(size=N_TRAIN)


@pytest.mark.parametrize("solver", SOLVERS)
def test_equal_to_the_regression_in_memory(
    full: KernelStore, targets: np.ndarray, solver: str
) -> None:
    ridge = NuKernelRidge(ExponentialMixing(4), noise=0.2, n_folds=3)
    kernels = np.concatenate(
        [np.concatenate([full.load(i, j).numpy() for j in range(3)], axis=1) for i in range(3)]
    )
    expected = ridge.solve(kernels[:N_TRAIN, :N_TRAIN], targets, POINT)
    found = StoredKernelRidge(expected.weights, noise=0.2, solver=solver, n_pivots=4).fit(
        full, targets
    )
    assert found.coefficients == pytest.approx(expected.coefficients, rel=1e-9, abs=1e-9)
    assert found.residual < 1e-10
    assert found.n_iterations == 0 if solver != "cg" else 0 < found.n_iterations < 15
    predicted = expected.predict(kernels[9:, :N_TRAIN], noise=0.2)
    assert found.predict(full, range(9, 11)) == pytest.approx(predicted, rel=1e-9)


@pytest.mark.parametrize("solver", SOLVERS)
def test_vectors(tmp_path: Path, solver: str) -> None:
    kernel = WignerKernel(DENSITY, nu_max=2)
    full = KernelStore.of(tmp_path, kernel, frames(6), chunk=4, target=(1, 1)).compute_missing()
    whole = kernel.matrices(frames(6), target=(1, 1)).numpy().reshape(18, 18, 3)
    vectors = np.random.default_rng(1).normal(size=(5, 3))
    ridge = NuKernelRidge(ExponentialMixing.for_tensors(2), n_folds=2)
    expected = ridge.solve(whole[:15, :15], vectors, np.array([3.0, 2.0]))
    found = StoredKernelRidge(expected.weights, solver=solver, n_pivots=6).fit(full, vectors)
    predicted = found.predict(full, range(5, 6))
    assert predicted.shape == (1, 3)
    assert predicted.ravel() == pytest.approx(expected.predict(whole[15:, :15]), rel=1e-8)


def test_passes_over_the_chunks(
    full: KernelStore, targets: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One for K, two more where it is not kept; for iterations two, one each, and one."""
    read = []
    load = KernelStore.load
    monkeypatch.setattr(
        KernelStore, "load", lambda self, i, j: (read.append((i, j)), load(self, i, j))[1]
    )
    weights = ExponentialMixing(4).weights(POINT)
    StoredKernelRidge(weights).fit(full, targets[:8])
    assert sorted(read) == [(0, 0), (0, 1), (1, 1)]
    read.clear()
    StoredKernelRidge(weights, solver="tiles").fit(full, targets[:8])
    assert sorted(read) == 3 * [(0, 0)] + 3 * [(0, 1)] + 3 * [(1, 1)]
    assert [*full.folder.glob(".*")] == []
    read.clear()
    found = StoredKernelRidge(weights, solver="cg", n_pivots=3).fit(full, targets[:8])
    assert len(read) == 3 * (2 + found.n_iterations + 1)


@pytest.mark.slow
def test_solvers_agree_on_methane(tmp_path: Path) -> None:
    """Energies of 100 structures learned from 900: the same predictions by all solvers."""
    data = load_embedded("methane", folder=RESOURCES)
    shown, energies = data.frames[:1000], data.targets["energy"][:1000]
    left = (energies - energies[:900].mean())[:900]
    density = WignerDensity(cutoff=6.0, smearing=0.6, smearing_rate=0.2)
    kernel = WignerKernel(density, engine="cg")
    full = KernelStore.of(tmp_path, kernel, shown, chunk=300).compute_missing()
    weights = ExponentialMixing(4).weights(np.array([8.3, 0.33, 5.0]))  # near the published ones
    fits = [
        StoredKernelRidge(weights, noise=KCAL_PER_MOL, solver=solver, n_pivots=200).fit(full, left)
        for solver in SOLVERS
    ]
    first, *others = (found.predict(full, range(900, 1000)) for found in fits)
    for other in others:
        assert np.abs(first - other).max() < 1e-6 * np.abs(first).max()
    # rounding of K c, no matter how c was found: 1e-16 of the largest eigenvalue, 1e9
    assert max(found.residual for found in fits) < 1e-7
    error = np.sqrt(np.square(first + energies[:900].mean() - energies[900:1000]).mean())
    assert error < 0.2 * energies.std()


def test_refused(full: KernelStore, targets: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = ExponentialMixing(4).weights(POINT)
    with pytest.raises(ValueError, match=r"one of \('cholesky', 'tiles', 'cg'\), got 'lu'"):
        StoredKernelRidge(weights, solver="lu")
    with pytest.raises(ValueError, match="n_pivots must be positive, got 0"):
        StoredKernelRidge(weights, n_pivots=0)
    ridge = StoredKernelRidge(weights)
    for wrong in (np.ones(12), np.ones((9, 3)), np.ones(0)):
        with pytest.raises(ValueError, match="for a store of 11 structures with 1 rows each"):
            ridge.fit(full, wrong)
    with pytest.raises(ValueError, match="a target is not finite"):
        ridge.fit(full, targets * np.inf)
    for solver in SOLVERS:
        with pytest.raises(np.linalg.LinAlgError, match="cannot be factorised"):
            StoredKernelRidge(-np.array(weights), solver=solver).fit(full, targets)
    with pytest.raises(ValueError, match="5 weights are due"):
        StoredKernelRidge(weights[:3]).fit(full, targets)
    monkeypatch.setattr(module, "_MAX_ITERATIONS", 1)
    with pytest.raises(RuntimeError, match="Take more pivots"):
        StoredKernelRidge(weights, solver="cg", n_pivots=1).fit(full, targets)
