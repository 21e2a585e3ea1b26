"""The embedded sets as they are read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rhobar.data.embedded import load_embedded

RESOURCES = Path(__file__).parents[2] / "workflow" / "resources"


@pytest.mark.parametrize("name", ["methane", "minimol", "b8"])
def test_files_are_those_of_the_provenance(name: str) -> None:
    """Loading verifies the checksum; here the counts and the size."""
    entry = json.loads((RESOURCES / "provenance.json").read_text(encoding="utf-8"))["sets"][name]
    dataset = load_embedded(name, folder=RESOURCES)
    assert len(dataset) == entry["structures"]
    assert sum(dataset.dropped.values()) == sum(entry["dropped"].values())


def test_sizes() -> None:
    """At most 5 MB together, 3 MB for the molecules, half a MB for the boron clusters."""
    names = ("methane", "minimol", "b8")
    sizes = {name: (RESOURCES / f"{name}.npz").stat().st_size for name in names}
    assert sum(sizes.values()) <= 5_000_000
    assert sizes["b8"] <= 500_000
    assert sizes["minimol"] <= 3_000_000


def test_methane() -> None:
    methane = load_embedded("methane", folder=RESOURCES)
    assert sorted(methane.targets) == ["energy"]
    for frame in methane.frames:
        assert frame.get_chemical_formula() == "CH4"
        assert frame.symbols[0] == "C"
        assert not frame.positions[0].any()
        distances = frame.get_all_distances()
        assert distances[np.triu_indices(5, 1)].min() > 0.5
        assert distances[0].max() <= 3.0 + 1e-6
    forces = np.array([frame.arrays["forces"] for frame in methane.frames])
    assert np.isfinite(forces).all()
    # PySCF leaves out that its integration grid moves with the atoms
    assert np.abs(forces.sum(axis=1)).max() < 0.02


def test_minimol() -> None:
    relaxed = load_embedded("minimol", folder=RESOURCES)
    displaced = load_embedded("minimol", folder=RESOURCES, displaced=True)
    assert sorted(relaxed.targets) == ["atomization_energy", "dipole", "energy", "smiles"]
    assert sorted(displaced.targets) == ["energy", "smiles"]
    assert (relaxed.targets["smiles"] == displaced.targets["smiles"]).all()
    assert relaxed.targets["dipole"].shape == (len(relaxed), 3)
    assert relaxed.targets["atomization_energy"].max() < 0
    assert (displaced.targets["energy"] > relaxed.targets["energy"]).all()
    for frame, moved in zip(relaxed.frames, displaced.frames, strict=True):
        assert set(frame.numbers.tolist()) <= {1, 6, 7, 8}
        np.testing.assert_allclose(frame.positions.mean(axis=0), 0.0, rtol=0, atol=2e-6)
        assert "forces" not in frame.arrays
        # a free H atom of 1000 K flies 1.0 Å (root mean square) in 20 fs, a rotor nearly as far
        assert 0.0 < np.linalg.norm(moved.positions - frame.positions, axis=1).max() < 2.0
    forces = np.concatenate([frame.arrays["forces"] for frame in displaced.frames])
    assert 0.3 < np.sqrt((forces**2).mean()) < 5.0


def test_b8() -> None:
    """Pairs with seven atoms in common, the eighth above and below the first."""
    boron = load_embedded("b8", folder=RESOURCES)
    positions = np.array([frame.positions for frame in boron.frames])
    energy = boron.targets["energy"]
    assert {str(frame.symbols) for frame in boron.frames} == {"B8"}
    np.testing.assert_array_equal(positions[::2, :7], positions[1::2, :7])
    np.testing.assert_array_equal(positions[::2, 7], -positions[1::2, 7])
    distances = np.array([frame.get_all_distances() for frame in boron.frames])
    assert distances[:, *np.triu_indices(8, 1)].min() > 1.2
    # the lowest minimum is at -5395.3 eV; published energies are 4.7 to 30.3 eV above it
    assert ((energy > -5391.3) & (energy < -5360.0)).all()
    differences = np.abs(energy[::2] - energy[1::2])
    assert (differences > 0).all()
    assert 0.02 < np.median(differences) < 0.2  # 0.066 in the published set


def test_wrong_requests() -> None:
    with pytest.raises(ValueError, match="no embedded set 'ethanol'"):
        load_embedded("ethanol", folder=RESOURCES)
    with pytest.raises(ValueError, match="methane has no displaced geometries"):
        load_embedded("methane", folder=RESOURCES, displaced=True)
