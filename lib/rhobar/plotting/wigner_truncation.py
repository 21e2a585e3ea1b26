"""What a limit on angular momenta between products costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rhobar.data import KCAL_PER_MOL
from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame

_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
_MARKERS = "o^sD"
_FLOOR = 1e-16  # where exact equality is drawn


def wigner_truncation(errors: DataFrame) -> Figure:
    """
    Error of the kernel of ν = 4, and of models with it, against the highest λ between products.

    Left, mean absolute difference from the exact kernel over the mean of that; right, test errors,
    those of the exact kernel as horizontal lines.

    :param errors: one row per data set and limit, columns ``dataset``, ``lambda_max`` (-1: exact),
        ``relative`` and ``test_error`` in eV, by ``measure``
    """
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 2.9)
        kernel, model = figure.subplots(1, 2)
        for number, (dataset, rows) in enumerate(errors.groupby("dataset", sort=False)):
            color, marker = _COLORS[number], _MARKERS[number]
            limited = rows[rows["lambda_max"] >= 0].sort_values("lambda_max")
            exact = rows[rows["lambda_max"] < 0]["test_error"].item() / KCAL_PER_MOL
            places = limited["lambda_max"]
            kernel.plot(
                places,
                limited["relative"].clip(lower=_FLOOR),
                color=color,
                marker=marker,
                label=str(dataset),
            )
            found = limited["test_error"] / KCAL_PER_MOL
            measure = str(rows["measure"].iloc[0]).upper()
            model.plot(places, found, color=color, marker=marker, label=f"{dataset}, {measure}")
            model.axhline(exact, color=color, linestyle="--", linewidth=0.8)
        kernel.set_yscale("log")
        kernel.set_ylabel("error of ν = 4 / its size")
        model.set_ylabel("test error (kcal/mol)")
        model.set_ylim(bottom=0.0)
        _finish([kernel, model])
    return figure


def _finish(axes: list[Axes]) -> None:
    for axis in axes:
        axis.set_xlabel("highest λ between products")
        axis.legend()
