"""Figures of degenerate pairs show what their numbers say."""

from __future__ import annotations

from pathlib import Path

import ase
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from rhobar.counterexamples import RingOrTriangles, presets, sampled_catalogue
from rhobar.plotting import color_classes, pair_gallery, periodic_pairs, save_figure
from rhobar.plotting._structures import _bonds, _projected


@pytest.fixture(scope="module")
def frames() -> list[ase.Atoms]:
    """The catalogue without draws, as frames with their entry."""
    found = []
    for pair in sampled_catalogue(n_pairs=0):
        for member in pair.family.pair():
            member.info["entry"] = pair.entry
            found.append(member)
    return found


def test_gallery_has_two_pictures_per_entry(frames: list[ase.Atoms], tmp_path: Path) -> None:
    figure = pair_gallery(frames)
    assert len(figure.axes) == 24
    titles = [panel.get_suptitle() for panel in figure.subfigs]
    assert "methane manifold (ν = 2)\nequal triangles at the center" in titles
    assert "three planes, two waters\nequal messages along distances" in titles
    save_figure(figure, tmp_path / "gallery.png")
    pixels = np.asarray(Image.open(tmp_path / "gallery.png").convert("RGB"))
    assert 0.05 < (pixels.min(axis=2) < 200).mean() < 0.5  # balls and sticks on white


def test_bonds_are_those_of_chemistry(frames: list[ase.Atoms]) -> None:
    counts = {atoms.info["entry"]: len(_bonds(atoms)) for atoms in frames}
    assert counts["mx6"] == 6
    assert counts["env2b"] == 2
    assert counts["prism20"] == 30 + 20
    assert counts["benzene_stack"] == 6 + 6


def test_the_eye_looks_along_its_direction() -> None:
    flat, depth = _projected(np.eye(3), azimuth=0.0, elevation=0.0)
    np.testing.assert_allclose(depth, [1.0, 0.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(flat, [[0, 0], [1, 0], [0, 1]], atol=1e-12)


def colored() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Two members of three atoms: one color at a corner, another at both ends."""
    atoms, edges = [], []
    for member in (0, 1):
        for atom, (x, color) in enumerate([(0.0, 0), (1.0, 1), (-1.0, 1)]):
            atoms.append(
                {"member": member, "number": 6, "x": x, "y": 0.0, "z": 0.0, "color": color}
            )
            for other, (place, neighbor) in enumerate([(0.0, 0), (1.0, 1), (-1.0, 1)]):
                if other != atom:
                    row = {"member": member, "atom": atom, "color": color}
                    distance = abs(x - place)
                    edges.append({**row, "neighbor_color": neighbor, "distance": distance})
    angles = [
        {"member": member, "color": color, "angle": 60.0 + 30.0 * member}
        for member in (0, 1)
        for color in (0, 1)
    ]
    return pd.DataFrame(atoms), pd.DataFrame(edges), pd.DataFrame(angles)


def cells(figure: object) -> list[str]:
    (table,) = (axis.tables[0] for axis in figure.axes if axis.tables)  # type: ignore[attr-defined]
    return [
        cell.get_text().get_text()
        for (row, column), cell in sorted(table.get_celld().items())
        if row > 0 and column >= 0
    ]


def test_table_of_distances_by_color() -> None:
    assert cells(color_classes(*colored())) == ["", "1.000, 1.000", "1.000", "2.000"]


def test_distances_that_differ_are_called_so() -> None:
    atoms, edges, angles = colored()
    edges.loc[edges["member"] == 1, "distance"] *= 1.1
    assert cells(color_classes(atoms, edges, angles)) == ["", "differ", "differ", "differ"]


def test_verdicts_are_markers(frames: list[ase.Atoms]) -> None:
    rows = [
        {
            "entry": entry,
            "sheared": sheared,
            "cutoff": cutoff,
            "difference": 0.1 / cutoff,
            "equal_by_distances": not (sheared and cutoff > 3.0),
        }
        for entry, sheared in (
            ("c6_chain", False),
            ("c6_slab", False),
            ("c6_bulk", False),
            ("c6_bulk", True),
        )
        for cutoff in (2.0, 4.0)
    ]
    figure = periodic_pairs(pd.DataFrame(rows), frames)
    chain, _, bulk = figure.axes[:3]
    crosses = [line for line in bulk.get_lines() if line.get_marker() == "X"]
    assert [line.get_xdata().tolist() for line in crosses] == [[4.0]]
    assert not [line for line in chain.get_lines() if line.get_marker() == "X"]


def test_hydrogens_are_never_bonded() -> None:
    for member in RingOrTriangles().pair():
        hydrogens = set(np.flatnonzero(member.numbers == 1).tolist())
        assert not any({first, second} <= hydrogens for first, second in _bonds(member))
    assert len(_bonds(presets()["water_dimer"].structure(-1))) == 4
