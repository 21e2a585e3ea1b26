"""Models survive their file; files that are none are refused."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from rhobar.descriptors import (
    Cutoff,
    Dirac,
    Gaussian,
    Laplacian,
    SoapPowerSpectrum,
    SoapRadialSpectrum,
    Willatt,
)
from rhobar.models import EnergyModel, LinearModel, Ridge, load_model
from rhobar.models.hypers import decoded, encoded
from tests.models.conftest import Labelled, soap


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "models" / "model.npz"


@pytest.fixture
def saved(path: Path, training: Labelled) -> Path:
    model = LinearModel(soap(), normalize=False, force_weight=2.0, solver=Ridge((1e-4, 1e-3)))
    model.fit(training.frames[:8], training.energies[:8]).save(path)
    return path


def rewritten(path: Path, **changes: object) -> None:
    """The file with another header, or without the arrays whose change is None."""
    with np.load(path) as archive:
        arrays = dict(archive)
    header = json.loads(str(arrays.pop("header")))
    for name, value in changes.items():
        if value is None:
            arrays.pop(name, None)
            header.pop(name, None)
        else:
            header[name] = value
    np.savez(path, header=np.array(json.dumps(header)), **arrays)


def test_a_loaded_model_predicts_the_same_numbers(
    fitted: EnergyModel, testing: Labelled, path: Path
) -> None:
    fitted.save(path)
    loaded = load_model(path)
    assert type(loaded) is type(fitted)
    found, expected = (
        model.predict(testing.frames, forces=True, per_atom=True) for model in (loaded, fitted)
    )
    assert found.energies.tolist() == expected.energies.tolist()
    assert np.concatenate(found.forces).tolist() == np.concatenate(expected.forces).tolist()
    assert loaded.solution.validation_rmse == fitted.solution.validation_rmse
    assert loaded.solution.regularizer == fitted.solution.regularizer
    assert loaded.solver == fitted.solver


def test_a_loaded_model_writes_the_same_bytes(fitted: EnergyModel, path: Path) -> None:
    fitted.save(path)
    again = path.with_name("again.npz")
    load_model(path).save(again)
    assert again.read_bytes() == path.read_bytes()


def test_hyperparameters_come_back(saved: Path) -> None:
    model = load_model(saved)
    assert isinstance(model, LinearModel)
    assert model.force_weight == 2.0
    assert model.solver == Ridge((1e-4, 1e-3))
    assert model._environments.normalize is False


def test_the_header_says_what_is_inside(saved: Path) -> None:
    with np.load(saved, allow_pickle=False) as archive:
        header = json.loads(str(archive["header"]))
    assert header["units"]["energy"] == "eV"
    assert header["version"] == 1
    assert header["descriptor"]["type"] == "SoapPowerSpectrum"
    assert header["descriptor"]["cutoff"] == {"type": "Cutoff", "radius": 5.0, "width": 0.5}


def test_descriptors_of_all_kinds() -> None:
    mixing = torch.rand(2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    scaling = Willatt(scale=2.0, rate=1.0, exponent=4.0)
    descriptors = [
        SoapPowerSpectrum(
            Cutoff(4.0, width=0.3),
            l_max=2,
            radial=Laplacian(3, energy_truncated=True),
            density=Gaussian(0.3, center_weight=0.5, scaling=scaling),
            atomic_types=[1, 6, 8],
            pseudo_species=mixing,
            spline_accuracy=None,
        ),
        SoapRadialSpectrum(3.0, radial=Laplacian(3), density=Dirac(), atomic_types=[1]),
    ]
    for descriptor in descriptors:
        header = encoded(descriptor)
        again = decoded(json.loads(json.dumps(header)))
        assert type(again) is type(descriptor)
        assert encoded(again) == header


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot hold a Linear"):
        encoded(torch.nn.Linear(1, 1))


def test_no_such_file(path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"model\.npz"):
        load_model(path)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04"])
def test_not_a_model(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"model\.npz is not a file of a rhobar energy model"):
        load_model(path)


def test_a_truncated_file(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-200])
    with pytest.raises(ValueError, match=r"model\.npz is not a file of a rhobar energy model"):
        load_model(saved)


def test_a_damaged_file(saved: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        offset = archive.getinfo("weights/6.npy").header_offset + 300
    content = bytearray(saved.read_bytes())
    content[offset] ^= 0xFF
    saved.write_bytes(content)
    with pytest.raises(ValueError, match=r"model\.npz is not a file of a rhobar energy model"):
        load_model(saved)


def test_pickled_objects_are_not_read(path: Path) -> None:
    path.parent.mkdir()
    np.savez(path, header=np.array({"format": "rhobar energy model"}, dtype=object))
    with pytest.raises(ValueError, match="is not a file of a rhobar energy model"):
        load_model(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "poem"}, "holds 'poem', not a rhobar energy model"),
        ({"version": 2}, "version 2, written by rhobar .* reads version 1. Fit again"),
        ({"units": {"energy": "kcal/mol"}}, "has units"),
        ({"version": None}, "not a file of a rhobar energy model"),
        ({"model": "TeaLeaves"}, "not hold a whole model: .*TeaLeaves"),
        ({"hypers": None}, "not hold a whole model: .*hypers"),
        ({"weights/6": None}, "not hold a whole model: .*6"),
        ({"composition/energies": None}, "not hold a whole model: .*composition"),
        ({"descriptor": {"type": "Oracle"}}, "no type 'Oracle'"),
        ({"descriptor": {"type": "Gto", "m_radial": 3}}, "arguments of Gto do not fit"),
    ],
)
def test_files_of_another_kind(saved: Path, changes: dict[str, object], message: str) -> None:
    rewritten(saved, **changes)
    with pytest.raises(ValueError, match=rf"model\.npz .*{message}"):
        load_model(saved)


def test_a_model_that_is_not_fitted_writes_no_file(path: Path) -> None:
    with pytest.raises(ValueError, match="is not fitted"):
        LinearModel(soap()).save(path)
    assert not path.exists()


def test_an_unwritable_place(saved: Path) -> None:
    model = load_model(saved)
    with pytest.raises(OSError, match=r"model\.npz"):
        model.save(saved / "inside.npz")
    with pytest.raises(IsADirectoryError):
        model.save(saved.parent)
