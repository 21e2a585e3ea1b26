"""Figures are the same bytes for the same numbers, whatever the user's own settings."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import pandas as pd
import pytest

from rhobar.plotting import body_order, figure_style, new_figure, save_figure


@pytest.mark.parametrize("ending", [".pdf", ".png", ".svg"])
def test_same_numbers_same_bytes(ending: str, tmp_path: Path, body_orders: pd.DataFrame) -> None:
    first, second = tmp_path / f"first{ending}", tmp_path / f"second{ending}"
    save_figure(body_order(body_orders), first)
    with matplotlib.rc_context({"font.size": 20, "lines.linewidth": 9, "savefig.dpi": 30}):
        save_figure(body_order(body_orders), second)
    assert first.read_bytes() == second.read_bytes()


def test_other_numbers_other_bytes(tmp_path: Path, body_orders: pd.DataFrame) -> None:
    save_figure(body_order(body_orders), tmp_path / "a.png")
    changed = body_orders.assign(relative_rmse=0.9 * body_orders["relative_rmse"])
    save_figure(body_order(changed), tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "b.png").read_bytes()


def test_unknown_ending_is_refused(tmp_path: Path) -> None:
    with figure_style():
        figure = new_figure(1.0, 1.0)
    with pytest.raises(ValueError, match=r"not as '\.bmp'"):
        save_figure(figure, tmp_path / "a.bmp")
    assert list(tmp_path.iterdir()) == []


def test_figures_need_no_display_and_no_global_state(body_orders: pd.DataFrame) -> None:
    before = dict(matplotlib.rcParams)
    body_order(body_orders)
    assert dict(matplotlib.rcParams) == before
