"""Ridge regression against its normal equations, in both forms."""

from __future__ import annotations

import pytest
import torch

from rhobar.models import Ridge

ONE = Ridge(regularizers=(1e-3,))


def problem(n_rows: int, n_features: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    features = torch.randn(n_rows, n_features, generator=random, dtype=torch.float64)
    targets = features @ torch.linspace(-1, 1, n_features, dtype=torch.float64)
    noise = torch.randn(n_rows, generator=random, dtype=torch.float64)
    return features, targets + 0.3 * noise


def closed_form(features: torch.Tensor, targets: torch.Tensor, factor: float) -> torch.Tensor:
    """Minimum of |X w - y|² + λ tr(X X^T)/n |w|² by an augmented least-squares problem."""
    shift = factor * float(features.square().sum()) / len(features)
    n_features = features.shape[1]
    rows = torch.cat([features, shift**0.5 * torch.eye(n_features, dtype=torch.float64)])
    right = torch.cat([targets, torch.zeros(n_features, dtype=torch.float64)])
    return torch.linalg.lstsq(rows, right[:, None]).solution[:, 0]


@pytest.mark.parametrize("shape", [(40, 7), (7, 40), (12, 12)])
def test_weights_minimise_the_loss(shape: tuple[int, int]) -> None:
    features, targets = problem(*shape)
    solution = ONE.fit(features, targets)
    torch.testing.assert_close(
        solution.weights, closed_form(features, targets, 1e-3), rtol=1e-9, atol=1e-11
    )
    assert solution.regularizer == 1e-3
    assert solution.validation_rmse == ()


@pytest.mark.parametrize("shape", [(40, 7), (7, 40)])
def test_features_and_their_gram_matrix_give_one_model(shape: tuple[int, int]) -> None:
    features, targets = problem(*shape)
    primal = Ridge().fit(features, targets)
    dual = Ridge().fit_kernel(features @ features.T, targets)
    assert primal.regularizer == dual.regularizer
    torch.testing.assert_close(primal.validation_rmse, dual.validation_rmse, rtol=1e-6, atol=0.0)
    new = problem(5, shape[1], seed=1)[0]
    predicted = new @ primal.weights
    torch.testing.assert_close(new @ features.T @ dual.weights, predicted, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("shape", [(50, 20), (50, 80)])
def test_validation_error_is_that_of_a_fit_without_the_last_fifth(shape: tuple[int, int]) -> None:
    features, targets = problem(*shape)
    candidates = (1e-6, 1e-2, 1.0)
    solution = Ridge(regularizers=candidates).fit(features, targets)
    expected = []
    for factor in candidates:
        weights = closed_form(features[:40], targets[:40], factor)
        error = features[40:] @ weights - targets[40:]
        expected.append(float(error.square().mean().sqrt()))
    assert solution.validation_rmse == pytest.approx(expected, rel=1e-8)
    assert solution.regularizer == candidates[expected.index(min(expected))]
    torch.testing.assert_close(
        solution.weights,
        closed_form(features, targets, solution.regularizer),
        rtol=1e-7,
        atol=1e-9,
    )


def test_held_out_rows_can_be_named() -> None:
    features, targets = problem(30, 5)
    held_out = torch.arange(30) % 3 == 0
    named = Ridge().fit(features, targets, held_out)
    order = torch.argsort(held_out.long(), stable=True)  # held-out rows last, a third of them
    last = Ridge(validation_fraction=1 / 3).fit(features[order], targets[order])
    assert named.validation_rmse == pytest.approx(last.validation_rmse, rel=1e-10)


def test_scaling_features_scales_weights_only() -> None:
    features, targets = problem(30, 5)
    once, scaled = Ridge().fit(features, targets), Ridge().fit(1e4 * features, targets)
    assert once.regularizer == scaled.regularizer
    torch.testing.assert_close(1e4 * scaled.weights, once.weights, rtol=1e-9, atol=0.0)


@pytest.mark.parametrize("lowest", [0.0, -1e-9], ids=["rank 3", "negative by rounding"])
def test_singular_kernels_are_no_trouble(lowest: float) -> None:
    features, targets = problem(24, 3)
    kernel = features @ features.T
    disturbed = kernel + lowest * float(torch.trace(kernel)) / 24 * torch.eye(24).double()
    solution = Ridge(regularizers=(1e-10,)).fit_kernel(disturbed, targets)
    exact = features @ torch.linalg.lstsq(features, targets[:, None]).solution[:, 0]
    torch.testing.assert_close(kernel @ solution.weights, exact, rtol=0.0, atol=1e-5)


def test_features_that_are_all_zero_get_no_weight() -> None:
    solution = Ridge().fit(torch.zeros(10, 3, dtype=torch.float64), problem(10, 3)[1])
    assert solution.weights.abs().max() == 0.0


@pytest.mark.parametrize("regularizers", [(), (0.0,), (1e-3, -1.0)])
def test_regularizers_must_be_positive(regularizers: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="regularizers must be positive"):
        Ridge(regularizers=regularizers)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1])
def test_validation_fraction_is_a_fraction(fraction: float) -> None:
    with pytest.raises(ValueError, match="validation_fraction"):
        Ridge(validation_fraction=fraction)


def test_one_row_cannot_choose() -> None:
    features, targets = problem(1, 3)
    with pytest.raises(ValueError, match="too few"):
        Ridge().fit(features, targets)
    assert len(ONE.fit(features, targets).weights) == 3


def test_shapes_and_types_are_checked() -> None:
    features, targets = problem(10, 3)
    with pytest.raises(ValueError, match="do not match"):
        Ridge().fit(features, targets[:-1])
    with pytest.raises(ValueError, match="square"):
        Ridge().fit_kernel(features, targets)
    with pytest.raises(TypeError, match="float64"):
        Ridge().fit(features.float(), targets)
