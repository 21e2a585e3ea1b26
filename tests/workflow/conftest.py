"""Numbers in the form in which the rules save them, made up for tests of single scripts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ase.build import molecule

from completeness_b8_energies import MODELS
from rhobar.data import Dataset, save_prepared


@pytest.fixture
def curve_errors() -> pd.DataFrame:
    """Two models, two seeds, three sizes."""
    generator = np.random.default_rng(0)
    rows = [
        {
            "dataset": "minimol",
            "model": model,
            "seed": seed,
            "n_train": n_train,
            "n_test": 50,
            "mae": (1 + 0.1 * generator.random()) * scale / n_train**0.5,
            "rmse": 1.5 * scale / n_train**0.5,
            "deviation": 2.0,
            "regularizer": 1e-6,
        }
        for model, scale in (("linear", 3.0), ("kernel", 2.0))
        for seed in (0, 1)
        for n_train in (250, 500, 1000)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def order_errors() -> pd.DataFrame:
    """Linear models on three targets at two sizes of the basis, that of ν ≤ 3 at the smaller."""
    rows = [
        {"target": target, "model": f"nu{nu}", "size": size, "relative_rmse": 0.1 / size / nu}
        for target in (2, 3, 4)
        for nu in (1, 2, 3)
        for size in (4, 8)
        if nu < 3 or size < 8
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def wigner_errors() -> pd.DataFrame:
    """Energies and dipoles of molecules, two orders, two seeds, two sizes."""
    rows = [
        {
            "dataset": "minimol",
            "kernel": "cg",
            "seed": seed,
            "target": "energy",
            "measure": "mae",
            "nu_max": nu_max,
            "n_train": n_train,
            "mae": (0.1 + 0.01 * seed) / nu_max,
            "rmse": 0.2 / nu_max,
            "norm": 0.2 / nu_max,
            "deviation": 1.0,
            "cv_error": 0.12 / nu_max,
            "log_c": 5.0,
            "alpha": 1.5,
        }
        for nu_max in (2, 4)
        for seed in (0, 1)
        for n_train in (200, 500)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def pair_errors() -> pd.DataFrame:
    """Every model of B8 clusters, training and test; encoders have relative errors only."""
    rows = []
    for model in ("Arho_L", "Arho_NL", *MODELS):
        for part in ("train", "validation", "test"):
            row = {"model": model, "part": part, "mean_relative": 0.1, "delta_relative": 0.3}
            rows.append(row if model.startswith("Arho") else {**row, "mean": 0.4, "delta": 0.07})
    return pd.DataFrame(rows)


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    """A prepared data set of 40 water molecules."""
    generator = np.random.default_rng(1)
    frames = []
    for _ in range(40):
        frame = molecule("H2O")
        frame.positions += 0.05 * generator.standard_normal(frame.positions.shape)
        frames.append(frame)
    path = tmp_path / "water.npz"
    save_prepared(Dataset("water", frames, {"energy": generator.standard_normal(40)}), path)
    return path
