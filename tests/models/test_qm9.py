"""Errors on QM9 against the reference results for this recipe."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from rhobar.data import Dataset, qm9_split, read_qm9_npz
from rhobar.descriptors import Cutoff, Gaussian, Gto, SoapPowerSpectrum, Willatt
from rhobar.models import Composition, LinearModel, Ridge, SparseKernelModel, type_counts

KCAL_PER_MOL = 0.0433641153  # eV


def soap() -> SoapPowerSpectrum:
    """The descriptor of the reference results; scaling as Willatt, Musil, Ceriotti (2018)."""
    scaling = Willatt(scale=2.0, rate=1.0, exponent=4.0)
    return SoapPowerSpectrum(
        Cutoff(4.5, width=0.5),
        l_max=4,
        radial=Gto(6),
        density=Gaussian(0.3, scaling=scaling),
        atomic_types=[1, 6, 7, 8],
    )


@pytest.fixture(scope="module")
def qm9(mirror: Path) -> Dataset:
    """5,000 molecules to train on, then the 1,000 to test with."""
    whole = read_qm9_npz(mirror / "qm9" / "qm9_geometries_b3lyp_energies.npz")
    split = qm9_split(len(whole))
    return whole.subset(np.concatenate([split.train, split.test]))


def errors(qm9: Dataset, features: torch.Tensor, n_train: int) -> tuple[float, float]:
    """
    Mean absolute errors of composition and model in kcal/mol.

    ``features`` are those of the first ``n_train`` molecules, then of the test molecules.
    """
    rows = [*range(n_train), *range(5000, 6000)]
    energies = torch.from_numpy(np.asarray(qm9.targets["energy"], dtype=np.float64)[rows])
    counts = type_counts([qm9.frames[row] for row in rows], [1, 6, 7, 8])
    composition = Composition.from_counts(counts[:n_train], energies[:n_train], [1, 6, 7, 8])
    residual = energies - counts @ composition.energies
    solution = Ridge().fit(features[:n_train], residual[:n_train])
    left = residual[n_train:] - features[n_train:] @ solution.weights
    return (
        float(residual[n_train:].abs().mean()) / KCAL_PER_MOL,
        float(left.abs().mean()) / KCAL_PER_MOL,
    )


@pytest.mark.mirror
@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_train", "composition", "linear"),
    [(100, 20.99, 5.52), (1000, 20.51, 1.57), (5000, 20.53, 0.91)],
)
def test_linear(qm9: Dataset, n_train: int, composition: float, linear: float) -> None:
    frames = [*qm9.frames[:n_train], *qm9.frames[5000:]]
    found = errors(qm9, LinearModel(soap()).features(frames), n_train)
    assert found[0] == pytest.approx(composition, rel=1e-3)
    assert found[1] == pytest.approx(linear, rel=0.05)


@pytest.mark.mirror
@pytest.mark.slow
def test_squared_kernel(qm9: Dataset) -> None:
    """The active environments of the reference were others, which moves the error by some %."""
    model = SparseKernelModel(soap(), n_active=500)
    model.choose_active(qm9.frames[:1000])
    features = model.features([*qm9.frames[:1000], *qm9.frames[5000:]])
    assert errors(qm9, features, 1000)[1] == pytest.approx(1.56, rel=0.1)
