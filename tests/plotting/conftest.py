"""Numbers made up in the shape the workflow saves them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

MODELS = {
    "composition": (2.0, 0.0),
    "linear": (3.0, -0.5),
    "kernel": (2.5, -0.55),
    "nice1": (1.9, -0.05),
    "nice4": (4.0, -0.65),
}


@pytest.fixture
def errors() -> pd.DataFrame:
    """Learning curves of five models on two data sets, three seeds, powers of n."""
    generator = np.random.default_rng(0)
    rows = [
        {
            "dataset": dataset,
            "model": model,
            "seed": seed,
            "n_train": n_train,
            "mae": scale * n_train**slope * (1 + 0.05 * generator.standard_normal()),
            "rmse": 1.4 * scale * n_train**slope * (1 + 0.05 * generator.standard_normal()),
            "deviation": 2.5,
        }
        for dataset in ("methane", "minimol")
        for model, (scale, slope) in MODELS.items()
        for seed in range(3)
        for n_train in (50, 100, 250, 500, 1000)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def predictions() -> pd.DataFrame:
    """Test predictions of two models on two data sets."""
    generator = np.random.default_rng(1)
    parts = []
    for dataset in ("methane", "minimol"):
        reference = -1000.0 + 3.0 * generator.standard_normal(200)
        for model, width in (("linear", 0.3), ("kernel", 0.2)):
            parts.append(
                pd.DataFrame(
                    {
                        "dataset": dataset,
                        "model": model,
                        "n_train": 1000,
                        "reference": reference,
                        "predicted": reference + width * generator.standard_normal(200),
                        "baseline": -1000.0,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def body_orders() -> pd.DataFrame:
    """Errors of three linear models on three targets; that of ν ≤ 3 stops at a smaller basis."""
    rows = [
        {
            "target": target,
            "model": f"nu{nu}",
            "size": size,
            "relative_rmse": 10.0 ** (-size / 2) if target <= nu + 1 else 0.5,
        }
        for target in (2, 3, 4)
        for nu in (1, 2, 3)
        for size in (2, 4, 6, 8)
        if nu < 3 or size < 8
    ]
    return pd.DataFrame(rows)
