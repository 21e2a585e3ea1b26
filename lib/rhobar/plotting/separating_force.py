"""What models make of a force that two neighbors cannot give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from rhobar.plotting._models import model_style
from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame

_LABELS = {"nu2": "fit to ν = 2", "nu3": "fit to ν = 3", "triplets": "fit to triplets"}


def separating_force(forces: DataFrame) -> Figure:
    """
    Energy and force along the y of the hydrogen that separates the sheets of the manifold.

    Left the energy, right the force on that hydrogen: exact, and of smooth fits to the features of
    each model. A function of two neighbors (ν = 2) is even in y and has no force at y = 0.

    :param forces: one row per model and place, columns ``model`` (``exact`` among them), ``y`` (Å),
        ``energy`` (no unit) and ``force`` (1/Å)
    """
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 2.7)
        axes = figure.subplots(1, 2)
        for axis, column, label in zip(
            axes, ("energy", "force"), ("four-body energy", "force along y (1/Å)"), strict=True
        ):
            axis.axvline(0.0, color="#BBBBBB", linewidth=0.8)
            exact = forces[forces["model"] == "exact"]
            axis.plot(exact["y"], exact[column], color="black", linewidth=2.6, label="exact")
            for model, name in _LABELS.items():
                rows = forces[forces["model"] == model]
                style = model_style(model)
                axis.plot(
                    rows["y"],
                    rows[column],
                    color=style.color,
                    marker=style.marker,
                    markersize=3,
                    markevery=3,
                    linewidth=1.0,
                    label=name,
                )
            axis.set_xlabel("y of the separating hydrogen (Å)")
            axis.set_ylabel(label)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure
