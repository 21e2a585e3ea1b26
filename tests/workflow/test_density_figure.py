"""Figures are files of the two endings, made from saved tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import density_figure


def test_every_figure_is_known_to_the_rules() -> None:
    rules = Path(__file__).parents[2] / "workflow" / "rules" / "density.smk"
    text = rules.read_text(encoding="utf-8")
    for figure in density_figure.FIGURES:
        assert f'"{figure}":' in text


@pytest.mark.parametrize("split", [False, True], ids=["one table", "two tables"])
def test_pdf_and_png_are_written(tmp_path: Path, curve_errors: pd.DataFrame, split: bool) -> None:
    parts = [curve_errors[:7], curve_errors[7:]] if split else [curve_errors]
    numbers = []
    for index, part in enumerate(parts):
        numbers.append(tmp_path / f"errors-{index}.parquet")
        part.to_parquet(numbers[-1])
    files = [tmp_path / "curves.pdf", tmp_path / "curves.png"]
    density_figure.main("learning_curves", numbers, files)
    assert files[0].read_bytes().startswith(b"%PDF")
    assert files[1].read_bytes().startswith(b"\x89PNG")
