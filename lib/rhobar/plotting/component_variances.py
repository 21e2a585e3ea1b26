"""How fast the variance of contracted equivariants falls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame

_LINES: dict[int, Literal["-", "--"]] = {1: "-", -1: "--"}


def component_variances(variances: DataFrame) -> Figure:
    """
    Variances of the principal components of NICE, one line for each (λ, σ).

    One column per correlation order, one row per type of the center. Variances are over the
    largest one of their order and center type, so that lines of one panel compare.

    :param variances: one row per component, columns ``center_type``, ``nu``, ``o3_lambda``,
        ``o3_sigma``, ``component`` (from 1) and ``variance``
    """
    types, orders = (sorted(set(variances[name])) for name in ("center_type", "nu"))
    o3_lambdas, sigmas = (sorted(set(variances[name])) for name in ("o3_lambda", "o3_sigma"))
    colors = {
        o3_lambda: colormaps["viridis"](place)
        for o3_lambda, place in zip(
            o3_lambdas, np.linspace(0.0, 0.92, len(o3_lambdas)), strict=True
        )
    }
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 0.9 + 1.7 * len(types))
        axes = figure.subplots(len(types), len(orders), squeeze=False, sharey=True)
        for row, center_type in zip(axes, types, strict=True):
            for axis, nu in zip(row, orders, strict=True):
                chosen = (variances["center_type"] == center_type) & (variances["nu"] == nu)
                _draw_spectra(axis, variances[chosen], colors)
                axis.set_title(f"center type {center_type}, ν = {nu}")
            row[0].set_ylabel("variance / largest")
        for axis in axes[-1]:
            axis.set_xlabel("component")
        handles = [
            *(Line2D([], [], color=colors[value], label=f"λ = {value}") for value in o3_lambdas),
            *(
                Line2D([], [], color="black", linestyle=_LINES[sigma], label=f"σ = {sigma:+d}")
                for sigma in sigmas[::-1]
            ),
        ]
        figure.legend(handles=handles, loc="outside right center")
    return figure


def _draw_spectra(
    axis: Axes, rows: DataFrame, colors: dict[int, tuple[float, float, float, float]]
) -> None:
    """One line for each (λ, σ) of one order and center type."""
    largest = rows["variance"].max()
    for (o3_lambda, sigma), block in rows.groupby(["o3_lambda", "o3_sigma"]):
        kept = block[block["variance"] > 0].sort_values("component")
        axis.plot(
            kept["component"],
            kept["variance"] / largest,
            color=colors[o3_lambda],
            linestyle=_LINES[sigma],
        )
    axis.set_yscale("log")
    axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
