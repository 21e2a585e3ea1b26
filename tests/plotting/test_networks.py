"""Figures of networks of distances: what is drawn where."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rhobar.plotting import network_differences, network_training, preset_energies


def test_zeros_are_drawn_at_the_left_end() -> None:
    kinds = {"float64": 0.0, "float32": 1e-7, "displaced": 1e-3, "angles": 0.1}
    rows = [
        {"family": family, "comparison": kind, "difference": value}
        for family in ("planes", "c6_bulk")
        for kind, value in kinds.items()
    ]
    (axis,) = network_differences(pd.DataFrame(rows)).axes
    lines = axis.get_lines()
    assert [line.get_xdata()[0] for line in lines] == [1e-17, 1e-7, 1e-3, 0.1]
    assert [text.get_text() for text in axis.get_yticklabels()] == ["planes", "c6 bulk"]
    labels = axis.xaxis.get_major_formatter().format_ticks([1e-17, 1e-3])
    assert labels == ["0", "$10^{-3}$"]
    heights = np.concatenate([line.get_ydata() for line in lines])
    np.testing.assert_allclose(np.round(heights), [0, 1] * 4)


def test_squares_of_labels_and_meV_of_energies() -> None:
    rows = [
        {"target": target, "model": model, "epoch": epoch, "rmse": value / epoch, "floor": 0.25}
        for target in ("labels", "energies")
        for model, value in (("distances", 0.5), ("angles", 0.3))
        for epoch in (1, 2, 3)
    ]
    left, right = network_training(pd.DataFrame(rows)).axes
    for axis, power, scale in ((left, 2, 1.0), (right, 1, 1e3)):
        blind, seeing, floor = axis.get_lines()
        expected = scale * (0.5 / np.array([1, 2, 3])) ** power
        np.testing.assert_allclose(blind.get_ydata(), expected)
        np.testing.assert_allclose(seeing.get_ydata(), expected * 0.6**power)
        np.testing.assert_allclose(floor.get_ydata(), scale * 0.25**power)
    assert left.get_ylabel() == "mean squared error"
    assert right.get_ylabel() == "RMSE (meV)"


def test_half_the_differences() -> None:
    rows = [
        {"preset": preset, "potential": "xTB", "quantity": name, "first": 1.0, "second": 1.0 + gap}
        for preset, factor in (("mx6", 1.0), ("c6_bulk", 2.0))
        for name, gap in (("energy", 4 * factor), ("a[0]", 6 * factor), ("a[1]", 0.0))
    ]
    left, right = preset_energies(pd.DataFrame(rows)).axes
    assert left.get_lines()[0].get_xdata().tolist() == [2.0, 4.0]
    assert right.get_lines()[0].get_xdata() == pytest.approx([np.sqrt(4.5), np.sqrt(18.0)])
    assert [text.get_text() for text in left.get_yticklabels()] == ["mx6", "c6 bulk"]
