"""Which models see which differences."""

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

_LEAST, _LARGEST = 1e-10, 1.0  # of d; below is rounding
_MARKS = {
    "blind": "blind",
    "weak": "weak",
    "ambiguous": "?",
    "wrong": "wrong",
    "none": "none",
    "equal": "equal",
}


def audit_matrix(cells: DataFrame) -> Figure:
    """
    Distances of degenerate pairs in the features of models, a row each.

    Dark where the pair that is seen least is far apart, light where it is degenerate, which is
    written out: blind. Numbers are log10 d.

    :param cells: one row per model and family, columns ``model``, ``family``, ``distance`` (d of
        the pair that is seen least) and ``verdict``
    """
    models, families = (list(dict.fromkeys(cells[name])) for name in ("model", "family"))
    tables = {
        name: cells.pivot_table(index="model", columns="family", values=name, aggfunc="first")
        .reindex(index=models, columns=families)
        .to_numpy()
        for name in ("distance", "verdict")
    }
    logarithms = np.log10(np.clip(tables["distance"].astype(float), _LEAST, _LARGEST))
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 1.25 + 0.27 * len(models))
        axis = figure.subplots()
        image = _draw(axis, logarithms, tables["verdict"])
        axis.set_xticks(
            range(len(families)), families, rotation=45, ha="right", rotation_mode="anchor"
        )
        axis.set_yticks(range(len(models)), models)
        bar = figure.colorbar(image, ax=axis, pad=0.01, aspect=12)
        bar.set_label("log$_{10}$ d, the pair seen least")
        bar.outline.set_visible(False)
    return figure


def _draw(axis: Axes, logarithms: NDArray[np.float64], verdicts: NDArray[np.object_]) -> AxesImage:
    """Coloured cells with what they say."""
    axis.grid(visible=False)
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
    image = axis.imshow(
        logarithms, cmap="Blues", vmin=np.log10(_LEAST), vmax=np.log10(_LARGEST), aspect="auto"
    )
    for (row, column), verdict in np.ndenumerate(verdicts):
        value = logarithms[row, column]
        text = _MARKS.get(str(verdict), f"{value + 0.0:.1f}".replace("-0.0", "0.0"))
        color = "white" if value > -4.0 else "black"
        axis.text(column, row, text, ha="center", va="center", fontsize=5.5, color=color)
    return image
