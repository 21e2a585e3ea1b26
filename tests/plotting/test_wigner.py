"""The figures of Wigner kernels show the numbers they were given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rhobar.plotting import (
    wigner_cost,
    wigner_curves,
    wigner_exponential,
    wigner_sparse,
    wigner_truncation,
)

KCAL_PER_MOL = 0.0433641042  # eV


@pytest.fixture
def fits() -> pd.DataFrame:
    """Errors of two kernels and three seeds that fall with the number of structures."""
    generator = np.random.default_rng(0)
    rows = [
        {
            "dataset": "methane",
            "target": "energy",
            "measure": "rmse",
            "kernel": kernel,
            "nu_max": nu_max,
            "seed": seed,
            "n_train": n_train,
            "rmse": 5.0 / nu_max * n_train**-0.5 * (1 + 0.1 * generator.random()),
            "mae": 1.0,
            "norm": 0.3 * n_train**-0.5,
            "deviation": 2.5,
        }
        for kernel, orders in (("cg", (1, 2, 4)), ("carbon", (4,)))
        for nu_max in orders
        for seed in range(3)
        for n_train in (50, 100, 200)
    ]
    return pd.DataFrame(rows)


def test_curves_are_means_over_seeds_in_both_units(fits: pd.DataFrame) -> None:
    figure = wigner_curves(fits)
    rows = fits[(fits["kernel"] == "cg") & (fits["nu_max"] == 2)].groupby("n_train")["rmse"]
    for axis, unit in zip(figure.axes, (KCAL_PER_MOL, 2.5), strict=True):
        line = axis.containers[1].lines[0].get_xydata()
        np.testing.assert_allclose(line[:, 0], [50, 100, 200])
        np.testing.assert_allclose(line[:, 1], rows.mean() / unit)
        assert (axis.get_xscale(), axis.get_yscale()) == ("log", "log")
    assert figure.axes[0].get_ylabel() == "test RMSE (kcal/mol)"
    (legend,) = figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["ν = 1", "ν ≤ 2", "ν ≤ 4", "ν ≤ 4, carbon only"]


def test_published_errors_are_shown_beside(fits: pd.DataFrame) -> None:
    figure = wigner_curves(fits, pd.DataFrame({"n_train": [200], "value": [0.0043]}))
    (shown,) = [line for line in figure.axes[0].lines if line.get_marker() == "*"]
    np.testing.assert_allclose(shown.get_xydata(), [[200, 0.0043 / KCAL_PER_MOL]])
    assert [line for line in figure.axes[1].lines if line.get_marker() == "*"] == []
    (legend,) = figure.legends
    assert "published" in [text.get_text() for text in legend.get_texts()]


def test_dipoles_are_in_debye(fits: pd.DataFrame) -> None:
    figure = wigner_curves(fits.assign(target="dipole", measure="norm"))
    line = figure.axes[0].containers[0].lines[0].get_xydata()
    np.testing.assert_allclose(line[0, 1], 0.3 * 50**-0.5 / 0.2081943327)
    assert figure.axes[0].get_ylabel() == "test MAE of lengths (Debye)"


def test_kernels_and_orders_without_a_style_are_named(fits: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="Kernel 'oxygen' has no line"):
        wigner_curves(fits.assign(kernel="oxygen"))
    with pytest.raises(ValueError, match="nu_max=9 has no style"):
        wigner_curves(fits.assign(nu_max=9))


def test_truncation_shows_limits_and_the_exact_kernel() -> None:
    errors = pd.DataFrame(
        {
            "dataset": "minimol",
            "measure": "mae",
            "lambda_max": [3, 0, -1],
            "relative": [0.2, 0.9, 0.0],
            "test_error": [0.1, 0.2, 0.05],
        }
    )
    kernel, model = wigner_truncation(errors).axes
    assert kernel.lines[0].get_xydata().tolist() == [[0.0, 0.9], [3.0, 0.2]]
    np.testing.assert_allclose(model.lines[0].get_ydata(), np.array([0.2, 0.1]) / KCAL_PER_MOL)
    np.testing.assert_allclose(model.lines[1].get_ydata(), 0.05 / KCAL_PER_MOL)


def test_exponential_shows_sums_and_the_limit() -> None:
    errors = pd.DataFrame(
        {
            "dataset": "methane",
            "measure": "rmse",
            "nu_max": [2, 1, 0],
            "relative": [0.1, 0.5, 0.0],
            "test_error": [0.2, 0.3, 0.15],
        }
    )
    sums, model = wigner_exponential(errors).axes
    assert sums.lines[0].get_xydata().tolist() == [[1.0, 0.5], [2.0, 0.1]]
    np.testing.assert_allclose(model.lines[1].get_ydata(), 0.15 / KCAL_PER_MOL)
    assert model.get_legend().get_texts()[0].get_text() == "methane, RMSE"


def test_sparse_models_stand_beside_the_dense_one() -> None:
    curves = [
        {"varied": "n_train", "n_train": n, "n_sparse": 20, "forces": forces, "energy_error": 8 / n}
        for n in (10, 20)
        for forces in (False, True)
    ]
    sweep = [
        {
            "varied": "n_sparse",
            "n_train": 20,
            "n_sparse": m,
            "selection": way,
            "energy_error": 3 / m,
        }
        for m in (5, 20)
        for way in ("fps", "cholesky")
    ]
    dense = {"varied": "n_sparse", "n_train": 20, "n_sparse": 0, "energy_error": 0.1}
    seeds = [pd.DataFrame([*curves, *sweep, dense]).assign(seed=seed) for seed in (0, 1)]
    seeds[1]["energy_error"] *= 3
    errors = pd.concat(seeds)
    errors["force_error"] = 2 * errors["energy_error"]
    axes = wigner_sparse(errors).axes
    for scale, (left, right) in zip((1, 2), (axes[:2], axes[2:]), strict=True):
        assert [line.get_label() for line in left.containers] == [
            "trained on energies",
            "on energies and forces",
        ]
        for container in left.containers:
            found = container.lines[0].get_xydata()
            np.testing.assert_allclose(found[:, 0], [10, 20])
            np.testing.assert_allclose(found[:, 1], scale * np.array([1.6, 0.8]) / KCAL_PER_MOL)
        level = next(line for line in right.lines if line.get_label() == "all environments")
        np.testing.assert_allclose(level.get_ydata(), scale * 0.2 / KCAL_PER_MOL)
        np.testing.assert_allclose(
            right.containers[0].lines[0].get_xydata(),
            [[5, scale * 1.2 / KCAL_PER_MOL], [20, scale * 0.3 / KCAL_PER_MOL]],
        )
    assert axes[2].get_xlabel() == "training structures (20 representatives per type)"
    assert axes[3].get_xlabel() == "representatives per type (20 training structures)"


def test_cost_has_a_panel_for_each_number() -> None:
    times = pd.DataFrame(
        [
            {"engine": engine, "varied": varied, "value": value, "microseconds": value + place}
            for place, engine in enumerate(("cg", "grid", "overlaps"))
            for varied in ("nu_max", "l_max", "n_channels")
            for value in (1, 2, 3)
        ]
    )
    axes = wigner_cost(times).axes
    assert [len(axis.lines) for axis in axes] == [3, 3, 3]
    assert axes[0].lines[1].get_ydata().tolist() == [2, 3, 4]
