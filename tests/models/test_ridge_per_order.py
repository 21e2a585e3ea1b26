"""A regulariser per order of correlation: exact leave-one-out errors, orders that never spoil."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from rhobar.models import OrderSolution, RidgePerOrder


def problem(
    n_rows: int, sizes: tuple[int, ...], *, noise: float = 0.02, seed: int = 0
) -> tuple[list[torch.Tensor], torch.Tensor]:
    """Orders whose features matter less and less, and noisy targets linear in them."""
    random = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=random, dtype=torch.float64)

    orders = [0.3**order * normal(n_rows, size) for order, size in enumerate(sizes)]
    targets = sum(rows @ normal(rows.shape[1]) for rows in orders) + noise * normal(n_rows)
    return orders, targets


def closed_form(
    orders: list[torch.Tensor], targets: torch.Tensor, shifts: list[float]
) -> torch.Tensor:
    """Minimum of |X w - y|² + Σ shift |w|² by an augmented least-squares problem."""
    roots = [
        shift**0.5 * torch.ones(rows.shape[1]) for rows, shift in zip(orders, shifts, strict=True)
    ]
    penalty = torch.diag(torch.cat(roots).double())
    rows = torch.cat([torch.cat(orders, dim=1), penalty])
    right = torch.cat([targets, torch.zeros(len(penalty), dtype=torch.float64)])
    return torch.linalg.lstsq(rows, right[:, None]).solution[:, 0]


def shifts_of(orders: list[torch.Tensor], solution: OrderSolution) -> list[float]:
    return [
        regularizer * float(rows.square().sum()) / len(rows)
        for rows, regularizer in zip(orders, solution.regularizers, strict=False)
    ]


SHAPES = pytest.mark.parametrize(
    ("n_rows", "sizes"), [(60, (3, 8, 12)), (24, (3, 8, 30))], ids=["features", "rows"]
)


@SHAPES
def test_weights_minimise_the_loss(n_rows: int, sizes: tuple[int, ...]) -> None:
    orders, targets = problem(n_rows, sizes)
    for nu, solution in enumerate(RidgePerOrder().fit(orders, targets), start=1):
        assert math.inf not in solution.regularizers
        expected = closed_form(orders[:nu], targets, shifts_of(orders, solution))
        found = torch.cat(solution.weights)
        torch.testing.assert_close(found, expected, rtol=1e-7, atol=1e-8)
        predicted = torch.cat(orders[:nu], dim=1) @ expected
        torch.testing.assert_close(solution.predict(orders), predicted, rtol=1e-7, atol=1e-8)


@SHAPES
def test_leave_one_out_error_is_that_of_fits_without_each_row(
    n_rows: int, sizes: tuple[int, ...]
) -> None:
    orders, targets = problem(n_rows, sizes)
    solution = RidgePerOrder().fit(orders, targets)[-1]
    shifts = shifts_of(orders, solution)
    errors = []
    for row in range(n_rows):
        others = torch.arange(n_rows) != row
        weights = closed_form([rows[others] for rows in orders], targets[others], shifts)
        left_out = torch.cat([rows[row] for rows in orders])
        errors.append(float(left_out @ weights - targets[row]))
    expected = float(torch.tensor(errors).square().mean().sqrt())
    assert solution.loo_rmse == pytest.approx(expected, rel=1e-6)


def test_features_and_rows_as_unknowns_give_one_model() -> None:
    orders, targets = problem(40, (3, 8, 12))
    padded = [*orders[:2], torch.cat([orders[2], torch.zeros(40, 30).double()], dim=1)]
    primal, dual = RidgePerOrder().fit(orders, targets), RidgePerOrder().fit(padded, targets)
    for one, other in zip(primal, dual, strict=True):
        assert one.regularizers == other.regularizers
        assert one.loo_rmse == pytest.approx(other.loo_rmse, rel=1e-8)
        torch.testing.assert_close(one.predict(orders), other.predict(padded), rtol=1e-7, atol=1e-9)


def test_no_other_candidates_are_better() -> None:
    orders, targets = problem(40, (3, 8))
    candidates = (1e-6, 1e-4, 1e-2, 1.0)
    found = RidgePerOrder(candidates).fit(orders, targets)[-1]
    features = torch.cat(orders, dim=1)
    errors = {}
    for chosen in itertools.product(candidates, repeat=2):
        shifts = shifts_of(orders, OrderSolution((), chosen, 0.0))
        penalty = torch.tensor([shifts[0]] * 3 + [shifts[1]] * 8, dtype=torch.float64)
        gram = features.T @ features + torch.diag(penalty)
        hat = features @ torch.linalg.solve(gram, features.T)
        left_out = (targets - hat @ targets) / (1 - hat.diagonal())
        errors[chosen] = float(left_out.square().mean().sqrt())
    assert errors[found.regularizers] == pytest.approx(min(errors.values()), rel=0.02)


def test_an_order_of_noise_is_switched_off_and_spoils_nothing() -> None:
    orders, targets = problem(30, (3, 6))
    random = torch.Generator().manual_seed(5)
    noise = torch.randn(30, 200, generator=random, dtype=torch.float64)
    low, high, last = RidgePerOrder().fit([*orders, noise], targets)
    assert high.loo_rmse < low.loo_rmse
    assert last.loo_rmse <= high.loo_rmse
    new, _ = problem(300, (3, 6), seed=1)
    more = torch.randn(300, 200, generator=random, dtype=torch.float64)
    difference = last.predict([*new, more]) - high.predict(new)
    assert float(difference.square().mean().sqrt()) < 0.3 * high.loo_rmse


def test_scaling_an_order_scales_its_weights_only() -> None:
    orders, targets = problem(40, (3, 8))
    once = RidgePerOrder().fit(orders, targets)[-1]
    scaled = RidgePerOrder().fit([orders[0], 1e4 * orders[1]], targets)[-1]
    assert once.regularizers == scaled.regularizers
    torch.testing.assert_close(1e4 * scaled.weights[1], once.weights[1], rtol=1e-9, atol=0.0)


def test_features_that_are_all_zero_get_no_weight() -> None:
    orders, targets = problem(20, (3,))
    solution = RidgePerOrder().fit([*orders, torch.zeros(20, 4).double()], targets)[-1]
    assert float(solution.weights[1].abs().max()) == 0.0
    assert solution.regularizers[1] == math.inf


@pytest.mark.parametrize("regularizers", [(), (0.0,), (1e-3, -1.0), (math.inf,)])
def test_regularizers_must_be_positive(regularizers: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="positive and finite"):
        RidgePerOrder(regularizers)


def test_shapes_and_types_are_checked() -> None:
    orders, targets = problem(10, (3, 2))
    with pytest.raises(ValueError, match="do not match"):
        RidgePerOrder().fit(orders, targets[:-1])
    with pytest.raises(ValueError, match="do not match"):
        RidgePerOrder().fit([], targets)
    with pytest.raises(TypeError, match="float64"):
        RidgePerOrder().fit([orders[0].float(), orders[1]], targets)
