"""Periodic pairs: what distances and angles see of them within a cutoff."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import ase
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rhobar.plotting._structures import draw_structure, extent
from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame

_TITLES = {"c6_chain": "chain", "c6_slab": "slab", "c6_bulk": "bulk"}
_VIEWS = {"c6_chain": (70.0, 20.0), "c6_slab": (65.0, 50.0), "c6_bulk": (65.0, 20.0)}
_REPEATS = {"c6_chain": 3, "c6_slab": 3, "c6_bulk": 2}
_VERDICTS = {
    True: ("o", "#0072B2", "equal by distances"),
    False: ("X", "#D55E00", "told apart by distances"),
}


def periodic_pairs(points: DataFrame, frames: Sequence[ase.Atoms]) -> Figure:
    """
    Difference between the members of periodic pairs against the cutoff, with the verdict of 1-WL.

    Above, both members of each pair. Below, the distance between their power spectra (ν = 2) over
    its length; the marker tells whether messages along distances find a difference at that cutoff.
    A sheared cell, where the degeneracy is lifted, is the control.

    :param points: one row per pair and cutoff, columns ``entry``, ``sheared``, ``cutoff`` (Å),
        ``difference`` and ``equal_by_distances``
    :param frames: a catalogue that holds the pairs
    """
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 4.0)
        above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=[0.8, 1.0])[:, 0]
        panels = above.subfigures(1, len(_TITLES), squeeze=False)[0]
        axes = below.subplots(1, len(_TITLES), sharex=True, sharey=True, squeeze=False)[0]
        for panel, axis, (entry, title) in zip(panels, axes, _TITLES.items(), strict=True):
            members = [atoms for atoms in frames if atoms.info["entry"] == entry][:2]
            panel.suptitle(title)
            repeated = [
                atoms.repeat([_REPEATS[entry] if periodic else 1 for periodic in atoms.pbc])
                for atoms in members
            ]
            box = 0.9 * max(map(extent, repeated))
            for picture, atoms in zip(panel.subplots(1, 2), repeated, strict=True):
                azimuth, elevation = _VIEWS[entry]
                draw_structure(picture, atoms, azimuth=azimuth, elevation=elevation, box=box)
            seen = points[(points["entry"] == entry) & (points["difference"] > 0)]
            for sheared, rows in seen.groupby("sheared"):
                style = (0, (2, 1)) if sheared else "-"
                axis.plot(rows["cutoff"], rows["difference"], color="#777777", linestyle=style)
                for verdict, chosen in rows.groupby("equal_by_distances"):
                    marker, color, _ = _VERDICTS[bool(verdict)]
                    axis.plot(
                        chosen["cutoff"],
                        chosen["difference"],
                        color=color,
                        marker=marker,
                        linestyle="none",
                    )
            axis.set_yscale("log")
            axis.set_xlabel("cutoff (Å)")
        axes[0].set_ylabel("difference at ν = 2\nof the members, relative")
        handles = _legend(sheared=bool(points["sheared"].any()))
        figure.legend(handles=handles, loc="outside lower center", ncols=3)
        axes[0].set_ylim(top=3.0 * float(np.max(points["difference"])))
    return figure


def _legend(*, sheared: bool) -> list[Line2D]:
    handles = [
        Line2D([], [], color=color, marker=marker, linestyle="none", label=label)
        for marker, color, label in _VERDICTS.values()
    ]
    if sheared:
        handles.append(
            Line2D([], [], color="#777777", linestyle=(0, (2, 1)), label="the bulk, sheared")
        )
    return handles
