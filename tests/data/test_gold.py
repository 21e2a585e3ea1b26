"""Clusters of gold from a file that a user brings along."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rhobar.data import catalogue, read_source

LINE = "Au {x:.3f} 0.0 0.0\n"


def written(path: Path, comment: str, element: str = "Au") -> Path:
    text = "".join(
        f"2\nProperties=species:S:1:pos:R:3 {comment}\n{LINE.format(x=0.0)}{LINE.format(x=x)}"
        for x in (2.5, 2.75)
    )
    path.write_text(text.replace("Au", element))
    return path


def test_clusters_have_the_free_energy_of_their_comment(tmp_path: Path) -> None:
    path = written(tmp_path / "gold.xyz", '"elec. Free Energy [eV]"=-70.5')
    data = read_source(catalogue()["gold"], {"path": path})
    assert data.targets["energy"].tolist() == [-70.5, -70.5]
    assert [frame.get_chemical_formula() for frame in data.frames] == ["Au2", "Au2"]
    np.testing.assert_allclose(data.frames[1].get_distance(0, 1), 2.75)


@pytest.mark.parametrize(
    ("comment", "element", "message"),
    [
        ("energy=-70.5", "Au", "structure 0 has no finite 'elec. Free Energy"),
        ('"elec. Free Energy [eV]"=-70.5', "Ag", "structure 0 holds other atoms than gold"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, comment: str, element: str, message: str) -> None:
    path = written(tmp_path / "gold.xyz", comment, element)
    with pytest.raises(ValueError, match=message):
        read_source(catalogue()["gold"], {"path": path})
