"""Predicted energies of degenerate pairs of B8 clusters, and of the differences within pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from rhobar.plotting._boron_models import boron_model
from rhobar.plotting._numbers import three_decimals
from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame

# of the planar wheel, the relaxed minimum: Nigam, Pozdnyakov, Huguenin-Dumittan, Ceriotti,
# APL Mach. Learn. 2, 016110 (2024), doi:10.1063/5.0160740
MINIMUM = -198.27291671238572 * 27.211386245988  # eV
WINDOW = (6.0, 12.0)  # eV above the minimum, as in figure 4 there


def boron_energies(predictions: DataFrame) -> Figure:
    """
    Test pairs: one panel of energies for each of two models, and one of differences.

    The members of a pair are joined by a line, which is level where a model cannot tell them apart,
    and has the slope of the diagonal where it is right. Energies are counted from the minimum.

    :param predictions: one row per structure and model, columns ``model``, ``part``,
        ``structure``, ``reference`` and ``predicted`` (eV); structures 2k and 2k + 1 are a pair
    """
    chosen = predictions[predictions["part"] == "test"].sort_values(["model", "structure"])
    pairs = {
        name: rows[["reference", "predicted"]].to_numpy().reshape(-1, 2, 2)
        for name, rows in chosen.groupby("model")
    }
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 2.7)
        left, middle, right = figure.subplots(1, 3)
        for axis, name in ((left, "D_NL"), (middle, "B_NL")):
            _draw_pairs(axis, name, pairs[name] - MINIMUM)
        for name in ("D_NL", "B_NL", "B_NL_delta"):
            _draw_differences(right, name, pairs[name][:, 0] - pairs[name][:, 1])
        low, high = right.get_xlim()
        reach = 1.3 * max(-low, high)  # room for the legend
        right.plot([-reach, reach], [-reach, reach], color="black", linewidth=0.7, zorder=0)
        right.set_xlim(-reach, reach)
        right.set_ylim(-reach, reach)
        right.set_xlabel("difference within the pair (eV)")
        right.set_ylabel("predicted difference (eV)")
        right.set_title("differences of all test pairs")
        right.legend(
            title="relative error",
            alignment="left",
            title_fontsize=6.5,
            fontsize=6.5,
            loc="upper left",
            handletextpad=0.0,
            borderaxespad=0.0,
        )
    return figure


def _draw_pairs(axis: Axes, name: str, pairs: np.ndarray) -> None:
    """Points of one model joined pair by pair; ``(pair, member, (reference, predicted))``."""
    style = boron_model(name)
    seen = pairs[((pairs[:, :, 0] > WINDOW[0]) & (pairs[:, :, 0] < WINDOW[1])).all(axis=1)]
    axis.plot(WINDOW, WINDOW, color="black", linewidth=0.7, zorder=0)
    axis.add_collection(LineCollection(list(seen), colors=style.color, linewidths=0.9))
    x, y = seen.reshape(-1, 2).T
    axis.scatter(x, y, s=6, color=style.color, marker=style.marker, linewidths=0)
    axis.set_xlim(*WINDOW)
    axis.set_ylim(*WINDOW)
    axis.set_title(f"{style.label}: {len(seen)} test pairs")
    axis.set_xlabel("energy above the minimum (eV)")
    axis.set_ylabel("predicted (eV)")


def _draw_differences(axis: Axes, name: str, differences: np.ndarray) -> None:
    """Differences of one model, ``(pair, (reference, predicted))``."""
    style = boron_model(name)
    errors = differences[:, 1] - differences[:, 0]
    size = np.sqrt(np.square(differences[:, 0]).mean())
    relative = three_decimals(float(np.sqrt(np.square(errors).mean()) / size))
    axis.scatter(
        differences[:, 0],
        differences[:, 1],
        s=8,
        color=style.color,
        marker=style.marker,
        linewidths=0,
        alpha=0.7,
        label=f"{style.label}: {relative}",
    )
