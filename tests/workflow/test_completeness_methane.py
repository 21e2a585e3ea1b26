"""Methane in the workflow: representations learn, and two neighbors are even on the sheets."""

from __future__ import annotations

from pathlib import Path

import ase
import numpy as np
import pandas as pd
import pytest
import torch

import completeness_figure
import completeness_forces
import completeness_methane
import completeness_sheets
from methane_triplets import CarbonTriplets, learned
from rhobar.data import Dataset, load_embedded, save_prepared
from rhobar.training import TrainingHypers

RESOURCES = Path(__file__).parents[2] / "workflow" / "resources"
PROTOCOL = {
    "n_train": [30, 60],
    "n_test": 40,
    "seeds": [0],
    "n_radial": 3,
    "l_max": 2,
    "n_components": 8,
    "n_steps": 6,
    "batch_size": 20,
    "hidden": 8,
    "width": 8,
}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("methane")
    dataset, errors, curves = (
        folder / name for name in ("methane.npz", "errors.parquet", "curves.parquet")
    )
    data = load_embedded("methane", folder=RESOURCES)
    few = Dataset("methane", data.frames[:120], {"energy": data.targets["energy"][:120]})
    save_prepared(few, dataset)
    completeness_methane.main(dataset, errors, curves, PROTOCOL)
    return errors, curves


def test_every_model_has_every_size(tables: tuple[Path, Path]) -> None:
    errors = pd.read_parquet(tables[0])
    smooth = {f"smooth_{name}" for name in completeness_methane.REPRESENTATIONS}
    linear = {f"linear_{name}" for name in completeness_methane.REPRESENTATIONS}
    assert set(errors["model"]) == smooth | linear | {"triplets", "distances", "angles"}
    assert all(rows["n_train"].tolist() == [30, 60] for _, rows in errors.groupby("model"))
    relative = errors["rmse"] / errors["deviation"]
    best = relative[errors["n_train"] == 60].groupby(errors["model"]).mean()
    assert best["smooth_nu2"] < 1.0  # better than the mean


def test_two_neighbors_of_carbon_are_even(tables: tuple[Path, Path], tmp_path: Path) -> None:
    curves = pd.read_parquet(tables[1])
    odd = {}
    for model, rows in curves.groupby("model"):
        energies = rows.sort_values("v")["energy"].to_numpy()
        odd[model] = np.abs(energies - energies[::-1]).max()  # eV
    assert max(odd["smooth_nu2"], odd["linear_nu2"]) < 1e-9
    assert min(odd["smooth_nu3"], odd["triplets"], odd["distances"]) > 1e-5
    drawn = tmp_path / "methane_learning.png"
    completeness_figure.main("methane_learning", tables, [drawn])
    assert drawn.stat().st_size > 10_000


def test_a_network_on_triplets_learns_energies_that_inversion_keeps() -> None:
    data = load_embedded("methane", folder=RESOURCES)
    frames, energies = data.frames[:200], data.targets["energy"][:200]
    triplets = CarbonTriplets.fit(frames, 20)
    rows = triplets(frames)
    assert rows.shape == (200, 16, 60)
    hypers = TrainingHypers(n_epochs=60, batch_size=20, learning_rate=5e-3)
    predict = learned(triplets, rows[:160], energies[:160], 16, hypers)
    wrong = predict(rows[160:]) - energies[160:]
    assert np.sqrt(np.square(wrong).mean()) < 0.6 * energies[160:].std()
    mirrored = [ase.Atoms(frame.numbers, -frame.positions) for frame in frames[:20]]
    images = triplets(mirrored)
    assert (images - rows[:20]).abs().max() > 0.01  # pseudoscalars change
    torch.testing.assert_close(predict(images), predict(rows[:20]), rtol=0.0, atol=1e-4)  # eV


def test_a_hydrogen_far_away_is_no_neighbor() -> None:
    methane = ase.Atoms("CH4", np.vstack([np.zeros(3), 4.0 * np.eye(3), -np.ones(3)]))
    with pytest.raises(ValueError, match="further than"):
        CarbonTriplets.fit([methane] * 3, 4)


def test_forces_at_the_crossing(tmp_path: Path) -> None:
    path = tmp_path / "forces.parquet"
    completeness_forces.main(path, n_train=60, seed=0)
    table = pd.read_parquet(path)
    crossing = table[table["y"].abs() < 1e-9].set_index("model")["force"]
    assert crossing["exact"] == pytest.approx(-0.157, abs=1e-3)
    assert abs(crossing["nu2"]) < 1e-9
    assert crossing["nu3"] == pytest.approx(-0.157, abs=0.01)
    assert crossing["triplets"] == pytest.approx(-0.157, abs=0.05)


def test_listed_separations_have_golden_values(tmp_path: Path) -> None:
    path = tmp_path / "spectra.parquet"
    completeness_sheets.main(path, n_separations=5)
    smallest = pd.read_parquet(path).groupby(["model", "v"])["ratio"].min()
    for v, expected in ((0.01, 5.3e-4), (0.1, 4.8e-3), (0.3, 7.4e-3)):
        assert smallest["nu2", v] == pytest.approx(expected, rel=0.02)
    for v, expected in ((0.0, 4.8e-2), (0.1, 4.5e-2), (0.3, 3.1e-2)):
        assert smallest["nu3", v] == pytest.approx(expected, rel=0.02)
    assert smallest["nu2", 0.0] < 1e-8
    assert smallest["triplets"].min() > 1e-2
