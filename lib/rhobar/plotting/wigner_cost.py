"""Time of Wigner kernels against the orders and the number of channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame

_ENGINES = {
    "cg": ("truncated at λ = l_max", "#0072B2", "o"),
    "grid": ("exact", "#D55E00", "^"),
    "overlaps": ("overlaps (ν = 1) alone", "#777777", "s"),
}
_VARIED = {
    "nu_max": "largest ν",
    "l_max": "l_max",
    "n_channels": "channels",
}


def wigner_cost(times: DataFrame) -> Figure:
    """
    Time of one pair of environments on one thread, one panel for each number that is varied.

    A channel is a neighbor type and a radial function.

    :param times: one row per measurement, columns ``engine``, ``varied`` (``nu_max``, ``l_max`` or
        ``n_channels``), its ``value``, and ``microseconds`` for a pair
    """
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 2.7)
        axes = figure.subplots(1, 3)
        for axis, (varied, label) in zip(axes, _VARIED.items(), strict=True):
            rows = times[times["varied"] == varied]
            for engine, (name, color, marker) in _ENGINES.items():
                line = rows[rows["engine"] == engine].sort_values("value")
                if len(line):
                    axis.plot(
                        line["value"], line["microseconds"], label=name, color=color, marker=marker
                    )
            axis.set_xlabel(label)
            values = sorted(set(rows["value"]))
            if varied == "n_channels":
                axis.set_xscale("log")
                axis.xaxis.set_minor_locator(NullLocator())
            axis.set_xticks(values, [str(value) for value in values])
            if varied == "l_max":
                axis.set_yscale("log")
            else:
                axis.set_ylim(bottom=0.0)
        axes[0].set_ylabel("µs per pair")
        handles, labels = axes[2].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=3)
    return figure
