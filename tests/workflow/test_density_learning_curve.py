"""Learning curves from given kernels: fits, errors and the rows of the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ase.build import molecule

import density_learning_curve
from rhobar.data import Dataset, Split, save_prepared

PROTOCOL: dict[str, Any] = {"n_train": [10, 20, 40], "n_test": 10, "seeds": [3, 5]}
SHARE = {6: -1000.0, 8: -2000.0, 1: -13.0, 7: -1500.0}  # eV per atom


@pytest.fixture
def tables(tmp_path: Path) -> tuple[pd.DataFrame, pd.DataFrame, Dataset]:
    """
    Energies that are exactly composition plus a linear function of five features. The first
    kernel holds both, the second nothing of them; the first order of NICE holds two of the five,
    the second order all. The second split has 20 training structures.
    """
    generator = np.random.default_rng(0)
    frames = [molecule(name) for name in 20 * ("CH4", "H2O", "NH3", "CH3OH")]
    features = generator.standard_normal((80, 5))
    weights = np.array([0.5, -0.3, 0.2, 0.1, 0.4])
    counts = np.array([[np.sum(frame.numbers == z) for z in SHARE] for frame in frames])
    composition = counts @ np.array(list(SHARE.values()))
    data = Dataset("made-up", frames, {"energy": composition + features @ weights})
    save_prepared(data, tmp_path / "data.npz")
    splits = []
    for seed, n_train in zip(PROTOCOL["seeds"], (40, 20), strict=True):
        order = np.random.default_rng(seed).permutation(80)
        splits.append(tmp_path / f"split-{seed}.json")
        Split(train=order[:n_train], test=order[70:]).save(splits[-1])
    structures = np.arange(80)
    noise = generator.standard_normal((80, 300))
    np.savez(
        tmp_path / "kernels.npz",
        structures=structures,
        linear=features @ features.T + counts @ counts.T,
        kernel=noise @ noise.T,
    )
    np.savez(
        tmp_path / "features.npz",
        structures=structures,
        nu1=np.hstack([features[:, [0, 4]], counts]),
        nu2=np.hstack([features[:, 1:4], noise[:, :30]]),
    )
    density_learning_curve.main(
        "curve",
        dataset=tmp_path / "data.npz",
        splits=splits,
        kernels=tmp_path / "kernels.npz",
        features=tmp_path / "features.npz",
        errors=tmp_path / "errors.parquet",
        predictions=tmp_path / "predictions.parquet",
        protocol=PROTOCOL,
    )
    errors = pd.read_parquet(tmp_path / "errors.parquet")
    return errors, pd.read_parquet(tmp_path / "predictions.parquet"), data


def test_one_row_per_model_size_and_seed(
    tables: tuple[pd.DataFrame, pd.DataFrame, Dataset],
) -> None:
    errors = tables[0]
    counts = errors.groupby(["seed", "n_train"]).size().to_dict()
    assert counts == dict.fromkeys([(3, 10), (3, 20), (3, 40), (5, 10), (5, 20)], 5)
    assert set(errors["dataset"]) == {"curve"}
    assert set(errors["n_test"]) == {10}


def test_a_kernel_that_holds_the_target_learns_it(
    tables: tuple[pd.DataFrame, pd.DataFrame, Dataset],
) -> None:
    errors = tables[0].set_index(["model", "seed", "n_train"])["rmse"]
    assert errors["linear", 3, 40] < 1e-3 * errors["composition", 3, 40]
    assert errors["kernel", 3, 40] > 0.5 * errors["composition", 3, 40]


def test_orders_of_nice_learn_what_they_hold(
    tables: tuple[pd.DataFrame, pd.DataFrame, Dataset],
) -> None:
    errors = tables[0].set_index(["model", "seed", "n_train"])["rmse"]
    assert errors["nice2", 3, 40] < 0.7 * errors["nice1", 3, 40]
    assert errors["nice1", 3, 40] < errors["composition", 3, 40]


def test_deviation_is_what_the_composition_leaves(
    tables: tuple[pd.DataFrame, pd.DataFrame, Dataset],
) -> None:
    rows = tables[0][tables[0]["model"] == "composition"]
    # RMSE² = variance + mean², so that the ratio cannot be below 1
    assert (rows["rmse"] / rows["deviation"]).between(1.0, 2.0).all()
    assert rows["deviation"].between(0.2, 2.0).all()


def test_predictions_are_of_the_first_split_and_add_up(
    tables: tuple[pd.DataFrame, pd.DataFrame, Dataset],
) -> None:
    errors, predictions, data = tables
    assert set(predictions["model"]) == {"linear", "kernel", "nice2"}
    assert set(predictions["seed"]) == {3}
    assert set(predictions["n_train"]) == {40}
    linear = predictions[predictions["model"] == "linear"]
    energies = np.asarray(data.targets["energy"])[linear["structure"]]
    np.testing.assert_array_equal(linear["reference"], energies)
    mae = (linear["predicted"] - linear["reference"]).abs().mean()
    chosen = (errors["model"] == "linear") & (errors["seed"] == 3) & (errors["n_train"] == 40)
    assert mae == pytest.approx(errors[chosen]["mae"].item(), rel=1e-12)
