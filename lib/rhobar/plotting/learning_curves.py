"""Test error against the number of training structures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator, ScalarFormatter

from rhobar.plotting._models import model_style
from rhobar.plotting._numbers import three_digits
from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame


def learning_curves(errors: DataFrame) -> Figure:
    """
    Learning curves on double logarithmic axes: one column per data set, MAE above RMSE / σ.

    σ is the standard deviation of the test energies from what the composition explains. A point is
    the mean over the seeds of the split, its bar the standard deviation between them (none where
    one seed ran). A slope of -1/2 is what averaging over more data alone would give.

    :param errors: one row per fit, columns ``dataset``, ``model``, ``seed``, ``n_train``, and
        ``mae``, ``rmse`` and ``deviation`` (σ) in eV per structure
    """
    datasets = list(dict.fromkeys(errors["dataset"]))
    measures = {
        "test MAE (meV per structure)": 1e3 * errors["mae"],
        "test RMSE / σ": errors["rmse"] / errors["deviation"],
    }
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 5.4)
        axes = figure.subplots(2, len(datasets), squeeze=False, sharex="col")
        for column, dataset in enumerate(datasets):
            chosen = errors["dataset"] == dataset
            for row, (label, values) in enumerate(measures.items()):
                _draw_curves(axes[row, column], errors[chosen].assign(value=values[chosen]))
                axes[row, column].set_ylabel(label)
            axes[0, column].set_title(f"{dataset}, {_seeds(errors[chosen])}")
            axes[1, column].set_xlabel("training structures")
        drawn = {
            label: line
            for axis in axes[0]
            for line, label in zip(*axis.get_legend_handles_labels(), strict=True)
        }
        figure.legend(drawn.values(), drawn, loc="outside lower center", ncols=4)
    return figure


def _draw_curves(axis: Axes, rows: DataFrame) -> None:
    """One line per model with its last ``value`` written beside it."""
    ends: list[tuple[float, int, str]] = []
    for model in dict.fromkeys(rows["model"]):
        style = model_style(model)
        groups = rows[rows["model"] == model].groupby("n_train")["value"]
        mean, spread = groups.mean(), groups.std().fillna(0.0)
        axis.errorbar(
            mean.index,
            mean,
            yerr=spread,
            label=style.label,
            color=style.color,
            marker=style.marker,
            linestyle=style.line,
        )
        ends.append((float(mean.iloc[-1]), mean.index[-1], style.color))
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.margins(x=0.12)
    sizes = sorted(set(rows["n_train"]))
    axis.set_xticks(sizes, [str(size) for size in sizes])
    axis.xaxis.set_minor_locator(NullLocator())
    axis.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    formatter = ScalarFormatter()
    formatter.set_scientific(False)
    axis.yaxis.set_major_formatter(formatter)
    axis.yaxis.set_minor_formatter(NullFormatter())
    _write_values(axis, ends)


def _write_values(axis: Axes, ends: list[tuple[float, int, str]]) -> None:
    """Each last value beside its point, moved apart where two would lie on each other."""
    height = 0.05 * float(np.diff(np.log(axis.get_ylim()))[0])  # of a number, about
    place = -math.inf
    for value, n_train, color in sorted(ends):
        place = max(math.log(value), place + height)
        axis.annotate(
            three_digits(value),
            (n_train, math.exp(place)),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=6.5,
            color=color,
        )


def _seeds(rows: DataFrame) -> str:
    """How often each point was repeated."""
    count = rows["seed"].nunique()
    return "one split" if count == 1 else f"mean of {count} splits"
