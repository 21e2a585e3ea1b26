"""What each representation learns of methane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame

_STYLES = {
    "linear_nu1": ("ν = 1, linear", "#E69F00", "v", "--"),
    "linear_nu2": ("ν ≤ 2, linear", "#56B4E9", "o", "--"),
    "linear_nu3": ("ν ≤ 3, linear", "#009E73", "P", "--"),
    "smooth_nu1": ("ν = 1, smooth", "#E69F00", "v", "-"),
    "smooth_nu2": ("ν ≤ 2, smooth", "#56B4E9", "o", "-"),
    "smooth_nu3": ("ν ≤ 3, smooth", "#009E73", "P", "-"),
    "smooth_nu2_all": ("ν ≤ 2, smooth, all atoms", "#0072B2", "s", "-"),
    "triplets": ("network on triplets", "#D55E00", "^", "-"),
    "distances": ("network of distances", "#777777", "X", "-"),
    "angles": ("network with angles", "#000000", "D", "-"),
}
_ON_SHEETS = ("smooth_nu2", "smooth_nu3", "triplets", "distances")


def methane_learning(errors: DataFrame, curves: DataFrame) -> Figure:
    """
    Test errors of random methane against training structures, and energies along two sheets.

    Left, the mean over seeds with their standard deviation. Right, what models of the largest
    training set predict along both sheets of the methane manifold, from their crossing.

    :param errors: one row per model, seed and training size, columns ``model``, ``seed``,
        ``n_train``, ``rmse`` and ``deviation`` of the test energies (eV)
    :param curves: one row per model and place, columns ``model``, ``v`` (Å, of either sign) and
        ``energy`` (eV)
    """
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 3.3)
        left, right = figure.subplots(1, 2, width_ratios=[1.25, 1.0])
        _draw_errors(left, errors)
        for model in _ON_SHEETS:
            rows = curves[curves["model"] == model].sort_values("v")
            label, color, _, line = _STYLES[model]
            crossing = rows.loc[rows["v"].abs().idxmin(), "energy"] if len(rows) else 0.0
            right.plot(
                rows["v"], rows["energy"] - crossing, color=color, linestyle=line, label=label
            )
        right.axvline(0.0, color="#BBBBBB", linewidth=0.8, zorder=0)
        right.set_xlabel("y of the separating hydrogen (Å)")
        right.set_ylabel("predicted energy, from the crossing (eV)")
        figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


def _draw_errors(axis: Axes, errors: DataFrame) -> None:
    for model, (label, color, marker, line) in _STYLES.items():
        found = errors[errors["model"] == model]
        relative = found["rmse"] / found["deviation"]
        table = relative.groupby(found["n_train"]).agg(["mean", "std"])
        axis.errorbar(
            table.index,
            table["mean"],
            yerr=table["std"].fillna(0.0),
            label=label,
            color=color,
            marker=marker,
            linestyle=line,
            markersize=3.5,
        )
    sizes = sorted(set(errors["n_train"]))
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xticks(sizes, [str(size) for size in sizes])
    axis.xaxis.set_minor_locator(NullLocator())
    axis.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.yaxis.set_minor_formatter(NullFormatter())
    axis.set_xlabel("training structures")
    axis.set_ylabel("RMSE / standard deviation")
