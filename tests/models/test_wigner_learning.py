"""Wigner kernels learn what they are published to learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rhobar.data import (
    KCAL_PER_MOL,
    Dataset,
    Split,
    legacy_shuffle_split,
    load_embedded,
    pool_split,
    read_qm9_npz,
    read_random_methane,
)
from rhobar.kernels import WignerDensity, WignerKernel
from rhobar.models import Composition, ExponentialMixing, NuKernelRidge, WignerModel

RESOURCES = Path(__file__).parents[2] / "workflow" / "resources"
METHANE = WignerDensity(cutoff=6.0, smearing=0.6, smearing_rate=0.2)
MOLECULES = WignerDensity(cutoff=5.0, smearing=0.03, smearing_rate=1.0)


def test_more_orders_learn_more_of_methane() -> None:
    """On the embedded set: correlations of three neighbors leave two thirds of what pairs leave."""
    data = load_embedded("methane", folder=RESOURCES)
    split = legacy_shuffle_split(len(data), seed=0, n_test=100)
    train, test = data.subset(split.train[:150]), data.subset(split.test)
    left = {}
    for nu_max in (1, 3):
        kernel = WignerKernel(METHANE, nu_max=nu_max, engine="cg")
        ridge = NuKernelRidge(
            ExponentialMixing(nu_max), error="rmse", noise=KCAL_PER_MOL, max_iterations=60
        )
        model = WignerModel(kernel, ridge=ridge).fit(train.frames, train.targets["energy"])
        wrong = model.predict(test.frames).energies - test.targets["energy"]
        left[nu_max] = np.sqrt((wrong**2).mean()) / test.targets["energy"].std()
    assert left[1] < 0.5
    assert left[3] < 0.75 * left[1]


def errors(
    data: Dataset, split: Split, density: WignerDensity, ridge: NuKernelRidge, *points: list[float]
) -> list[tuple[float, np.ndarray]]:
    """Cross-validation error of 500 structures, and errors of the test ones, in kcal/mol."""
    train, test = data.subset(split.train[:500]), data.subset(split.test)
    kernel = WignerKernel(density, nu_max=4, engine="cg", lambda_max=3)
    composition = Composition.fit(train.frames, train.targets["energy"])
    residual = train.targets["energy"] - composition.predict(train.frames)
    square = kernel.matrices(train.frames).numpy()
    tall = kernel.matrices(test.frames, train.frames).numpy()
    left = composition.predict(test.frames) - test.targets["energy"]
    found = [ridge.solve(square, residual, np.array(point)) for point in points]
    wrong = [left + solution.predict(tall, noise=ridge.noise) for solution in found]
    return [
        (solution.error / KCAL_PER_MOL, each / KCAL_PER_MOL)
        for solution, each in zip(found, wrong, strict=True)
    ]


@pytest.mark.slow
@pytest.mark.mirror
def test_random_methane_has_the_errors_of_another_implementation(mirror: Path) -> None:
    """
    Split of seed 0, two points on the flat surface of cross-validation errors.

    CV 8.16 and test 8.23, CV 8.27 and test 7.79 kcal/mol: an independent implementation.
    """
    path = mirror / "ch4" / "ch4_random_10000_energies.extxyz.gz"
    data = read_random_methane(path, energy_unit="eV")
    split = legacy_shuffle_split(len(data), seed=0)
    ridge = NuKernelRidge(ExponentialMixing(4), error="rmse", noise=KCAL_PER_MOL)
    points = [7.35, 0.777, 6.0], [8.31, 0.3267, 6.0]
    expected = (8.16, 8.23), (8.27, 7.79)
    fits = errors(data, split, METHANE, ridge, *points)
    for (found, wrong), (cv, test) in zip(fits, expected, strict=True):
        assert found == pytest.approx(cv, abs=0.01)
        assert np.sqrt((wrong**2).mean()) == pytest.approx(test, abs=0.01)


@pytest.mark.slow
@pytest.mark.mirror
def test_energies_of_molecules_have_the_published_error(mirror: Path) -> None:
    """
    Split of seed 0, the published hyperparameters, 100 test molecules.

    Of 1,000 test molecules: 1.76 kcal/mol; published 1.665, with U0 and other test molecules.
    """
    data = read_qm9_npz(
        mirror / "qm9" / "qm9_geometries_b3lyp_energies.npz",
        uncharacterized=mirror / "qm9" / "uncharacterized.txt",
    )
    split = pool_split(data.targets["pool_index"], n_pool=130_831, seed=0)
    some = Split(train=split.train, test=split.test[:100])
    ridge = NuKernelRidge(ExponentialMixing(4), error="mae", noise=KCAL_PER_MOL)
    ((found, wrong),) = errors(data, some, MOLECULES, ridge, [4.844, 2.7437, 6.549])
    assert found == pytest.approx(1.88, abs=0.01)
    assert 1.4 < np.abs(wrong).mean() < 2.1
