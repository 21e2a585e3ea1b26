"""The published orbit of methane: a stand-in, what is refused, and the file of the mirror."""

from pathlib import Path

import ase.io
import numpy as np
import pytest

from rhobar.counterexamples import singular_methane
from rhobar.data import (
    catalogue,
    fetch,
    load_prepared,
    read_methane_orbit,
    read_source,
    save_prepared,
)


def frames(n: int = 4) -> list[ase.Atoms]:
    return [singular_methane(lift=0.01 * k) for k in range(n)]


def test_structures_and_their_order(tmp_path: Path) -> None:
    ase.io.write(tmp_path / "orbit.xyz", frames(), format="xyz", comment="free")
    found = read_methane_orbit(tmp_path / "orbit.xyz")
    assert found.targets == {}
    for one, expected in zip(found.frames, frames(), strict=True):
        assert one.symbols.get_chemical_formula("reduce") == "CH4"
        np.testing.assert_allclose(one.positions, expected.positions, atol=1e-12)


def test_refusals(tmp_path: Path) -> None:
    path = tmp_path / "orbit.xyz"
    whole = frames()
    other = [*whole[:2], ase.Atoms("HCH3", whole[2].positions)]
    for changed, message in (
        (other, "structure 2 is HCH3, not C and four H"),
        ([whole[0], whole[3]], r"structures 0 and 1 are 0.03 Å apart, which is no path"),
        (whole[:1], "holds 1 structures"),
    ):
        ase.io.write(path, changed, format="xyz")
        with pytest.raises(ValueError, match=message):
            read_methane_orbit(path)
    path.write_text(path.read_text()[:100])
    with pytest.raises(ValueError, match="is no xyz file, or is cut off"):
        read_methane_orbit(path)


@pytest.mark.mirror
def test_the_published_orbit(mirror: Path, tmp_path: Path) -> None:
    source = catalogue()["methane-orbit"]
    found = read_source(source, fetch(source, tmp_path, mirror=mirror))
    assert len(found) == 80
    save_prepared(found, tmp_path / "prepared.npz")
    loaded = load_prepared(tmp_path / "prepared.npz").frames
    distances = np.array([one.get_distances(0, [1, 2, 3, 4]) for one in loaded])
    np.testing.assert_allclose(distances[0], 1.09, atol=1e-4)
    assert np.ptp(distances) > 0.005  # Å
