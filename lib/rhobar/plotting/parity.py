"""Predicted against reference energies of the test structures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rhobar.plotting._models import model_style
from rhobar.plotting._numbers import three_digits
from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame


def parity(predictions: DataFrame) -> Figure:
    """
    One column per data set: predictions above, their errors below, at the largest training set.

    Energies are counted from what the composition alone explains (least squares on the training
    structures), because the total energies differ by hundreds of eV and any model looks perfect.

    :param predictions: one row per test structure and model, columns ``dataset``, ``model``,
        ``n_train``, ``reference``, ``predicted`` and ``baseline`` (the composition fit) in eV
    """
    datasets = list(dict.fromkeys(predictions["dataset"]))
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 4.6)
        axes = figure.subplots(
            2, len(datasets), squeeze=False, sharex="col", height_ratios=[2.2, 1.0]
        )
        for column, dataset in enumerate(datasets):
            rows = predictions[predictions["dataset"] == dataset]
            _draw_parity(axes[0, column], axes[1, column], rows)
            axes[0, column].set_title(f"{dataset}, {rows['n_train'].max()} training structures")
            axes[0, column].set_ylabel("predicted energy (eV)")
            axes[1, column].set_ylabel("error (eV)")
            axes[1, column].set_xlabel("reference energy − composition baseline (eV)")
    return figure


def _draw_parity(above: Axes, below: Axes, rows: DataFrame) -> None:
    """Scatter of each model, the diagonal, and errors with a range that no outlier stretches."""
    errors = rows["predicted"] - rows["reference"]
    for model in dict.fromkeys(rows["model"]):
        style = model_style(model)
        chosen = rows["model"] == model
        reference = rows["reference"][chosen] - rows["baseline"][chosen]
        predicted = rows["predicted"][chosen] - rows["baseline"][chosen]
        mae = three_digits(1e3 * errors[chosen].abs().mean())
        label = f"{style.label}: MAE {mae} meV"
        points: dict[str, Any] = {"s": 5, "marker": style.marker, "linewidths": 0}
        points["color"] = style.color
        above.scatter(reference, predicted, alpha=0.6, label=label, **points)
        below.scatter(reference, errors[chosen], alpha=0.6, **points)
    low, high = above.get_xlim()
    above.plot([low, high], [low, high], color="black", linewidth=0.7, zorder=0)
    above.set_xlim(low, high)
    above.legend(loc="upper left", handletextpad=0.2, borderaxespad=0.1)
    below.axhline(0.0, color="black", linewidth=0.7, zorder=0)
    reach = 1.15 * float(np.quantile(errors.abs(), 0.995))
    outside = int((errors.abs() > reach).sum())
    below.set_ylim(-reach, reach)
    if outside:
        below.set_title(f"{outside} of {len(errors)} errors lie outside", fontsize=6.5, loc="right")
