"""Kernel ridge regression on active environments."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import rhobar.models.active_set
from rhobar.models import KernelModel, Ridge, SparseKernelModel
from tests.models.conftest import Labelled, soap


def test_all_environments_active_is_the_full_kernel(training: Labelled) -> None:
    """Φ Φ^T is the kernel itself when every environment is active."""
    frames = training.frames[:8]
    model = SparseKernelModel(soap(), n_active=1000)
    model.choose_active(frames)
    columns = model.features(frames)
    torch.testing.assert_close(
        columns @ columns.T, KernelModel(soap()).matrix(frames), rtol=1e-6, atol=1e-6
    )


def test_few_active_environments_approximate_the_kernel(training: Labelled) -> None:
    frames = training.frames[:40]
    exact = KernelModel(soap()).matrix(frames)
    errors = []
    for n_active in (2, 10, 50):
        model = SparseKernelModel(soap(), n_active=n_active)
        model.choose_active(frames)
        columns = model.features(frames)
        errors.append(float((columns @ columns.T - exact).norm() / exact.norm()))
    assert errors[0] > 5 * errors[1] > 25 * errors[2]


def test_predictions_are_features_times_weights(training: Labelled, testing: Labelled) -> None:
    model = SparseKernelModel(soap(), n_active=30).fit(training.frames, training.energies)
    learned = model.features(testing.frames) @ model.solution.weights
    np.testing.assert_allclose(
        model.predict(testing.frames).energies,
        model.composition.predict(testing.frames) + learned.numpy(),
        rtol=1e-10,
    )


def test_features_of_all_structures_serve_fits_to_some(
    training: Labelled, testing: Labelled
) -> None:
    model = SparseKernelModel(soap(), n_active=30)
    model.choose_active(training.frames)
    columns = model.features([*training.frames, *testing.frames])
    model.fit(training.frames, training.energies)
    residual = training.energies - model.composition.predict(training.frames)
    solution = Ridge().fit(columns[: len(residual)], torch.from_numpy(residual))
    learned = columns[len(residual) :] @ solution.weights
    np.testing.assert_allclose(
        model.predict(testing.frames).energies,
        model.composition.predict(testing.frames) + learned.numpy(),
        rtol=1e-10,
    )


def test_active_environments_are_of_the_training_structures(
    training: Labelled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rhobar.models.active_set, "_CANDIDATES", 20)
    models = [SparseKernelModel(soap(), n_active=10, seed=seed) for seed in (0, 0, 1)]
    chosen = []
    for model in models:
        model.choose_active(training.frames)
        samples = {}
        for key, block in model._active.items():
            assert len(block.samples) == 10
            samples[int(key[0])] = block.samples.values.tolist()
            for system, atom in samples[int(key[0])]:
                assert training.frames[system].numbers[atom] == int(key[0])
            own = model._environments.whole(training.frames).block(key)
            rows = [own.samples.position(sample) for sample in samples[int(key[0])]]
            torch.testing.assert_close(block.values, own.values[rows], rtol=1e-14, atol=1e-14)
        chosen.append(samples)
    assert chosen[0] == chosen[1] != chosen[2]


def test_features_need_active_environments(testing: Labelled) -> None:
    with pytest.raises(ValueError, match="call choose_active"):
        SparseKernelModel(soap(), n_active=3).features(testing.frames)
