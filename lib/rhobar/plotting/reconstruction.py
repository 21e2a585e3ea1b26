"""How much of each feature space is in each other one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame

_MEASURES = {"gfre": "reconstruction error, GFRE", "gfrd": "distortion, GFRD"}


def reconstruction_maps(errors: DataFrame) -> Figure:
    """
    Global reconstruction error and distortion of every ordered pair of feature spaces.

    Rows are the spaces that reconstruct, columns those that are reconstructed: a light row holds
    what the others hold, a light column is held by the others.

    :param errors: one row per ordered pair, columns ``source``, ``target``, ``gfre`` and ``gfrd``
    """
    names = list(dict.fromkeys(errors["source"]))
    size = len(names)
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 1.5 + 0.23 * size)
        axes = figure.subplots(1, 2, sharey=True)
        for axis, (measure, title) in zip(axes, _MEASURES.items(), strict=True):
            table = errors.pivot_table(index="source", columns="target", values=measure)
            values = table.loc[names, names].to_numpy()
            image = _draw_map(axis, values)
            axis.set_title(title)
            axis.set_xticks(range(size), names, rotation=50, ha="right", rotation_mode="anchor")
            axis.set_xlabel("reconstructed space")
        axes[0].set_yticks(range(size), names)
        axes[0].set_ylabel("from space")
        bar = figure.colorbar(image, ax=axes, shrink=0.75, pad=0.015)
        bar.set_label("of the target's spread")
        bar.outline.set_visible(False)
    return figure


def _draw_map(axis: Axes, values: NDArray[np.float64]) -> AxesImage:
    """Coloured cells with their values."""
    axis.grid(visible=False)
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
    image = axis.imshow(values, cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        axis.text(
            column,
            row,
            _two_digits(value),
            ha="center",
            va="center",
            fontsize=5.5,
            color="white" if value > 0.55 else "black",
        )
    return image


def _two_digits(value: float) -> str:
    """Two decimals, and a plain 0 where the value is one to rounding."""
    if value < 1e-6:
        return "0"
    return f"{value:.2f}".removeprefix("0") if value >= 0.005 else "<.01"
