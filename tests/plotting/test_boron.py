"""Figures of pairs of B8 clusters show the numbers of their tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rhobar.plotting import boron_distances, boron_energies, boron_errors

MINIMUM = -198.27291671238572 * 27.211386245988


@pytest.fixture
def predictions() -> pd.DataFrame:
    """Six structures; D gives both members of a pair their mean, B is half right."""
    reference = MINIMUM + np.array([7.0, 7.4, 9.0, 8.0, 13.0, 11.9])
    mean = np.repeat(reference.reshape(-1, 2).mean(axis=1), 2)
    found = {"D_NL": mean, "B_NL": (reference + mean) / 2, "B_NL_delta": reference}
    tables = [
        pd.DataFrame(
            {
                "model": name,
                "part": ["train", "train", "test", "test", "test", "test"],
                "structure": range(6),
                "reference": reference,
                "predicted": values,
            }
        )
        for name, values in found.items()
    ]
    return pd.concat(tables, ignore_index=True)


def test_members_of_test_pairs_in_the_window_are_joined(predictions: pd.DataFrame) -> None:
    axes = boron_energies(predictions.sample(frac=1, random_state=0)).axes
    lines = [axis.collections[0].get_segments() for axis in axes[:2]]
    np.testing.assert_allclose(lines[0], [[[9.0, 8.5], [8.0, 8.5]]])
    np.testing.assert_allclose(lines[1], [[[9.0, 8.75], [8.0, 8.25]]])


def test_the_legend_states_the_relative_error_of_differences(predictions: pd.DataFrame) -> None:
    legend = boron_energies(predictions).axes[2].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "D, nonlinear: 1.000",
        "B, nonlinear: 0.500",
        "B, pairs weighted: 0.000",
    ]


def test_every_model_has_its_line_of_errors() -> None:
    errors = pd.DataFrame(
        {
            "model": ["D_L", "D_L", "B_NL", "B_NL"],
            "part": ["train", "test"] * 2,
            "mean_relative": [0.4, 0.45, 0.01, 0.05],
            "delta_relative": [1.0, 1.0, 0.2, 0.4],
        }
    )
    left, right = boron_errors(errors).axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["B, nonlinear", "D, linear"]
    points = [np.asarray(points.get_offsets())[0].tolist() for points in right.collections]
    assert points == [[0.2, 0.0], [0.4, 0.0], [1.0, 1.0], [1.0, 1.0]]
    assert [text.get_text() for text in right.texts] == ["0.400", "1.000"]


def test_an_unknown_model_is_refused() -> None:
    from rhobar.plotting._boron_models import boron_model

    with pytest.raises(ValueError, match="Model 'E_NL' of B8 clusters has no style"):
        boron_model("E_NL")


def test_distances_that_are_rounding_are_drawn_at_the_lower_edge() -> None:
    rows = [
        {"representation": name, "kind": kind, "reference": 0.1, "distance": distance}
        for name in ("order3", "linear", "nonlinear")
        for kind, distance in (("degenerate", 0.0), ("other", 0.2))
    ]
    axes = boron_distances(pd.DataFrame(rows)).axes
    heights = [np.asarray(points.get_offsets())[:, 1] for points in axes[0].collections]
    assert [values.tolist() for values in heights] == [[0.2], [], [], [1e-8]]
