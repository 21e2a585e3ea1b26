"""Pictures of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ase
from matplotlib.figure import Figure

from rhobar.plotting._structures import draw_structure, extent
from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure


@dataclass(frozen=True)
class _View:
    """How an entry of the catalogue is called and looked at, angles in degrees."""

    title: str
    azimuth: float = 35.0
    elevation: float = 20.0


_VIEWS = {
    "bk_tetra": _View("distances of four atoms", 75.0, 25.0),
    "env2b": _View("one neighbor (ν = 1)", -90.0, 0.0),
    "env3b": _View("two neighbors (ν = 2)", 60.0, 15.0),
    "env4b_rings": _View("three neighbors (ν = 3)", 20.0, 25.0),
    "ch4_manifold": _View("methane manifold (ν = 2)", 15.0, 15.0),
    "mx6": _View("three axes, SF₆", 30.0, 25.0),
    "water_dimer": _View("three planes, two waters", 60.0, 30.0),
    "benzene_stack": _View("hexagon, benzene", 25.0, 35.0),
    "twograph": _View("equal angles, icosahedron", 20.0, 15.0),
    "polyhedra": _View("corners of a dodecahedron", 40.0, 25.0),
    "prism20": _View("bonds alone, C₂₀H₂₀", 20.0, 35.0),
    "c6_chain": _View("three planes, a chain", 70.0, 20.0),
}
_EQUAL = {
    "global-2b": "equal distances",
    "env-1": "equal distances from the center",
    "env-2": "equal triangles at the center",
    "env-3": "equal tetrahedra at the center",
    "wl1": "equal messages along distances",
    "wl1-discrete": "equal messages along bonds",
}
_COLUMNS = 3
_REPEATS = 3


def pair_gallery(frames: Sequence[ase.Atoms]) -> Figure:
    """
    Both members of one pair of each family, and what they have in common.

    :param frames: a catalogue as :func:`rhobar.counterexamples.write_catalogue` saves it: the first
        pair of each entry is shown, periodic ones repeated
    """
    shown = _first_pairs(frames)
    rows = -(-len(shown) // _COLUMNS)
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 1.72 * rows)
        panels = figure.subfigures(rows, _COLUMNS, squeeze=False)
        for panel, (entry, pair) in zip(panels.flat, shown.items(), strict=False):
            view = _VIEWS[entry]
            panel.suptitle(f"{view.title}\n{_EQUAL[pair[0].info['equal_for']]}", fontsize=7.5)
            members = [_repeated(atoms) for atoms in pair]
            box = max(map(extent, members))
            for axis, atoms in zip(panel.subplots(1, 2), members, strict=True):
                draw_structure(axis, atoms, azimuth=view.azimuth, elevation=view.elevation, box=box)
    return figure


def _first_pairs(frames: Sequence[ase.Atoms]) -> dict[str, list[ase.Atoms]]:
    """By entry, in the order of the views."""
    found: dict[str, list[ase.Atoms]] = {}
    for frame in frames:
        members = found.setdefault(frame.info["entry"], [])
        if len(members) < 2:
            members.append(frame)
    return {entry: found[entry] for entry in _VIEWS if entry in found}


def _repeated(atoms: ase.Atoms) -> ase.Atoms:
    return atoms.repeat([_REPEATS if periodic else 1 for periodic in atoms.pbc])
