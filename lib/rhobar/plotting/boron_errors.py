"""Errors of the models of B8 clusters: of the means of pairs, and of the differences in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from rhobar.plotting._boron_models import BORON_MODELS, boron_model
from rhobar.plotting._numbers import three_decimals
from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame

_PANELS = {
    "mean_relative": "error of the mean / standard deviation",
    "delta_relative": "error of the difference / its root mean square",
}


def boron_errors(errors: DataFrame) -> Figure:
    """
    One line per model, training errors as open and test errors as filled points.

    A model that cannot tell the members of a pair apart has a relative error of differences of 1.

    :param errors: one row per model and part of the split, columns ``model``, ``part``,
        ``mean_relative`` and ``delta_relative``
    """
    names = [name for name in BORON_MODELS if name in set(errors["model"])]
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 0.9 + 0.22 * len(names))
        axes = figure.subplots(1, 2, sharey=True)
        for axis, (column, label) in zip(axes, _PANELS.items(), strict=True):
            table = errors.pivot_table(index="model", columns="part", values=column).loc[names]
            _draw(axis, names, table["train"].to_numpy(), table["test"].to_numpy())
            axis.set_xlabel(label)
        axes[1].axvline(1.0, color="black", linewidth=0.7, linestyle="--", zorder=0)
        axes[0].set_yticks(range(len(names)), [boron_model(name).label for name in names])
        axes[0].invert_yaxis()
        handles = [
            axes[0].scatter([], [], s=18, facecolors="none", edgecolors="black", label="training"),
            axes[0].scatter([], [], s=18, color="black", label="test"),
        ]
        figure.legend(handles=handles, loc="outside upper center", ncols=2)
    return figure


def _draw(axis: Axes, names: list[str], train: np.ndarray, test: np.ndarray) -> None:
    """Two points of each model, joined; the test error written beside them."""
    for row, (name, *values) in enumerate(zip(names, train, test, strict=True)):
        color = boron_model(name).color
        axis.plot(values, [row, row], color=color, linewidth=0.8, zorder=1)
        axis.scatter(values[:1], [row], s=18, facecolors="white", edgecolors=color, zorder=2)
        axis.scatter(values[1:], [row], s=18, color=color, zorder=2)
        axis.annotate(
            three_decimals(values[1]),
            (max(values), row),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=6.5,
            bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"},
        )
    axis.set_xscale("log")
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.margins(x=0.15)
    axis.grid(axis="y", linewidth=0.3)
