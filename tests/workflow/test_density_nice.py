"""NICE features of structures: sums over atoms, fitted to training structures only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import density_nice
from rhobar.data import Split, load_prepared

NICE: dict[str, Any] = {
    "cutoff": 3.0,
    "cutoff_width": 0.5,
    "l_max": 2,
    "n_radial": 3,
    "smearing": 0.3,
    "scaling": None,
    "center_types": None,
    "signal_integral": False,
    "n_fit": 20,
    "covariant": {"num_expand": 40, "max_take": 5, "max_components": 8},
    "invariant": {"num_expand": 40, "max_take": 5, "max_components": 6},
}


def run(folder: Path, prepared: Path, hypers: dict[str, Any]) -> tuple[Any, pd.DataFrame]:
    split = folder / "split.json"
    Split(train=np.arange(30), test=np.array([34, 37])).save(split)
    density_nice.main(
        prepared,
        [split],
        folder / "features.npz",
        folder / "variances.parquet",
        {"nice": hypers},
    )
    with np.load(folder / "features.npz", allow_pickle=False) as arrays:
        features = dict(arrays)
    return features, pd.read_parquet(folder / "variances.parquet")


@pytest.fixture
def tables(tmp_path: Path, prepared: Path) -> tuple[Any, pd.DataFrame]:
    return run(tmp_path, prepared, NICE)


def test_rows_are_structures_of_the_splits(tables: tuple[Any, pd.DataFrame]) -> None:
    features = tables[0]
    assert features["structures"].tolist() == [*range(30), 34, 37]
    shapes = {name: rows.shape for name, rows in features.items() if name != "structures"}
    assert list(shapes) == ["nu1", "nu2", "nu3", "nu4"]
    assert all(shape[0] == 32 for shape in shapes.values())
    assert shapes["nu2"][1] == 2 * 6  # as many for O as for H


def test_features_are_sums_over_the_atoms_of_each_type(
    tables: tuple[Any, pd.DataFrame], prepared: Path
) -> None:
    frames = load_prepared(prepared, indices=tables[0]["structures"]).frames
    nice = density_nice.fitted(NICE, frames[:20])
    found = nice.compute(frames)
    for nu in (1, 2, 3):
        columns = []
        for center_type in (1, 8):
            block = found.block({"nu": nu, "center_type": center_type})
            systems = block.samples.column("system").numpy()
            sums = [block.values.numpy()[systems == row].sum(axis=0) for row in range(len(frames))]
            columns.append(np.array(sums))
        np.testing.assert_allclose(tables[0][f"nu{nu}"], np.hstack(columns), atol=1e-12)


def test_variances_fall_within_each_block(tables: tuple[Any, pd.DataFrame]) -> None:
    names = ["center_type", "nu", "o3_lambda", "o3_sigma"]
    for _, block in tables[1].groupby(names):
        assert block["component"].tolist() == list(range(1, len(block) + 1))
        assert (np.diff(block["variance"]) <= 1e-12).all()
    assert set(tables[1]["nu"]) == {1, 2, 3, 4}


def test_chosen_centers_alone_are_described(tmp_path: Path, prepared: Path) -> None:
    features, variances = run(tmp_path, prepared, {**NICE, "center_types": [8]})
    assert features["nu2"].shape[1] == 6
    assert set(variances["center_type"]) == {8}
