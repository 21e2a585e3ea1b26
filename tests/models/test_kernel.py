"""Full kernel ridge regression."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rhobar.descriptors import by_center_type, normalized
from rhobar.models import KernelModel, LinearModel, Ridge
from tests.models.conftest import Labelled, soap


def test_matrix_is_the_sum_over_pairs_of_atoms(testing: Labelled) -> None:
    frames = testing.frames[:3]
    features = normalized(by_center_type(soap().compute(frames)))
    expected = torch.zeros(3, 3, dtype=torch.float64)
    for block in features.blocks():
        system = block.samples.column("system").long()
        cubes = (block.values @ block.values.T) ** 3
        for row in range(3):
            for column in range(3):
                expected[row, column] += cubes[system == row][:, system == column].sum()
    model = KernelModel(soap(), exponent=3)
    torch.testing.assert_close(model.matrix(frames), expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(
        model.matrix(frames[:1], frames), expected[:1], rtol=1e-12, atol=1e-12
    )


def test_predictions_are_kernels_times_weights(training: Labelled, testing: Labelled) -> None:
    model = KernelModel(soap()).fit(training.frames, training.energies)
    residual = training.energies - model.composition.predict(training.frames)
    solution = Ridge().fit_kernel(model.matrix(training.frames), torch.from_numpy(residual))
    assert solution.regularizer == model.solution.regularizer
    learned = model.matrix(testing.frames, training.frames) @ solution.weights
    np.testing.assert_allclose(
        model.predict(testing.frames).energies,
        model.composition.predict(testing.frames) + learned.numpy(),
        rtol=1e-11,
    )


def test_exponent_one_is_the_linear_model(training: Labelled, testing: Labelled) -> None:
    kernel = KernelModel(soap(), exponent=1).fit(training.frames, training.energies)
    linear = LinearModel(soap()).fit(training.frames, training.energies)
    np.testing.assert_allclose(
        kernel.predict(testing.frames).energies,
        linear.predict(testing.frames).energies,
        rtol=0.0,
        atol=1e-7,
    )


def test_forces_cannot_be_learned(training: Labelled) -> None:
    with pytest.raises(ValueError, match="take SparseKernelModel"):
        KernelModel(soap()).fit(training.frames[:8], training.energies[:8], training.forces[:8])
