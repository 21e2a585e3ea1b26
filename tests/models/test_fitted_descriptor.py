"""Descriptors survive their file with what a fit found."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rhobar.descriptors import Cutoff, DensityScale, Gaussian, Gto, Nice
from rhobar.models import LinearModel, load_descriptor, load_model, save_descriptor
from tests import structures
from tests.laws.fitted_nice import small_nice, unfitted_nice
from tests.models.conftest import soap


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "nice.npz"


def test_a_loaded_descriptor_gives_the_same_numbers(path: Path) -> None:
    nice = small_nice()
    save_descriptor(nice, path)
    loaded = load_descriptor(path)
    frames = [structures.ethanol(), structures.rock_salt()]
    found, expected = loaded.compute(frames), nice.compute(frames)
    assert found.keys == expected.keys
    for block, other in zip(found.blocks(), expected.blocks(), strict=True):
        np.testing.assert_array_equal(block.values.numpy(), other.values.numpy())
    again = path.with_name("again.npz")
    save_descriptor(loaded, again)
    assert again.read_bytes() == path.read_bytes()


def test_choices_come_back(path: Path) -> None:
    nice = Nice(
        Cutoff(3.0, width=0.3),
        l_max=1,
        radial=Gto(2),
        density=Gaussian(0.4),
        nu_max=2,
        scale=DensityScale("variance", individually=False),
        shared=True,
    )
    save_descriptor(nice.fit([structures.methane(), structures.ethanol()]), path)
    hypers = load_descriptor(path).hypers()
    assert hypers["scale"] == DensityScale("variance", individually=False)
    assert hypers["blocks"] == nice.hypers()["blocks"]
    assert hypers["shared"] is True
    assert hypers["atomic_types"] == [1, 6, 8]  # those of the fit


def test_what_needs_no_fit_is_saved_too(path: Path) -> None:
    save_descriptor(soap(), path)
    assert load_descriptor(path).hypers()["atomic_types"] == soap().hypers()["atomic_types"]
    save_descriptor(unfitted_nice(), path)
    with pytest.raises(ValueError, match="not fitted"):
        load_descriptor(path).compute(structures.methane())


def test_a_linear_model_keeps_the_fit(path: Path) -> None:
    frames = [structures.rattled(structures.ethanol(), amplitude=0.1, seed=k) for k in range(12)]
    energies = np.linspace(-1.0, 1.0, len(frames))
    model = LinearModel(small_nice([1, 6, 8])).fit(frames, energies)
    model.save(path)
    expected = model.predict(frames, forces=True)
    found = load_model(path).predict(frames, forces=True)
    assert found.energies.tolist() == expected.energies.tolist()
    np.testing.assert_array_equal(np.stack(found.forces), np.stack(expected.forces))


def test_other_files_are_refused(path: Path) -> None:
    LinearModel(soap()).fit(
        [structures.methane(), structures.ethanol(), structures.methane()], [0.0, 1.0, 2.0]
    ).save(path)
    with pytest.raises(ValueError, match="holds 'rhobar energy model', not a rhobar descriptor"):
        load_descriptor(path)
    save_descriptor(small_nice(), path)
    with np.load(path) as archive:
        arrays = dict(archive)
    header = json.loads(str(arrays["header"]))
    name = next(n for n in arrays if n.endswith("first.values"))
    np.savez(path, **{n: a for n, a in arrays.items() if n != name})
    with pytest.raises(ValueError, match="does not hold a whole descriptor"):
        load_descriptor(path)
    assert header["descriptor"]["type"] == "Nice"
