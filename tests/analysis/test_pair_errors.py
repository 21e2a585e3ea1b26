"""Errors of means and differences of pairs, from written-out numbers and by their sum rule."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rhobar.analysis import pair_errors


def test_written_out() -> None:
    found = pair_errors([1.0, 2.0, 5.0, 5.0], [1.0, 4.0, 2.0, 3.0])
    # means 1.5 and 5 beside 2.5 and 2.5; differences -1 and 0 beside -3 and -1
    assert found.mean == pytest.approx(math.sqrt((1.0 + 6.25) / 2), rel=1e-14)
    assert found.delta == pytest.approx(math.sqrt((4.0 + 1.0) / 2), rel=1e-14)
    assert found.delta_relative == pytest.approx(math.sqrt(5.0 / 10.0), rel=1e-14)
    assert found.mean_relative == pytest.approx(found.mean / np.std([1, 4, 2, 3]), rel=1e-14)
    assert found.n_pairs == 2


def test_means_and_differences_add_up_to_the_error_of_structures() -> None:
    generator = np.random.default_rng(0)
    p, y = generator.normal(size=(2, 50, 3))
    assert pair_errors(p, y).rmse == pytest.approx(np.sqrt(np.mean((p - y) ** 2)), rel=1e-13)


def test_a_model_blind_to_pairs_has_a_relative_delta_of_one() -> None:
    generator = np.random.default_rng(1)
    p, y = np.repeat(generator.normal(size=20), 2), generator.normal(size=40) + 1.0
    found = pair_errors(p, y)
    assert found.delta_relative == pytest.approx(1.0, abs=1e-14)
    # and no better than the floor of half the differences
    assert found.rmse >= np.sqrt(np.mean((y[::2] - y[1::2]) ** 2) / 4)


def test_the_order_of_members_has_no_meaning() -> None:
    generator = np.random.default_rng(2)
    p, y = generator.normal(size=(2, 10, 2))
    before = pair_errors(p.ravel(), y.ravel())
    p[:3], y[:3] = p[:3, ::-1].copy(), y[:3, ::-1].copy()
    assert pair_errors(p.ravel(), y.ravel()).delta_relative == pytest.approx(
        before.delta_relative, rel=1e-14
    )


@pytest.mark.parametrize(
    ("p", "y", "message"),
    [
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], "are no pairs"),
        ([1.0, 2.0], [1.0, 2.0, 3.0, 4.0], "are no pairs"),
        ([1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 3.0, 3.0], "have equal targets"),
    ],
)
def test_what_is_no_pair_is_refused(p: list[float], y: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pair_errors(p, y)
