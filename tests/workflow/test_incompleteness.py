"""Networks of distances in the workflow: rounding, floors, tables for the figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import incompleteness_differences
import incompleteness_figure
import incompleteness_presets
import incompleteness_training
from rhobar.counterexamples import presets

TRAINING = {"n_pairs": 2, "n_epochs": 5, "learning_rate": 3.0e-3, "seed": 0}


def test_differences(tmp_path: Path) -> None:
    path = tmp_path / "differences.parquet"
    incompleteness_differences.main(path, {"n_draws": 1, "n_seeds": 1, "seed": 0})
    worst = pd.read_parquet(path).groupby("comparison")["difference"].max()
    assert worst["float64"] < 1e-12 < worst["float32"] < 1e-5 < 1e-2 < worst["angles"]
    drawn(tmp_path, "network_differences", [path])


def test_training(tmp_path: Path) -> None:
    paths = [tmp_path / f"{target}.parquet" for target in ("labels", "energies")]
    for path in paths:
        incompleteness_training.main(path.stem, path, TRAINING)
    labels, energies = (pd.read_parquet(path) for path in paths)
    for table in (labels, energies):
        assert table.groupby("model")["epoch"].apply(list).to_dict() == {
            "angles": [1, 2, 3, 4, 5],
            "distances": [1, 2, 3, 4, 5],
        }
        blind = table[table["model"] == "distances"]
        assert (blind["rmse"] >= blind["floor"] * (1 - 1e-9)).all()
    assert labels["floor"].eq(1.0).all()
    assert energies["floor"].between(0.1, 0.4).all()  # eV
    drawn(tmp_path, "network_training", paths)


def test_water_dimers_are_pairs_like_the_preset() -> None:
    frames = incompleteness_training.water_dimers(np.random.default_rng(0), 3)
    assert len(frames) == 6
    for first, second, preset in zip(
        frames[::2], frames[1::2], [presets()["water_dimer"].structure(-1)] * 3, strict=True
    ):
        assert str(first.symbols) == str(second.symbols) == str(preset.symbols)
        np.testing.assert_array_equal(first.positions[:4], second.positions[:4])
        np.testing.assert_allclose(first.positions, preset.positions, rtol=0.1)
        assert not np.allclose(first.positions[:4], preset.positions[:4], rtol=1e-3)


def test_presets(tmp_path: Path) -> None:
    path = tmp_path / "presets.parquet"
    incompleteness_presets.main(path)
    table = pd.read_parquet(path)
    energies = table[table["quantity"] == "energy"].set_index(["preset", "potential"])
    assert len(energies) == 12
    apart = (energies["first"] - energies["second"]).abs()
    assert apart.min() > 0.01  # eV
    assert apart["water_dimer", "GFN1-xTB"] == pytest.approx(0.4221, abs=1e-3)
    forces = table[table["preset"] == "c6_bulk"]["quantity"]
    assert {"first[0]", "third[1]", "periods[2]"} < set(forces)
    drawn(tmp_path, "preset_energies", [path])


def drawn(folder: Path, figure: str, numbers: list[Path]) -> None:
    path = folder / f"{figure}.png"
    incompleteness_figure.main(figure, numbers, [path])
    assert path.stat().st_size > 10_000
