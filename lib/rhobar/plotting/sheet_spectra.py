"""Singular values as the sheets of the methane manifold meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from rhobar.plotting._models import model_style
from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame

_TITLES = {"nu2": "ν = 2", "nu3": "ν = 3", "triplets": "nonlinear triplets"}
_NEAR = 0.05  # Å, separations that show the limit


def sheet_spectra(spectra: DataFrame) -> Figure:
    """
    All singular values of each model against the separation v, the smallest one by itself.

    The first three panels have one line per singular value, over the largest; the last one, in
    color, is drawn again in the fourth with its slope at small v in the legend.

    :param spectra: one row per model, separation and singular value, columns ``model``, ``v`` (Å),
        ``number`` (from 1, the largest) and ``ratio`` (over the largest)
    """
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 2.8)
        axes = figure.subplots(1, 1 + len(_TITLES), sharey=True)
        for axis, (model, title) in zip(axes, _TITLES.items(), strict=False):
            _draw_spectrum(axis, spectra[spectra["model"] == model], model, title)
        axes[0].set_ylabel("singular value / largest one")
        last = axes[-1]
        for model, rows in spectra.groupby("model", sort=False):
            _draw_smallest(last, rows, model)
        last.set_title("the smallest ones")
        figure.legend(*last.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        for axis in axes:
            axis.set_xscale("log")
            axis.set_yscale("log")
            axis.set_ylim(1e-5, 1.6)
            axis.xaxis.set_minor_formatter(NullFormatter())
            axis.set_xlabel("separation v (Å)")
    return figure


def _draw_spectrum(axis: Axes, rows: DataFrame, model: str, title: str) -> None:
    table = rows[rows["v"] > 0].pivot_table(index="v", columns="number", values="ratio")
    for number in table.columns:
        last = number == table.columns[-1]
        axis.plot(
            table.index,
            table[number],
            color=model_style(model).color if last else "#BBBBBB",
            linewidth=1.6 if last else 0.9,
        )
    crossing = rows[rows["v"] == 0]["ratio"].min()
    note = "0" if crossing < 1e-10 else f"{crossing:.2g}"
    axis.set_title(f"{title}\nsmallest at v = 0: {note}")


def _draw_smallest(axis: Axes, rows: DataFrame, model: str) -> None:
    smallest = rows[(rows["number"] == rows["number"].max()) & (rows["v"] > 0)]
    near = smallest[smallest["v"] <= _NEAR]
    slope = float(np.polyfit(np.log(near["v"]), np.log(near["ratio"]), 1)[0])
    style = model_style(model)
    axis.plot(
        smallest["v"],
        smallest["ratio"],
        color=style.color,
        marker=style.marker,
        markersize=3,
        label=f"{_TITLES[model]}: slope {slope + 0.0:.2f}".replace("-0.00", "0.00"),
    )
