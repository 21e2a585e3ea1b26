"""Verdicts at their bounds."""

from __future__ import annotations

import pytest

from rhobar.analysis import Verdict
from rhobar.analysis.completeness.verdict import control_verdict, pair_verdict, worst


@pytest.mark.parametrize(
    ("distance", "floor", "verdict"),
    [
        (0.0, 1e-10, "blind"),
        (0.99e-9, 1e-10, "blind"),
        (1.01e-9, 1e-10, "ambiguous"),
        (0.99e-7, 1e-10, "ambiguous"),
        (1.01e-7, 1e-10, "weak"),
        (0.99e-3, 1e-10, "weak"),
        (1.01e-3, 1e-10, "resolved"),
        (1.01e-3, 1e-5, "ambiguous"),  # in float32 rounding hides more
        (1.01e-2, 1e-5, "resolved"),
        (0.9e-4, 1e-5, "blind"),
    ],
)
def test_pairs(distance: float, floor: float, verdict: str) -> None:
    assert pair_verdict(distance, floor) == verdict


def test_controls() -> None:
    assert control_verdict(0.99e-7, 1e-10) == Verdict.EQUAL
    assert control_verdict(1.01e-7, 1e-10) == Verdict.WRONG


def test_the_worst_pair_decides() -> None:
    good = [Verdict.RESOLVED, Verdict.WEAK]
    assert worst(good) == Verdict.WEAK
    assert worst([*good, Verdict.BLIND]) == Verdict.BLIND
    assert worst([*good, Verdict.AMBIGUOUS]) == Verdict.AMBIGUOUS
    assert worst([Verdict.EQUAL, Verdict.WRONG]) == Verdict.WRONG
    assert worst([Verdict.EQUAL, Verdict.EQUAL]) == Verdict.EQUAL
