"""How far apart networks of distances put structures that they cannot tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame

_KINDS = {
    "float64": ("both members, float64", "#0072B2", "o"),
    "float32": ("both members, float32", "#56B4E9", "s"),
    "displaced": ("one member and noise of 0.05 Å", "#777777", "^"),
    "angles": ("both members, atoms that know angles", "#D55E00", "D"),
}
_LEAST = 1e-17  # where exact equality is drawn


def network_differences(differences: DataFrame) -> Figure:
    """
    Relative difference of two energies, one row of points per family, a color per comparison.

    Differences of zero are drawn at the left end.

    :param differences: one row per pair, network and comparison, columns ``family``,
        ``comparison`` and ``difference``
    """
    families = list(dict.fromkeys(differences["family"]))
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 0.9 + 0.19 * len(families))
        axis = figure.subplots()
        for number, (kind, (label, color, marker)) in enumerate(_KINDS.items()):
            rows = differences[differences["comparison"] == kind]
            height = np.array([families.index(name) for name in rows["family"]])
            axis.plot(
                np.maximum(rows["difference"], _LEAST),
                height + 0.18 * (number - 1.5),
                linestyle="none",
                marker=marker,
                markersize=2.5,
                markeredgewidth=0,
                alpha=0.5,
                color=color,
                label=label,
            )
        axis.set_xscale("log")
        axis.set_xticks([_LEAST, *10.0 ** np.arange(-15, 2, 3)])
        axis.xaxis.set_major_formatter(_difference)
        axis.set_yticks(range(len(families)), [name.replace("_", " ") for name in families])
        axis.invert_yaxis()
        axis.set_xlabel(r"$|E_0 - E_1| \,/\, |E_0|$ of networks with random weights")
        handles, labels = axis.get_legend_handles_labels()
        legend = figure.legend(handles, labels, loc="outside upper center", ncols=2, markerscale=2)
        for handle in legend.legend_handles:
            if handle is not None:
                handle.set_alpha(1.0)
    return figure


def _difference(value: float, _: float) -> str:
    """Powers of ten, and zero where zero is drawn."""
    return "0" if value <= _LEAST else f"$10^{{{round(np.log10(value))}}}$"
