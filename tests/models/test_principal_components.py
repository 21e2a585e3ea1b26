"""Principal components beside the eigenvectors of the covariance."""

from __future__ import annotations

import numpy as np
import pytest

from rhobar.models import PrincipalComponents


def groups(n_rows: int, seed: int = 0) -> list[np.ndarray]:
    """Correlated columns around 5, and a group that is 1000 times smaller."""
    generator = np.random.default_rng(seed)
    large = 5.0 + generator.normal(size=(n_rows, 4)) @ generator.normal(size=(4, 4))
    return [large, 1e-3 * generator.normal(size=(n_rows, 2))]


@pytest.mark.parametrize("n_rows", [5, 50])
def test_the_equation(n_rows: int) -> None:
    rows = groups(n_rows)
    scaled = np.concatenate(
        [group / np.sqrt(((group - group.mean(0)) ** 2).mean(0).sum()) for group in rows], axis=1
    )
    centered = scaled - scaled.mean(0)
    _, vectors = np.linalg.eigh(centered.T @ centered)
    expected = np.abs(centered @ vectors[:, ::-1][:, :3])
    found = PrincipalComponents.fit(rows, 3)(rows)
    assert np.abs(found) / np.abs(found).max() == pytest.approx(
        expected / expected.max(), abs=1e-12
    )
    assert np.square(found).sum() / (n_rows - 1) == pytest.approx(3.0, rel=1e-12)


def test_small_groups_count_as_much() -> None:
    found = PrincipalComponents.fit(groups(200), 6)
    energy = np.square(np.linalg.pinv(found.axes)).sum(axis=1)
    assert found.n_components == 6
    assert np.isfinite(energy).all()
    both = [group.copy() for group in groups(200)]
    both[1] *= 1e3
    assert PrincipalComponents.fit(both, 6)(both) == pytest.approx(
        found(groups(200)), rel=1e-9, abs=1e-9
    )


def test_equal_rows_stay_equal_and_no_rounding_is_blown_up() -> None:
    rows = groups(40)
    rows[0][1], rows[1][1] = rows[0][0], rows[1][0]
    rows[0][:, 3] = rows[0][:, 2]  # a direction that holds rounding alone
    found = PrincipalComponents.fit(rows, 6)(rows)
    assert np.array_equal(found[0], found[1])
    assert np.abs(found[:, 5]).max() < 1e-12


def test_components_are_as_many_as_rows_allow() -> None:
    assert PrincipalComponents.fit(groups(4), 100).n_components == 4


def test_what_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(ValueError, match="no feature varies"):
        PrincipalComponents.fit([np.ones((5, 2))], 2)
    rows = groups(5)
    rows[0][0, 0] = np.nan
    with pytest.raises(ValueError, match="are not finite"):
        PrincipalComponents.fit(rows, 2)
