"""Distances between B8 clusters in features that may be blind to pairs of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame

_REPRESENTATIONS = {
    "order3": "ν ≤ 3",
    "linear": "triplets, linear encoder",
    "nonlinear": "triplets, nonlinear encoder",
}
# colour, marker and size of each kind of pair, in the order in which they are drawn
_KINDS = {
    "other": ("#BBBBBB", ".", 6, "two clusters"),
    "symmetric": ("#56B4E9", "v", 9, "pair, equal noise"),
    "asymmetric": ("#009E73", "^", 9, "pair, independent noise"),
    "degenerate": ("#D55E00", "o", 12, "degenerate pair"),
}
_ZERO = 1e-8  # of the length of a feature vector: rounding


def boron_distances(distances: DataFrame) -> Figure:
    """
    One panel per representation: its distances against those of correlations up to ν = 7.

    Distances that are rounding alone are drawn at 1e-8, the lower edge.

    :param distances: one row per pair of structures and representation, columns
        ``representation``, ``kind``, ``reference`` and ``distance`` (over the length of features)
    """
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 2.7)
        axes = figure.subplots(1, len(_REPRESENTATIONS), sharex=True, sharey=True)
        for axis, (name, title) in zip(axes, _REPRESENTATIONS.items(), strict=True):
            _draw(axis, distances[distances["representation"] == name])
            axis.set_title(title)
            axis.set_xlabel("distance in ν ≤ 7")
        axes[0].set_ylabel("distance in the representation")
        axes[0].set_ylim(bottom=0.5 * _ZERO)
        axes[0].set_xlim(left=0.5 * max(float(distances["reference"].min()), _ZERO))
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


def _draw(axis: Axes, rows: DataFrame) -> None:
    for kind, (color, marker, size, label) in _KINDS.items():
        chosen = rows[rows["kind"] == kind]
        axis.scatter(
            chosen["reference"].clip(lower=_ZERO),
            chosen["distance"].clip(lower=_ZERO),
            s=size,
            color=color,
            marker=marker,
            linewidths=0,
            label=label,
        )
    axis.set_xscale("log")
    axis.set_yscale("log")
    ends = [_ZERO, float(rows["reference"].max())]
    axis.plot(ends, ends, color="black", linewidth=0.7, zorder=0)
