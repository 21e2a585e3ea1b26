"""Variances of NICE components: one panel per order and center type."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rhobar.plotting import component_variances


def test_a_panel_for_each_order_and_type(variances: pd.DataFrame) -> None:
    axes = component_variances(variances).axes
    assert [axis.get_title() for axis in axes] == [
        "center type 1, ν = 1",
        "center type 1, ν = 2",
        "center type 6, ν = 1",
        "center type 6, ν = 2",
    ]
    assert [len(axis.get_lines()) for axis in axes] == [3, 5, 3, 5]


def test_lines_are_over_the_largest_variance_without_zeros(variances: pd.DataFrame) -> None:
    line = component_variances(variances).axes[0].get_lines()[1]
    chosen = (variances["center_type"] == 1) & (variances["nu"] == 1)
    rows = variances[chosen & (variances["o3_lambda"] == 1) & (variances["variance"] > 0)]
    np.testing.assert_array_equal(line.get_xdata(), range(1, 20))
    np.testing.assert_allclose(
        line.get_ydata(), rows["variance"] / variances[chosen]["variance"].max()
    )


def test_the_legend_names_orders_and_parities(variances: pd.DataFrame) -> None:
    (legend,) = component_variances(variances).legends
    labels = [text.get_text() for text in legend.texts]
    assert labels == ["λ = 0", "λ = 1", "λ = 2", "σ = +1", "σ = -1"]
