"""What one energy for both members of a pair costs where the pair looks like chemistry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame


def preset_energies(values: DataFrame) -> Figure:
    """
    Least errors of a network of distances, by preset: left of the energy, right of the forces.

    These are half the difference between both members; of forces, the root of its mean square.

    :param values: one row per preset, potential and quantity, columns ``preset``, ``potential``,
        ``quantity`` (``energy``, or a parameter), ``first`` and ``second`` (eV, eV/Å)
    """
    names = list(dict.fromkeys(values["preset"]))
    energy = values["quantity"] == "energy"
    panels = {
        "least error of energies (eV)": values[energy],
        "least error of forces along parameters (eV/Å)": values[~energy],
    }
    potentials = list(dict.fromkeys(values["potential"]))
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 2.6)
        axes = figure.subplots(1, 2, sharey=True)
        for axis, (label, rows) in zip(axes, panels.items(), strict=True):
            for marker, potential in zip("o^sD", potentials, strict=False):
                chosen = rows[rows["potential"] == potential]
                squares = (0.5 * (chosen["first"] - chosen["second"])) ** 2
                floors = np.sqrt(squares.groupby(chosen["preset"]).mean())[names]
                axis.plot(floors, range(len(names)), marker, label=potential)
            axis.set_xscale("log")
            axis.set_xlabel(label)
        axes[0].set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
        axes[0].invert_yaxis()
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure
