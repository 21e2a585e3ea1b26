"""One pair in the eyes of messages along distances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ase
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from rhobar.plotting._structures import draw_structure, extent
from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame

_COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
_LETTERS = "ABCDEF"
_AZIMUTH, _ELEVATION = 60.0, 28.0  # degrees


def color_classes(atoms: DataFrame, edges: DataFrame, angles: DataFrame) -> Figure:
    """
    Stable colors of two structures, the distances between them, and the angles they leave open.

    Above, both members by color; each color's letter is the row of the table beside them, which
    lists the distances from an atom of that color to all atoms of another one: the same for both
    members and for each atom of the color. Below, the angles at the atoms of each color, which
    differ.

    :param atoms: one row per atom, columns ``member`` (0 or 1), ``number`` (atomic), ``x``, ``y``,
        ``z`` (Å) and ``color`` (from 0)
    :param edges: one row per ordered pair of atoms, columns ``member``, ``atom``, ``color``,
        ``neighbor_color`` and ``distance`` (Å)
    :param angles: one row per two neighbors of an atom, columns ``member``, ``color`` and ``angle``
        (degrees)
    """
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 4.6)
        above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=[1.25, 1.0])[:, 0]
        first, second, table = above.subplots(1, 3, width_ratios=[1.0, 1.0, 1.9])
        members = dict(list(atoms.groupby("member")))
        pictures = {member: _picture(rows) for member, rows in members.items()}
        box = max(map(extent, pictures.values()))
        for axis, (member, picture) in zip((first, second), pictures.items(), strict=True):
            colors = [_COLORS[color] for color in members[member]["color"]]
            draw_structure(
                axis, picture, azimuth=_AZIMUTH, elevation=_ELEVATION, colors=colors, box=box
            )
            axis.set_title(f"member {member}")
        _distance_table(table, edges)
        colors_seen = sorted(set(angles["color"]))
        axes = below.subplots(1, len(colors_seen), sharey=True, squeeze=False)[0]
        for axis, color in zip(axes, colors_seen, strict=True):
            _angle_lines(axis, angles[angles["color"] == color], color)
        axes[0].set_ylabel("number of angles\nmember 1          member 0")
    return figure


def _picture(rows: DataFrame) -> ase.Atoms:
    return ase.Atoms(rows["number"].to_numpy(), rows[["x", "y", "z"]].to_numpy())


def _distance_table(axis: Axes, edges: DataFrame) -> None:
    """Text of each color's distances; a cell that is not the same everywhere says so."""
    colors = sorted(set(edges["color"]))
    axis.axis("off")
    cells = [[_cell(edges, color, other) for other in colors] for color in colors]
    table = axis.table(
        cells,
        rowLabels=[_LETTERS[color] for color in colors],
        colLabels=[f"to {_LETTERS[color]}" for color in colors],
        rowColours=[_COLORS[color] for color in colors],
        colColours=[_COLORS[color] for color in colors],
        cellLoc="center",
        bbox=Bbox.from_bounds(0.06, 0.12, 0.94, 0.78),
    )
    table.auto_set_font_size(False)
    table.set_fontsize(7)
    for (row, column), cell in table.get_celld().items():
        cell.set_linewidth(0.5)
        cell.set_edgecolor("#BBBBBB")
        if row == 0 or column == -1:
            cell.set_text_props(color="white", weight="bold")
    axis.set_title("distances from an atom of the row (Å)")


def _cell(edges: DataFrame, color: int, other: int) -> str:
    rows = edges[(edges["color"] == color) & (edges["neighbor_color"] == other)]
    lists = [np.sort(found["distance"].to_numpy()) for _, found in rows.groupby(["member", "atom"])]
    if any(len(one) != len(lists[0]) or np.abs(one - lists[0]).max() > 1e-6 for one in lists):
        return "differ"
    return ", ".join(f"{distance:.3f}" for distance in lists[0]) if lists else ""


def _angle_lines(axis: Axes, rows: DataFrame, color: int) -> None:
    """Angles of each member as lines, up and down."""
    for member, direction in ((0, 1.0), (1, -1.0)):
        angles = np.sort(rows[rows["member"] == member]["angle"].to_numpy())
        values, counts = np.unique(angles.round(3), return_counts=True)
        axis.vlines(
            values,
            0.0,
            direction * counts,
            color=_COLORS[color],
            linestyle="-" if member == 0 else (0, (2, 1)),
            linewidth=1.6,
        )
    axis.axhline(0.0, color="black", linewidth=0.7)
    axis.set_xlim(0.0, 182.0)
    axis.set_xticks([0, 45, 90, 135, 180])
    axis.yaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    axis.set_xlabel(f"angle at {_LETTERS[color]} (degrees)")
