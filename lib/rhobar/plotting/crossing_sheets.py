"""Two sheets of structures in feature space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d import Axes3D

from rhobar.plotting._models import model_style
from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import DataFrame

_TITLES = {"nu2": "power spectrum (ν = 2)", "nu3": "bispectrum (ν = 3)"}
_COLORS = {-1: "#0072B2", 1: "#D55E00"}
_VIEWS = {"nu2": (20.0, 60.0), "nu3": (22.0, 40.0)}  # elevation and azimuth, degrees


def crossing_sheets(projections: DataFrame) -> Figure:
    """
    The sheets X⁻ and X⁺ in the first principal components, and how far their structures are apart.

    Left, surfaces by order ν; where the lift is zero, in black, pairs are degenerate for ν = 2 and
    the sheets cross. Right, the distance between the two structures of each pair.

    :param projections: one row per order and structure, columns ``model`` (nu2 or nu3), ``sheet``
        (-1 or 1), ``u`` and ``lift`` (Å), ``component_1`` to ``component_3``, ``difference``
    """
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 2.7)
        for place, (model, title) in enumerate(_TITLES.items(), start=1):
            axis = figure.add_subplot(1, 3, place, projection="3d")
            assert isinstance(axis, Axes3D)
            _draw_sheets(axis, projections[projections["model"] == model])
            axis.view_init(*_VIEWS[model])
            axis.set_title(title, y=1.0)
        right = figure.add_subplot(1, 3, 3)
        for model, rows in projections[projections["sheet"] == 1].groupby("model"):
            style = model_style(model)
            apart = rows.groupby("lift")["difference"]
            right.plot(
                apart.mean().index,
                apart.mean(),
                color=style.color,
                marker=style.marker,
                label=_TITLES[model],
            )
            right.fill_between(
                apart.mean().index, apart.min(), apart.max(), color=style.color, alpha=0.18, lw=0
            )
        right.set_ylim(bottom=0.0)
        right.set_xlabel("lift off the degenerate pairs (Å)")
        right.set_ylabel("distance between X⁻ and X⁺")
        right.legend(loc="center right")
    return figure


def _draw_sheets(axis: Axes3D, rows: DataFrame) -> None:
    for sheet, points in rows.groupby("sheet"):
        surface = _grid(points)
        axis.plot_surface(
            *surface,
            color=_COLORS[int(sheet)],
            alpha=0.55,
            edgecolor="white",
            linewidth=0.3,
            rstride=1,
            cstride=1,
        )
        pairs = points[points["lift"].abs() < 1e-9].sort_values("u")
        axis.plot(*[pairs[f"component_{k}"] for k in (1, 2, 3)], color="black", zorder=10)
        corner = surface[:, -1, -1]
        axis.text(*corner, "X⁺" if sheet > 0 else "X⁻", color=_COLORS[int(sheet)])
    for name, setter in (("x", "PC 1"), ("y", "PC 2"), ("z", "PC 3")):
        getattr(axis, f"set_{name}label")(setter, labelpad=-14)
        getattr(axis, f"set_{name}ticklabels")([])


def _grid(points: DataFrame) -> NDArray[np.float64]:
    """``(component, u, lift)``"""
    tables = [
        points.pivot_table(index="u", columns="lift", values=f"component_{k}") for k in (1, 2, 3)
    ]
    return np.stack([table.to_numpy() for table in tables])
