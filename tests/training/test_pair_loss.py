"""The loss of pairs beside its equation."""

from __future__ import annotations

import pytest
import torch

from rhobar.training import PairLoss


def test_the_equation() -> None:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(6, 2, generator=generator, dtype=torch.float64)
    targets = torch.randn(6, generator=generator, dtype=torch.float64)
    model = torch.nn.Sequential(torch.nn.Linear(2, 1, dtype=torch.float64), torch.nn.Flatten(0))
    model.requires_grad_(False)
    expected = 0.0
    for pair in (2, 0):
        first, second = (
            float(model(features[2 * pair + member][None])[0] - targets[2 * pair + member])
            for member in (0, 1)
        )
        expected += ((first**2 + second**2) / 2 + 7.0 * (first - second) ** 2) / 2
    loss = PairLoss(features, targets, difference_weight=7.0)
    assert loss.n_pairs == 3
    assert loss(model, torch.tensor([2, 0])).item() == pytest.approx(expected, rel=1e-13)


def test_several_targets_are_averaged() -> None:
    features = torch.ones(2, 3)
    loss = PairLoss(features, torch.tensor([[0.0, 1.0, 1.0], [1.0, 1.0, 1.0]]))
    assert loss(torch.nn.Identity(), torch.tensor([0])).item() == pytest.approx(1 / 6)


@pytest.mark.parametrize(
    ("n_targets", "weight", "message"), [(3, 0.0, "are no pairs"), (4, -1.0, "is below 0")]
)
def test_refused(n_targets: int, weight: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PairLoss(torch.ones(n_targets, 1), torch.ones(n_targets), difference_weight=weight)
