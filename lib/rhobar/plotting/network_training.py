"""What networks of distances can learn about pairs that they cannot tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from rhobar.plotting._models import model_style
from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame

_TARGETS = {
    "labels": ("labels ±1 of random pairs", "mean squared error", 2, 1.0),
    "energies": ("GFN1-xTB energies of water dimers", "RMSE (meV)", 1, 1e3),
}


def network_training(errors: DataFrame) -> Figure:
    """
    Training errors against epochs; dashed, the least error of one value for both members.

    :param errors: one row per recorded epoch, columns ``target`` (``labels`` or ``energies``),
        ``model``, ``epoch``, ``rmse`` and ``floor`` (for energies eV)
    """
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 2.7)
        axes = figure.subplots(1, len(_TARGETS))
        for axis, target in zip(axes, _TARGETS, strict=True):
            _draw(axis, errors[errors["target"] == target], target)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure


def _draw(axis: Axes, rows: DataFrame, target: str) -> None:
    title, label, power, scale = _TARGETS[target]
    for model, curve in rows.groupby("model", sort=False):
        style = model_style(model)
        axis.plot(
            curve["epoch"], scale * curve["rmse"] ** power, color=style.color, label=style.label
        )
    floor = scale * float(rows["floor"].iloc[0]) ** power
    axis.axhline(floor, color="#000000", linestyle="--", linewidth=0.9, label="one value per pair")
    axis.annotate(
        f"{floor:.3g}",
        (1.0, floor),
        xycoords=("axes fraction", "data"),
        xytext=(-2, 3),
        textcoords="offset points",
        ha="right",
        fontsize=7,
    )
    axis.set_yscale("log")
    if scale * rows["rmse"].min() > 1.0:  # less than three decades
        axis.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.yaxis.set_minor_formatter(NullFormatter())
    axis.set_title(title)
    axis.set_xlabel("epoch")
    axis.set_ylabel(label)
