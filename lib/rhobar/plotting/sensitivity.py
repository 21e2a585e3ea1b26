"""How features of each correlation order respond to displacements."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from rhobar.plotting._models import model_style
from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame

_NAMES = {1: "radial spectrum", 2: "power spectrum", 3: "bispectrum"}
_ZERO = 1e-12  # of the largest singular value: rounding
_NEAR = 0.05  # Å, separations that show the limit


def jacobian_spectra(spectra: DataFrame) -> Figure:
    """
    Singular values of the Jacobian by correlation order, and how the smallest one is distributed.

    Left, the median over structures and the band from their 5th to their 95th percentile. Right,
    the share of structures whose smallest singular value, over the largest one, is less than what
    the axis says. Directions without any response at most structures are counted in the legend.

    :param spectra: one row per singular value, columns ``nu``, ``structure``, ``number`` (from
        1, the largest) and ``singular_value`` (over the length of the feature vector, 1/Å)
    """
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 2.7)
        left, right = figure.subplots(1, 2, width_ratios=[1.2, 1.0])
        for nu, rows in spectra.groupby("nu"):
            table = rows.pivot_table(index="structure", columns="number", values="singular_value")
            style = model_style(f"nu{nu}")
            largest = table.max(axis=1)
            # rounding decides how small a zero is: left out, so that it sets no scale
            seen = table.where(table.gt(_ZERO * largest, axis=0))
            numbers = table.columns[seen.notna().mean() > 0.5]
            low, middle, high = (seen[numbers].quantile(part) for part in (0.05, 0.5, 0.95))
            blind = len(table.columns) - len(numbers)
            label = f"ν = {nu}, {_NAMES[nu]}" + (f" ({blind} blind)" if blind else "")
            left.plot(
                numbers, middle, label=label, color=style.color, marker=style.marker, linestyle="-"
            )
            left.fill_between(numbers, low, high, color=style.color, alpha=0.18, linewidth=0)
            if not blind:
                ratios = np.sort((table.min(axis=1) / largest).to_numpy())
                share = np.arange(1, len(ratios) + 1) / len(ratios)
                right.step(ratios, share, where="post", color=style.color)
        left.set_yscale("log")
        left.set_xticks(sorted(set(spectra["number"])))
        left.set_xlabel("number of the singular value")
        left.set_ylabel("singular value / |features| (1/Å)")
        figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=3)
        right.set_xscale("log")
        right.xaxis.set_minor_formatter(NullFormatter())
        right.set_ylim(0.0, 1.0)
        right.set_xlabel("smallest / largest singular value")
        right.set_ylabel("share of structures below")
    return figure


def manifold_collapse(points: DataFrame) -> Figure:
    """
    Sensitivity of features as the two sheets of the methane manifold meet.

    Left, the smallest singular value over the largest one, right, the response to the hydrogen
    that separates the sheets. For ν = 2 both fall in proportion to the separation v.

    :param points: one row per order and separation, columns ``nu``, ``v`` (Å), ``smallest``
        (over the largest singular value) and ``response`` (alike)
    """
    panels = {
        "smallest": "smallest / largest singular value",
        "response": "response to the separating atom",
    }
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 2.7)
        axes = figure.subplots(1, 2)
        for axis, (column, label) in zip(axes, panels.items(), strict=True):
            for nu, rows in points[points["v"] > 0].groupby("nu"):
                _draw_collapse(axis, nu, rows.sort_values("v"), column)
            axis.set_xscale("log")
            axis.set_yscale("log")
            axis.set_xlabel("separation v of the sheets (Å)")
            axis.set_ylabel(label)
            axis.legend(loc="lower right")
    return figure


def _draw_collapse(axis: Axes, nu: int, rows: DataFrame, column: str) -> None:
    """One line, with its slope at small separations in the legend."""
    near = rows[rows["v"] <= _NEAR]
    slope = math.nan
    if len(near) > 1:
        slope = float(np.polyfit(np.log(near["v"]), np.log(near[column]), 1)[0])
    style = model_style(f"nu{nu}")
    axis.plot(
        rows["v"],
        rows[column],
        label=f"ν = {nu}, {_NAMES[nu]}: slope {slope + 0.0:.2f}".replace("-0.00", "0.00"),
        color=style.color,
        marker=style.marker,
        markersize=3,
    )
