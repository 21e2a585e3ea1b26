"""The scripts that fetch a public file and bring a data set into the prepared form."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

import dataset_files
import fetch_dataset
import prepare_dataset
from rhobar.data import RemoteFile, Source, load_prepared

METHANE = np.array(
    [
        [0, 0, 0],
        [0.63, 0.63, 0.63],
        [-0.63, -0.63, 0.63],
        [-0.63, 0.63, -0.63],
        [0.63, -0.63, -0.63],
    ]
)
HARTREE = 27.211386245988  # eV, CODATA 2018


@pytest.fixture
def npz(tmp_path: Path) -> Path:
    """Four methanes in the layout of the QM9 npz, one without an energy, in a mirror folder."""
    (tmp_path / "mirror").mkdir()
    path = tmp_path / "mirror" / "small.npz"
    np.savez(
        path,
        gdb_index=np.arange(4, dtype=np.int32),
        n_atoms=np.full(4, 5, dtype=np.uint8),
        numbers=np.tile([6, 1, 1, 1, 1], 4).astype(np.uint8),
        positions=np.tile(METHANE, (4, 1)).astype(np.float32),
        energy_elec_hartree=np.array([-40.5, -40.4, np.nan, -40.3]),
        energy_precision_decimals=np.array([7, 4, 0, 4], dtype=np.uint8),
    )
    return path


@pytest.fixture
def _catalogue(npz: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue of that one file."""
    content = npz.read_bytes()
    file = RemoteFile(npz.name, size=len(content), sha256=hashlib.sha256(content).hexdigest())
    source = Source("small", "four methanes", "qm9_npz", {"path": file})
    for module in (fetch_dataset, prepare_dataset):
        monkeypatch.setattr(module, "catalogue", lambda: {"small": source})


@pytest.mark.usefixtures("_catalogue")
def test_from_the_mirror_to_the_prepared_form(tmp_path: Path, npz: Path) -> None:
    fetched = tmp_path / "downloads" / "small.npz"
    fetch_dataset.main(fetched, mirror=str(npz.parent))
    assert fetched.read_bytes() == npz.read_bytes()
    prepared = tmp_path / "datasets" / "methane.npz"
    prepare_dataset.main({"path": fetched}, prepared, "methane", "small")
    dataset = load_prepared(prepared)
    assert dataset.dropped == {"no energy": 1}
    energies = np.array([-40.5, -40.4, -40.3]) * HARTREE
    assert dataset.targets["energy"] == pytest.approx(energies, rel=1e-10)


@pytest.mark.usefixtures("_catalogue")
def test_an_unknown_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no data set of the catalogue has a file other\.npz"):
        fetch_dataset.main(tmp_path / "other.npz", mirror=None)


def test_files_of_a_data_set() -> None:
    assert dataset_files.dataset_files("methane", "embedded") == {
        "embedded": "workflow/resources/methane.npz"
    }
    assert dataset_files.dataset_files("qm9", "qm9") == {
        "archive": "results/downloads/dsgdb9nsd.xyz.tar.bz2",
        "uncharacterized": "results/downloads/uncharacterized.txt",
        "atom_references": "results/downloads/atomref.txt",
    }
    with pytest.raises(
        ValueError, match=r"datasets\.qm9\.source: no data set 'qm7'; there are emb"
    ):
        dataset_files.dataset_files("qm9", "qm7")


def test_public_files_are_those_of_the_catalogue() -> None:
    assert {"methane.extxyz.gz", "atomref.txt", "rmd17.tar.bz2"} < set(dataset_files.public_files())
