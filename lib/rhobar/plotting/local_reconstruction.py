"""What smooth maps between feature spaces miss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame

_MARKERS = "os^DvPX"


def local_reconstruction(errors: DataFrame) -> Figure:
    """
    Local reconstruction error of pairs of feature spaces against the number of points of a map.

    :param errors: one row per pair and number of points, columns ``source``, ``target``,
        ``n_local`` and ``lfre``
    """
    with figure_style():
        figure = new_figure(0.75 * PAGE_WIDTH, 2.6)
        axis = figure.subplots()
        pairs = list(dict.fromkeys(zip(errors["source"], errors["target"], strict=True)))
        for number, (source, target) in enumerate(pairs):
            chosen = (errors["source"] == source) & (errors["target"] == target)
            rows = errors[chosen].sort_values("n_local")
            axis.plot(
                rows["n_local"],
                rows["lfre"],
                label=f"{source} → {target}",
                marker=_MARKERS[number % len(_MARKERS)],
            )
        sizes = sorted(set(errors["n_local"]))
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_xticks(sizes, [str(size) for size in sizes])
        axis.xaxis.set_minor_locator(NullLocator())
        axis.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.yaxis.set_minor_formatter(NullFormatter())
        axis.set_xlabel("nearest training environments of each local map")
        axis.set_ylabel("LFRE, of the target's spread")
        figure.legend(loc="outside right center")
    return figure
