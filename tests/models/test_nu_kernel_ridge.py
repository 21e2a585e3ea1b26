"""Mixtures of kernels: their weights, the search, the solution."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rhobar.models import ExponentialMixing, FreeMixing, NuKernelRidge
from tests.models.nu_kernels import labelled

SHORT = 30  # iterations of the annealing


def test_exponential_weights() -> None:
    mixing = ExponentialMixing(4)
    # the published optimum for QM9 and the weights printed with it
    weights = mixing.weights(np.array([4.8440, 2.7437, 6.5490]))
    assert weights == pytest.approx([3.540e6, 1.916e5, 2.628e5, 2.404e5, 1.649e5], rel=6e-4)
    assert mixing.bounds == ((0.0, 12.0), (0.0, 100.0), (1.0, 8.0))
    assert mixing.start == (1.0, 0.5, 5.0)


def test_weights_for_tensors_have_no_composition() -> None:
    mixing = ExponentialMixing.for_tensors(4)
    weights = mixing.weights(np.array([1.9845, 9.9948]))
    assert weights == pytest.approx([0, 964.4, 4819.5, 16056.7, 40120.9], rel=2e-4)
    assert mixing.bounds == ((0.0, 15.0), (0.0, 10.0))


def test_free_weights() -> None:
    assert FreeMixing(2).weights(np.array([1.0, -2.0, 3.0])) == pytest.approx([10, 0.01, 1e3])
    alone = FreeMixing(2, composition=False)
    assert alone.weights(np.array([1.0, -2.0])) == pytest.approx([0, 10, 0.01])
    assert len(alone.bounds) == len(alone.start) == 2


@pytest.mark.parametrize("error", ["mae", "rmse", "norm"])
def test_the_objective_is_the_pooled_error_of_cross_validation(error: str) -> None:
    data = labelled(40, n_components=3, seed=1)
    ridge = NuKernelRidge(FreeMixing(3), error=error, noise=2.0)
    point = np.array([2.0, 2.0, 3.0, 4.0])
    predicted = np.empty_like(data.targets)
    for fold in np.arange(40).reshape(10, 4):
        kept = np.setdiff1d(np.arange(40), fold)
        rows, others = ((3 * part[:, None] + np.arange(3)).ravel() for part in (kept, fold))
        solution = ridge.solve(data.kernels[rows][:, rows], data.targets[kept], point)
        predicted[fold] = solution.predict(data.kernels[others][:, rows], noise=2.0).reshape(-1, 3)
    lengths = np.linalg.norm(predicted, axis=1) - np.linalg.norm(data.targets, axis=1)
    expected = {
        "mae": np.abs(predicted - data.targets).mean(),
        "rmse": math.sqrt(((predicted - data.targets) ** 2).mean()),
        "norm": np.abs(lengths).mean(),
    }
    found = ridge.objective(np.moveaxis(data.kernels, -1, 0), data.targets)(point)
    assert found == pytest.approx(expected[error], rel=1e-9)


def test_a_failed_factor_is_infinitely_wrong() -> None:
    data = labelled(20, seed=0)
    objective = NuKernelRidge(FreeMixing(3)).objective(
        np.moveaxis(-data.kernels, -1, 0), data.targets
    )
    assert objective(np.full(4, 5.0)) == math.inf


def test_the_search_finds_what_a_grid_finds() -> None:
    """A target of ν = 1 alone: the error of the annealing is that of the best of 700 points."""
    data = labelled(60, nu_max=2, seed=5)
    ridge = NuKernelRidge(ExponentialMixing(2), max_iterations=150, seed=3)
    found = ridge.fit(data.kernels, data.targets)
    objective = ridge.objective(np.moveaxis(data.kernels, -1, 0), data.targets)
    grid = min(
        objective(np.array([c, alpha, c0]))
        for c in np.linspace(1, 7, 9)
        for alpha in (0.3, 1, 3, 10, 30, 60, 90)
        for c0 in np.linspace(1, 8, 5)
    )
    assert found.error <= 1.01 * grid
    assert objective(np.array(found.point)) == pytest.approx(found.error, rel=1e-12)
    assert found.n_evaluations > 2 * 3 * 150


def test_the_same_seed_finds_the_same() -> None:
    data = labelled(40, seed=2)
    first, again, other = (
        NuKernelRidge(ExponentialMixing(3), max_iterations=SHORT, seed=seed).fit(
            data.kernels, data.targets
        )
        for seed in (0, 0, 1)
    )
    assert first.point == again.point
    assert first.coefficients.tolist() == again.coefficients.tolist()
    assert first.point != other.point


def test_long_lists_start_from_the_optimum_of_their_first_structures() -> None:
    data = labelled(60, n_components=2, seed=4)
    ridge = NuKernelRidge(
        ExponentialMixing.for_tensors(3), max_iterations=SHORT, n_annealed=60, n_local=25
    )
    part = ridge.fit(data.kernels[:60, :60], data.targets[:30])
    whole = ridge.fit(data.kernels, data.targets)
    assert part.n_evaluations < whole.n_evaluations <= part.n_evaluations + 25
    objective = ridge.objective(np.moveaxis(data.kernels, -1, 0), data.targets)
    assert whole.error <= objective(np.array(part.point))
    assert whole.error == pytest.approx(objective(np.array(whole.point)), rel=1e-12)
    again = ridge.fit(data.kernels, data.targets, start=part.point)
    assert again.point == whole.point
    assert again.n_evaluations == whole.n_evaluations - part.n_evaluations


def test_the_solution_solves() -> None:
    data = labelled(50, seed=6)
    ridge = NuKernelRidge(FreeMixing(3), noise=0.1)
    found = ridge.solve(data.kernels, data.targets, np.array([3.0, 3.0, 5.0, 7.0]))
    mixed = data.kernels @ np.array(found.weights) + np.eye(50)
    left = mixed @ found.coefficients - data.targets.ravel() / 0.1
    assert np.linalg.norm(left) < 1e-11 * np.linalg.norm(data.targets / 0.1)
    assert found.residual < 1e-11
    predicted = found.predict(data.kernels, noise=0.1)
    expected = data.targets.ravel() - 0.1 * found.coefficients  # K c = y - c
    assert predicted == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_the_solution_does_not_change_with_the_unit() -> None:
    data = labelled(30, seed=7)
    point = np.array([2.0, 3.0, 4.0, 5.0])
    ev, kcal = (
        NuKernelRidge(FreeMixing(3), noise=unit).solve(data.kernels, unit * data.targets, point)
        for unit in (0.0434, 1.0)
    )
    assert ev.coefficients == pytest.approx(kcal.coefficients, rel=1e-10)
    assert ev.error == pytest.approx(0.0434 * kcal.error, rel=1e-10)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda k, y: (k[:, :-1], y), r"kernels \(row, row, nu\) of \(20, 20, 4\)"),
        (lambda k, y: (k[..., :-1], y), r"kernels \(row, row, nu\) of \(20, 20, 4\)"),
        (lambda k, y: (k, y[:-1]), r"kernels \(row, row, nu\) of \(19, 19, 4\)"),
        (lambda k, y: (k * np.nan, y), "not finite"),
        (lambda k, y: (k, y * np.inf), "not finite"),
        (lambda k, y: (k - 2 * np.eye(20)[..., None], y), "not positive definite"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change: object, message: str) -> None:
    data = labelled(20, seed=0)
    kernels, targets = change(data.kernels, data.targets)
    with pytest.raises(ValueError, match=message):
        NuKernelRidge(FreeMixing(3)).solve(kernels, targets, np.full(4, 2.0))


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="'mae', 'rmse' or 'norm', got 'mse'"):
        NuKernelRidge(FreeMixing(3), error="mse")
    with pytest.raises(ValueError, match="noise must be positive, got 0"):
        NuKernelRidge(FreeMixing(3), noise=0.0)
    data = labelled(20, seed=0)
    with pytest.raises(ValueError, match="no weights within the bounds"):
        NuKernelRidge(FreeMixing(3, logarithms=(1.0, 2.0)), max_iterations=2).fit(
            -data.kernels, data.targets
        )
