"""The learning-curve figure shows the numbers it was given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rhobar.plotting import learning_curves


@pytest.mark.parametrize(
    ("row", "measure", "unit"), [(0, "mae", 1e-3), (1, "rmse", 2.5)], ids=["meV", "deviation"]
)
def test_lines_are_means_over_seeds(
    errors: pd.DataFrame, row: int, measure: str, unit: float
) -> None:
    axes = np.array(learning_curves(errors).axes).reshape(2, 2)
    rows = errors[(errors["dataset"] == "minimol") & (errors["model"] == "kernel")]
    expected = rows.groupby("n_train")[measure].mean() / unit
    line = np.array(axes[row, 1].containers[2].lines[0].get_xydata())
    np.testing.assert_allclose(line[:, 0], expected.index.to_numpy())
    np.testing.assert_allclose(line[:, 1], expected.to_numpy())


def test_legend_names_models_of_every_panel_once(errors: pd.DataFrame) -> None:
    few = errors[(errors["dataset"] == "methane") | (errors["model"] != "nice4")]
    (legend,) = learning_curves(few).legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == [
        "composition only",
        "linear SOAP",
        "SOAP kernel, ζ = 2",
        "NICE, ν = 1",
        "NICE, ν ≤ 4",
    ]


def test_bars_are_standard_deviations_between_seeds(errors: pd.DataFrame) -> None:
    figure = learning_curves(errors)
    rows = errors[(errors["dataset"] == "methane") & (errors["model"] == "linear")]
    groups = rows.groupby("n_train")["mae"]
    segments = figure.axes[0].containers[1].lines[2][0].get_segments()
    lengths = [segment[1, 1] - segment[0, 1] for segment in segments]
    np.testing.assert_allclose(lengths, 2e3 * groups.std())


def test_one_seed_has_no_bars(errors: pd.DataFrame) -> None:
    figure = learning_curves(errors[errors["seed"] == 0])
    segments = figure.axes[0].containers[0].lines[2][0].get_segments()
    assert all(segment[0, 1] == segment[1, 1] for segment in segments)
    assert figure.axes[0].get_title() == "methane, one split"


def test_axes_are_logarithmic_and_carry_units(errors: pd.DataFrame) -> None:
    axes = learning_curves(errors).axes
    assert all((axis.get_xscale(), axis.get_yscale()) == ("log", "log") for axis in axes)
    assert [axis.get_ylabel() for axis in axes] == [
        *["test MAE (meV per structure)"] * 2,
        *["test RMSE / σ"] * 2,
    ]


def test_unknown_model_is_refused_by_name(errors: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="Model 'mystery' has no style"):
        learning_curves(errors.assign(model="mystery"))
