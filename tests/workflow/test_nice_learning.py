"""What the learning curves of the default scale show, on the embedded methane."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

import density_nice
from configuration import checked
from rhobar.data import load_embedded, shuffled_split
from rhobar.models import RidgePerOrder

ROOT = Path(__file__).parents[2]
SIZES = (200, 1000)
SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def errors() -> dict[int, np.ndarray]:
    """By number of training structures: RMSE / σ for ν ≤ 1 … 4, mean over splits."""
    path = ROOT / "configs" / "default.yaml"
    configuration = checked(yaml.safe_load(path.read_text(encoding="utf-8")))
    protocol = configuration["density"]["learning_curves"]["methane"]
    data = load_embedded("methane", folder=ROOT / "workflow" / "resources")
    splits = [
        shuffled_split(len(data.frames), n_test=protocol["n_test"], seed=seed) for seed in SEEDS
    ]
    fitted_to = splits[0].train[: protocol["nice"]["n_fit"]]
    nice = density_nice.fitted(protocol["nice"], [data.frames[row] for row in fitted_to])
    orders = [*density_nice.structure_features(nice, data.frames).values()]
    energies = torch.from_numpy(np.asarray(data.targets["energy"], dtype=np.float64))
    found: dict[int, list[list[float]]] = {size: [] for size in SIZES}
    for split in splits:
        test = torch.from_numpy(np.asarray(split.test))
        deviation = energies[test].std(correction=0)
        for size in SIZES:
            train = torch.from_numpy(np.asarray(split.train[:size]))
            mean = energies[train].mean()
            models = RidgePerOrder().fit([rows[train] for rows in orders], energies[train] - mean)
            residuals = [
                model.predict([rows[test] for rows in orders]) + mean - energies[test]
                for model in models
            ]
            found[size].append([float(e.square().mean().sqrt() / deviation) for e in residuals])
    return {size: np.array(values).mean(axis=0) for size, values in found.items()}


@pytest.mark.slow
def test_the_third_order_gains_with_data(errors: dict[int, np.ndarray]) -> None:
    ratios = [errors[size][2] / errors[size][1] for size in SIZES]
    assert ratios[1] < 0.8 < ratios[0]


@pytest.mark.slow
def test_no_order_spoils_what_lower_ones_know(errors: dict[int, np.ndarray]) -> None:
    for values in errors.values():
        assert (values[1:] < 1.05 * values[:-1]).all()


@pytest.mark.slow
def test_all_orders_together_are_best(errors: dict[int, np.ndarray]) -> None:
    assert errors[1000].argmin() == 3
    assert errors[1000][3] < 0.15
