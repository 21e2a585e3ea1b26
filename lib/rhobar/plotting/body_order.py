"""Which interactions a linear model of each correlation order can learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from rhobar.plotting._models import model_style
from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame


def body_order(errors: DataFrame) -> Figure:
    """
    Test error of linear models on exact 2-, 3- and 4-body targets against the size of the basis.

    A linear model of order ν holds potentials of ν + 1 bodies and no more: with a growing basis
    its error falls on targets of up to ν + 1 bodies and stops where it is on higher ones.

    :param errors: one row per fit, columns ``target`` (bodies: 2, 3, 4), ``model`` (``nu1`` or
        ``nu2``), ``size`` (n_radial = l_max) and ``relative_rmse`` (RMSE / standard deviation)
    """
    targets = sorted(set(errors["target"]))
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 2.6)
        axes = figure.subplots(1, len(targets), squeeze=False, sharey=True)[0]
        for axis, target in zip(axes, targets, strict=True):
            for model in dict.fromkeys(errors["model"]):
                rows = errors[(errors["target"] == target) & (errors["model"] == model)]
                rows = rows.sort_values("size")
                style = model_style(model)
                axis.plot(
                    rows["size"],
                    rows["relative_rmse"],
                    label=style.label,
                    color=style.color,
                    marker=style.marker,
                    linestyle=style.line,
                    fillstyle=style.fill,
                )
            axis.axhline(1.0, color="black", linewidth=0.7, linestyle=":", zorder=0)
            axis.set_yscale("log")
            axis.set_xticks(sorted(set(errors["size"])))
            axis.set_xlabel("basis size, n_radial = l_max")
            axis.set_title(f"{target}-body target")
        axes[0].set_ylabel("test RMSE / standard deviation")
        axes[-1].legend(loc="lower left")
    return figure
