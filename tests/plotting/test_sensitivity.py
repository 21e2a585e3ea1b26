"""Figures of sensitivities: medians, bands, counted zeros, slopes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rhobar.plotting import jacobian_spectra, manifold_collapse


def test_medians_and_bands(spectra: pd.DataFrame) -> None:
    left = jacobian_spectra(spectra).axes[0]
    for line, band, nu in zip(left.get_lines(), left.collections, (1, 2, 3), strict=True):
        groups = spectra[spectra["nu"] == nu].groupby("number")["singular_value"]
        seen = [1, 2, 3, 4] if nu == 1 else list(range(1, 10))
        np.testing.assert_array_equal(line.get_xdata(), seen)
        np.testing.assert_allclose(line.get_ydata(), groups.median()[seen])
        heights = band.get_paths()[0].vertices
        for number in seen:
            column = heights[heights[:, 0] == number, 1]
            np.testing.assert_allclose(column.min(), groups.quantile(0.05)[number])
            np.testing.assert_allclose(column.max(), groups.quantile(0.95)[number])


def test_blind_directions_are_counted(spectra: pd.DataFrame) -> None:
    (legend,) = jacobian_spectra(spectra).legends
    labels = [text.get_text() for text in legend.texts]
    assert labels == [
        "ν = 1, radial spectrum (5 blind)",
        "ν = 2, power spectrum",
        "ν = 3, bispectrum",
    ]


def test_shares_of_structures(spectra: pd.DataFrame) -> None:
    right = jacobian_spectra(spectra).axes[1]
    lines = right.get_lines()
    assert len(lines) == 2  # orders without blind directions
    table = spectra[spectra["nu"] == 2].groupby("structure")["singular_value"]
    ratios = np.sort(table.min() / table.max())
    np.testing.assert_allclose(lines[0].get_xdata(), ratios)
    np.testing.assert_allclose(lines[0].get_ydata(), np.arange(1, 41) / 40)


def test_slopes_stand_in_the_legend(manifold: pd.DataFrame) -> None:
    for axis in manifold_collapse(manifold).axes:
        labels = [text.get_text() for text in axis.get_legend().texts]
        assert labels == ["ν = 2, power spectrum: slope 1.00", "ν = 3, bispectrum: slope 0.00"]
        assert (axis.get_xscale(), axis.get_yscale()) == ("log", "log")
        assert axis.get_xlabel().endswith("(Å)")


def test_the_crossing_itself_is_left_out(manifold: pd.DataFrame) -> None:
    line = manifold_collapse(manifold).axes[1].get_lines()[0]
    rows = manifold[(manifold["nu"] == 2) & (manifold["v"] > 0)]
    np.testing.assert_allclose(line.get_xdata(), rows["v"])
    np.testing.assert_allclose(line.get_ydata(), rows["response"])
