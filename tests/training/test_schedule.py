"""Factors of the learning rate, written out."""

from __future__ import annotations

import pytest

from rhobar.training import Cosine, Plateau


def test_cosine() -> None:
    schedule = Cosine(final=0.1)
    factors = [schedule.factor(progress, []) for progress in (0.0, 0.5, 1.0)]
    assert factors == pytest.approx([1.0, 0.55, 0.1], abs=1e-15)
    assert schedule.factor(1 / 3, []) == pytest.approx(0.1 + 0.9 * 0.75, rel=1e-14)


@pytest.mark.parametrize(
    ("scores", "factor"),
    [
        ([], 1.0),
        ([3, 2, 1], 1.0),
        ([3, 2, 2], 1.0),  # one is no better
        ([3, 2, 2, 4], 0.5),
        ([3, 2, 2, 4, 5], 0.5),  # waits anew
        ([3, 2, 2, 4, 5, 6], 0.25),
        ([3, 2, 2, 4, 1, 1, 1], 0.25),
        ([3, 2, 4, 1, 2, 0.5], 1.0),
    ],
)
def test_plateau(scores: list[float], factor: float) -> None:
    assert Plateau(reduction=0.5, patience=2).factor(0.3, scores) == factor


def test_refused() -> None:
    with pytest.raises(ValueError, match=r"final = 1\.5"):
        Cosine(final=1.5)
    with pytest.raises(ValueError, match=r"reduction = 1\.0"):
        Plateau(reduction=1.0)
    with pytest.raises(ValueError, match="patience = 0"):
        Plateau(patience=0)
