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


@pytest.fixture
def reconstructions() -> pd.DataFrame:
    """Errors between four spaces, each within the ones after it."""
    names = ["radial", "SOAP (4, 3)", "SOAP (8, 6)", "bispectrum (4, 3)"]
    rows = [
        {
            "source": source,
            "target": target,
            "gfre": max(0, k - j) / 4 + 1e-9,
            "gfrd": abs(k - j) / 5,
        }
        for j, source in enumerate(names)
        for k, target in enumerate(names)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def local_reconstructions() -> pd.DataFrame:
    """Local errors of two pairs of spaces."""
    rows = [
        {"source": source, "target": target, "n_local": k, "lfre": scale / k}
        for source, target, scale in (("radial", "SOAP (8, 6)", 9.0), ("SOAP (8, 6)", "x", 1.0))
        for k in (5, 10, 20, 40)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def spectra() -> pd.DataFrame:
    """Singular values of forty structures: five directions are blind at ν = 1."""
    generator = np.random.default_rng(2)
    rows = [
        {
            "nu": nu,
            "structure": structure,
            "number": number,
            "singular_value": 1e-17
            if nu == 1 and number > 4
            else 3.0 * 10 ** (-number / (2 * nu) + 0.2 * generator.standard_normal()),
        }
        for nu in (1, 2, 3)
        for structure in range(40)
        for number in range(1, 10)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def manifold() -> pd.DataFrame:
    """A collapse in proportion to v at ν = 2 and none at ν = 3."""
    separations = np.concatenate([[0.0], np.geomspace(1e-3, 0.5, 12)])
    rows = [
        {"nu": nu, "v": v, "smallest": value, "response": 2 * value}
        for nu in (2, 3)
        for v, value in ((v, 0.05 * v if nu == 2 else 0.04) for v in separations)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def variances() -> pd.DataFrame:
    """Falling variances of the (λ, σ) of two orders and two center types."""
    rows = [
        {
            "center_type": center_type,
            "nu": nu,
            "o3_lambda": o3_lambda,
            "o3_sigma": sigma,
            "component": component,
            "variance": 0.0 if component == 20 else 10.0 ** (-o3_lambda - component / 6),
        }
        for center_type in (1, 6)
        for nu in (1, 2)
        for o3_lambda in (0, 1, 2)
        for sigma in ((1,) if nu == 1 or o3_lambda == 0 else (1, -1))
        for component in range(1, 21)
    ]
    return pd.DataFrame(rows)
