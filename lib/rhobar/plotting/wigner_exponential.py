"""Sums over orders of correlation, and the exponential that they approach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rhobar.data import KCAL_PER_MOL
from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame

_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
_MARKERS = "o^sD"


def wigner_exponential(errors: DataFrame) -> Figure:
    """
    How fast kernels with all orders up to ν_max become those of exp(α S), and what is learned.

    Left, mean absolute difference of the sums from the exponential over the mean of the
    exponential without its first term, at the α that was found for the largest ν_max. Right, test
    errors by ν_max, that of the exponential as a horizontal line.

    :param errors: one row per data set and ``nu_max`` (0: the exponential), columns ``dataset``,
        ``relative`` and ``test_error`` in eV, by ``measure``
    """
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 2.9)
        sums, model = figure.subplots(1, 2)
        for number, (dataset, rows) in enumerate(errors.groupby("dataset", sort=False)):
            color, marker = _COLORS[number], _MARKERS[number]
            finite = rows[rows["nu_max"] > 0].sort_values("nu_max")
            whole = rows[rows["nu_max"] == 0]["test_error"].item() / KCAL_PER_MOL
            name = f"{dataset}, {str(rows['measure'].iloc[0]).upper()}"
            sums.plot(
                finite["nu_max"], finite["relative"], color=color, marker=marker, label=str(dataset)
            )
            found = finite["test_error"] / KCAL_PER_MOL
            model.plot(finite["nu_max"], found, color=color, marker=marker, label=name)
            model.axhline(whole, color=color, linestyle="--", linewidth=0.8)
        sums.set_yscale("log")
        sums.set_ylabel("difference from exp(α S) / its size")
        model.set_ylabel("test error (kcal/mol)")
        model.set_ylim(bottom=0.0)
        for axis in (sums, model):
            axis.set_xlabel("largest ν")
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))
            axis.legend()
    return figure
