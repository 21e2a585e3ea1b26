"""The matrix of an audit shows each verdict in its cell."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from rhobar.plotting import audit_matrix, save_figure

CELLS = pd.DataFrame(
    [
        ("nu2", "env3b", 1e-17, "blind"),
        ("nu2", "hexagon", 0.25, "resolved"),
        ("nu2", "control", 1e-15, "equal"),
        ("gnn", "env3b", 2e-4, "weak"),
        ("gnn", "hexagon", 0.0, "blind"),
        ("gnn", "control", 1e-2, "wrong"),
    ],
    columns=["model", "family", "distance", "verdict"],
)


def test_cells_say_their_verdict_or_number(tmp_path: Path) -> None:
    figure = audit_matrix(CELLS)
    axis = figure.axes[0]
    texts = {text.get_position(): text.get_text() for text in axis.texts}
    assert [texts[column, 0] for column in range(3)] == ["blind", "-0.6", "equal"]
    assert [texts[column, 1] for column in range(3)] == ["weak", "blind", "wrong"]
    assert [tick.get_text() for tick in axis.get_yticklabels()] == ["nu2", "gnn"]
    assert [tick.get_text() for tick in axis.get_xticklabels()] == ["env3b", "hexagon", "control"]
    save_figure(figure, tmp_path / "matrix.pdf")
    assert (tmp_path / "matrix.pdf").stat().st_size > 1000


def test_darker_is_further_apart() -> None:
    (image,) = audit_matrix(CELLS).axes[0].images
    values = image.get_array()
    assert values is not None
    assert values[0, 1] > values[1, 0] > values[0, 0] == values[1, 1] == -10.0
