"""Linear models against what linear algebra says of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rhobar.descriptors import by_center_type, normalized
from rhobar.models import LinearModel, Ridge, force_rows, sum_over_atoms
from tests.models.conftest import Labelled, radial, soap


@pytest.mark.parametrize("normalize", [True, False])
def test_features_are_sums_of_environments(normalize: bool, testing: Labelled) -> None:
    features = by_center_type(soap().compute(testing.frames))
    if normalize:
        features = normalized(features)
    expected = sum_over_atoms(features, n_systems=len(testing.frames))
    found = LinearModel(soap(), normalize=normalize).features(testing.frames)
    torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-13)


def test_predictions_are_features_times_weights(training: Labelled, testing: Labelled) -> None:
    model = LinearModel(soap()).fit(training.frames, training.energies)
    expected = model.features(testing.frames) @ model.solution.weights
    baseline = model.composition.predict(testing.frames)
    np.testing.assert_allclose(
        model.predict(testing.frames).energies, baseline + expected.numpy(), rtol=1e-13
    )


def test_forces_by_stored_and_by_reverse_gradients(training: Labelled, testing: Labelled) -> None:
    model = LinearModel(soap()).fit(training.frames, training.energies)
    features = normalized(by_center_type(soap().compute(testing.frames, gradients=["positions"])))
    rows = force_rows(features, n_atoms=[len(frame) for frame in testing.frames])
    expected = (rows @ model.solution.weights).reshape(-1, 3).numpy()
    found = np.concatenate(model.predict(testing.frames, forces=True).forces)
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-9)


def test_weights_minimise_the_loss_of_energies_and_forces(training: Labelled) -> None:
    """Against one least-squares problem with both kinds of rows and the regulariser as rows."""
    frames, weight, regularizer = training.frames[:16], 3.0, 1e-6
    energies, forces = training.energies[:16], np.concatenate(training.forces[:16]).reshape(-1)
    model = LinearModel(
        radial(),
        normalize=False,
        solver=Ridge(regularizers=(regularizer,)),
        force_weight=weight,
    ).fit(frames, energies, training.forces[:16])
    features = by_center_type(radial().compute(frames, gradients=["positions"]))
    residual = energies - model.composition.predict(frames)
    scales = [1 / np.linalg.norm(residual), np.sqrt(weight) / np.linalg.norm(forces)]
    rows = np.vstack(
        [
            scales[0] * sum_over_atoms(features, n_systems=16).numpy(),
            scales[1] * force_rows(features, n_atoms=[len(frame) for frame in frames]).numpy(),
        ]
    )
    targets = np.concatenate([scales[0] * residual, scales[1] * forces])
    shift = regularizer * np.sum(rows**2) / len(rows)
    rows = np.vstack([rows, np.sqrt(shift) * np.eye(rows.shape[1])])
    targets = np.concatenate([targets, np.zeros(rows.shape[1])])
    expected = np.linalg.lstsq(rows, targets)[0]
    np.testing.assert_allclose(model.solution.weights.numpy(), expected, rtol=1e-5, atol=1e-7)


def test_fits_to_a_subset_of_features(training: Labelled, testing: Labelled) -> None:
    """Features of all structures, computed once, serve a fit to some of them."""
    model = LinearModel(soap())
    features = model.features([*training.frames, *testing.frames])
    model.fit(training.frames[:32], training.energies[:32])
    residual = training.energies[:32] - model.composition.predict(training.frames[:32])
    solution = Ridge().fit(features[:32], torch.from_numpy(residual))
    learned = features[len(training.frames) :] @ solution.weights
    np.testing.assert_allclose(
        model.composition.predict(testing.frames) + learned.numpy(),
        model.predict(testing.frames).energies,
        rtol=1e-12,
    )


def test_a_descriptor_that_changes_is_noticed(training: Labelled, testing: Labelled) -> None:
    model = LinearModel(soap()).fit(training.frames[:16], training.energies[:16])
    model._environments.descriptor = radial()
    with pytest.raises(ValueError, match="gave other features than at the fit"):
        model.predict(testing.frames)
