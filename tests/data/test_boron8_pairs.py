"""The published pairs of B8 clusters, from a stand-in and from the mirror."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from rhobar.counterexamples import sample_boron8
from rhobar.data import catalogue, fetch, read_boron8, read_source


def pairs(n_pairs: int = 3) -> np.ndarray:
    """``(structure, atom, 3)``, rounded as in the published file."""
    found = sample_boron8(np.random.default_rng(1), n_pairs).reshape(-1, 8, 3)
    return np.round(found, 8)


def written(path: Path, positions: np.ndarray, energy: float = -5380.5) -> Path:
    """Extended xyz in the layout of the published file."""
    lines = []
    for index, structure in enumerate(positions):
        lines += [
            f"{len(structure)}",
            f"Properties=species:S:1:pos:R:3 frame={index} energy={energy - index}",
        ]
        lines += ["B" + "".join(f" {x:16.8f}" for x in place) for place in structure]
    with gzip.open(path, "wt") as stream:
        stream.write("\n".join(lines) + "\n")
    return path


def test_positions_and_energies(tmp_path: Path) -> None:
    found = read_boron8(written(tmp_path / "b8.xyz.gz", pairs()))
    assert found.targets["energy"].tolist() == [-5380.5 - k for k in range(6)]
    assert np.array([frame.positions for frame in found.frames]).tolist() == pairs().tolist()


def test_structures_that_are_no_pair_are_refused(tmp_path: Path) -> None:
    positions = pairs()
    positions[3, 4, 0] += 1e-6
    with pytest.raises(ValueError, match="structures 2 and 3 are no pair"):
        read_boron8(written(tmp_path / "b8.xyz.gz", positions))
    with pytest.raises(ValueError, match="holds 5 structures, which are no pairs"):
        read_boron8(written(tmp_path / "b8.xyz.gz", pairs()[:5]))


def test_energies_in_hartree_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"structure 0 has an energy of -197\.7; B8 has -5400"):
        read_boron8(written(tmp_path / "b8.xyz.gz", pairs(), energy=-197.7))


def test_other_molecules_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="structure 0 is B7 with an energy; expected eight B"):
        read_boron8(written(tmp_path / "b8.xyz.gz", pairs()[:, :7]))


@pytest.mark.mirror
def test_the_published_set(mirror: Path, tmp_path: Path) -> None:
    source = catalogue()["boron8"]
    found = read_source(source, fetch(source, tmp_path, mirror=mirror))
    energies = found.targets["energy"].reshape(-1, 2)
    differences = energies[:, 0] - energies[:, 1]
    assert len(found) == 4000
    assert np.sqrt(np.mean(differences**2)) == pytest.approx(0.2507, abs=1e-4)
    assert np.abs(differences).max() == pytest.approx(1.50, abs=5e-3)
    assert energies.std() == pytest.approx(3.92, abs=5e-3)
