"""The scripts that make the embedded sets, at their smallest, and their place in the workflow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import reference_b8
import reference_data
import reference_methane
import reference_minimol
from rhobar.data import MethaneChunks, load_embedded

ROOT = Path(__file__).parents[2]


def test_molecules_from_nothing_and_grown(tmp_path: Path) -> None:
    """All molecules of two heavy atoms: four in a first run, the other four in a second."""
    published = tmp_path / "published"
    for n_structures, expected in ((3, 4), (100, 8)):
        npz, note = tmp_path / f"{n_structures}.npz", tmp_path / f"{n_structures}.json"
        reference_minimol.main(
            npz,
            note,
            n_heavy=2,
            seed=1,
            tries=2,
            chunks=tmp_path / f"chunks-{n_structures}",
            embedded=published,
            n_structures=n_structures,
            processes=1,
        )
        done = tmp_path / "done.txt"
        reference_data.main({"minimol": (npz, note)}, published, done)
        assert done.read_text(encoding="utf-8") == "minimol\n"
        assert len(load_embedded("minimol", folder=published)) == expected
    smiles = load_embedded("minimol", folder=published).targets["smiles"].tolist()
    assert sorted(smiles) == ["C", "C#C", "C#N", "C=O", "CC", "CO", "N", "O"]
    grown = sorted(path.name for path in (tmp_path / "chunks-100").glob("*.npz"))
    assert grown == ["00002.npz", "00003.npz"]


def test_methane(tmp_path: Path) -> None:
    """One try is enough to see that the parts fit; the labels have tests of their own."""
    npz, note = tmp_path / "methane.npz", tmp_path / "methane.json"
    reference_methane.main(
        npz,
        note,
        MethaneChunks(seed=1, tries=2),
        chunks=tmp_path / "chunks",
        embedded=tmp_path,
        n_structures=1,
        processes=1,
    )
    reference_data.main({"methane": (npz, note)}, tmp_path / "published", tmp_path / "done.txt")
    methane = load_embedded("methane", folder=tmp_path / "published")
    energies: NDArray[np.float64] = methane.targets["energy"]
    assert len(methane) >= 1
    assert ((energies > -1105.0) & (energies < -1040.0)).all()


def test_boron_pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts fit, with a label that costs nothing: the height of the cap."""
    monkeypatch.setattr("rhobar.data.boron8.label_boron8", lambda positions: positions[7, 2])
    npz, note = tmp_path / "b8.npz", tmp_path / "b8.json"
    reference_b8.main(
        npz,
        note,
        seed=1,
        tries=2,
        chunks=tmp_path / "chunks",
        embedded=tmp_path,
        n_pairs=3,
        processes=1,
    )
    reference_data.main({"b8": (npz, note)}, tmp_path / "published", tmp_path / "done.txt")
    boron = load_embedded("b8", folder=tmp_path / "published")
    assert len(boron) == 8
    caps = [frame.positions[7, 2] for frame in boron.frames]
    assert boron.targets["energy"].tolist() == caps
    assert caps[::2] == [-cap for cap in caps[1::2]]


def test_rules() -> None:
    """A dry run plans the rules, and the default workflow plans none of them."""
    plans = {}
    for target in ("reference_data", "all"):
        command = [sys.executable, "-m", "snakemake", "--dry-run", "--cores", "2"]
        command += ["--configfile", "configs/smoke.yaml", "--forceall", "--", target]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        plans[target] = ran.stdout + ran.stderr
    for rule in ("reference_methane", "reference_minimol", "reference_b8", "reference_data"):
        assert f"rule {rule}:" in plans["reference_data"]
        assert f"rule {rule}:" not in plans["all"]
