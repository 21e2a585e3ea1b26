"""What a network makes of an orbit on which its features hardly change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rhobar.plotting._numbers import three_decimals
from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame

_RUNS = ("none", "few", "all")
_PARTS = {
    "validation": ("random, held out", "#999999", "o", 2.0),
    "train": ("random, learned", "#56B4E9", "o", 2.0),
    "orbit": ("orbit", "#D55E00", "o", 2.5),
}


def orbit_learning(predictions: DataFrame) -> Figure:
    """
    Predicted against true values, and both along the orbit, for three training sets.

    Above, all structures; below, the orbit alone against the length of the path, with the points
    that were learned and the root mean square error over the deviation of the true values, which
    is 1 or more for a model that does not tell the points apart.

    :param predictions: one row per run and structure, columns ``run`` (none, few, all), ``part``
        (train, validation, orbit), ``path`` (Å), ``trained``, ``target`` and ``predicted``
    """
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 4.4)
        axes = figure.subplots(2, 3, sharey="row", height_ratios=[1.15, 1.0])
        for column, run in enumerate(_RUNS):
            rows = predictions[predictions["run"] == run]
            orbit = rows[rows["part"] == "orbit"]
            above, below = axes[:, column]
            n_learned = int(orbit["trained"].sum())
            more = f"and {n_learned} points of the orbit" if n_learned else "methane only"
            above.set_title(f"random {more}")
            _draw_parity(above, rows)
            _draw_orbit(below, orbit)
        axes[0, 0].set_ylabel("predicted t")
        axes[1, 0].set_ylabel("t along the orbit")
        handles, labels = axes[0, 1].get_legend_handles_labels()
        more = axes[1, 1].get_legend_handles_labels()
        figure.legend(handles + more[0], labels + more[1], loc="outside upper center", ncols=6)
    return figure


def _draw_parity(axis: Axes, rows: DataFrame) -> None:
    """Within the range of nearly all random structures, the orbit on top."""
    random = rows[rows["part"] != "orbit"]["target"]
    low, high = float(rows["target"].min()), float(np.quantile(random, 0.97))
    axis.axline((low, low), slope=1.0, color="black", linewidth=0.7)
    for part, (label, color, marker, size) in _PARTS.items():
        shown = rows[rows["part"] == part]
        axis.plot(
            shown["target"],
            shown["predicted"],
            color=color,
            marker=marker,
            markersize=size,
            markeredgewidth=0,
            linestyle="none",
            label=label,
        )
    margin = 0.05 * (high - low)
    axis.set_xlim(low - margin, high + margin)
    axis.set_ylim(low - 4 * margin, high + 4 * margin)
    axis.set_xlabel("true t")


def _draw_orbit(axis: Axes, rows: DataFrame) -> None:
    rows = rows.sort_values("path")
    learned = rows[rows["trained"]]
    axis.plot(rows["path"], rows["target"], color="black", linewidth=1.0, label="true")
    axis.plot(
        learned["path"],
        learned["target"],
        color="black",
        marker="o",
        markersize=2.5,
        linestyle="none",
        label="learned",
    )
    color = _PARTS["orbit"][1]
    axis.plot(rows["path"], rows["predicted"], color=color, label="predicted")
    errors = rows["predicted"] - rows["target"]
    relative = float(np.sqrt(np.square(errors).mean()) / rows["target"].std(ddof=0))
    axis.set_title(f"error {three_decimals(relative)} σ")
    axis.set_xlabel("path (Å)")
