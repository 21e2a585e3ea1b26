"""The orbit in the workflow: few of its points teach a network what random methane does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import completeness_figure
import completeness_orbit
from rhobar.counterexamples import singular_methane
from rhobar.data import Dataset, save_prepared

PROTOCOL = {
    "n_points": 81,
    "n_random": 60,
    "n_components": 48,
    "n_epochs": 300,
    "learning_rate": 1e-2,
    "seed": 0,
}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("orbit")
    orbit, predictions = folder / "points.parquet", folder / "predictions.parquet"
    completeness_orbit.main(
        orbit, predictions, PROTOCOL, published=None, checkpoints=folder / "checkpoints"
    )
    assert not (folder / "checkpoints").exists()
    return orbit, predictions


def test_features_stay_along_the_orbit(tables: tuple[Path, Path]) -> None:
    orbit = pd.read_parquet(tables[0])
    np.testing.assert_allclose(orbit["path"], 0.01 * np.arange(81), rtol=1e-9)  # Å
    assert orbit["change"].iloc[0] == 0.0
    assert orbit["change"].max() == pytest.approx(1.3e-3, abs=5e-5)
    assert orbit["moved"].median() > 40 * orbit["change"].max()
    np.testing.assert_allclose(
        [orbit["target"].min(), orbit["target"].max()], [0.917, 1.217], atol=2e-3
    )


def test_few_points_are_enough(tables: tuple[Path, Path]) -> None:
    table = pd.read_parquet(tables[1])
    orbit = table[table["part"] == "orbit"]
    trained = orbit.groupby("run")["trained"].sum()
    assert trained.to_dict() == {"all": 81, "few": 20, "none": 0}
    deviation = orbit["target"].std()
    wrong = (orbit["predicted"] - orbit["target"]).pow(2).groupby(orbit["run"]).mean().pow(0.5)
    assert wrong["none"] > deviation
    assert wrong["all"] < wrong["few"] < 0.5 * deviation
    spread = orbit.groupby("run")["predicted"].std()
    assert spread["none"] < 0.25 * deviation < spread["few"]
    random = table[table["part"] == "train"]
    assert (random["predicted"] - random["target"]).abs().max() < 0.05


def test_the_figure_says_so(tables: tuple[Path, Path], tmp_path: Path) -> None:
    drawn = tmp_path / "orbit_learning.png"
    completeness_figure.main("orbit_learning", tables[1:], [drawn])
    assert drawn.stat().st_size > 10_000


def test_a_published_orbit_is_taken_as_it_is(tmp_path: Path) -> None:
    frames = [singular_methane(lift=0.01 * k) for k in range(25)]
    save_prepared(Dataset("methane orbit", frames), tmp_path / "orbit.npz")
    orbit = tmp_path / "points.parquet"
    completeness_orbit.main(
        orbit,
        tmp_path / "predictions.parquet",
        {**PROTOCOL, "n_random": 20, "n_components": 8, "n_epochs": 1},
        published=tmp_path / "orbit.npz",
        checkpoints=tmp_path / "checkpoints",
    )
    path = pd.read_parquet(orbit)["path"]
    assert len(path) == 25
    assert path.iloc[-1] == pytest.approx(0.24, rel=0.05)


def test_more_components_than_structures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"n_components = 48 of 40 training structures; give"):
        completeness_orbit.main(
            tmp_path / "points.parquet",
            tmp_path / "predictions.parquet",
            {**PROTOCOL, "n_points": 20, "n_random": 40},
            published=None,
            checkpoints=tmp_path / "checkpoints",
        )
