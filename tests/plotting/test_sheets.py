"""Figures of the methane sheets: slopes, crossings, forces."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rhobar.plotting import crossing_sheets, separating_force, sheet_spectra

MODELS = ("nu2", "nu3", "triplets")


def test_slopes_and_the_crossing_stand_in_words() -> None:
    rows = [
        {"model": model, "v": v, "number": number, "ratio": ratio}
        for model in MODELS
        for v in (0.0, 0.005, 0.01, 0.04, 0.3)
        for number, ratio in ((1, 1.0), (2, 0.2 * v if model == "nu2" else 0.05))
    ]
    figure = sheet_spectra(pd.DataFrame(rows))
    (legend,) = figure.legends
    labels = [text.get_text() for text in legend.texts]
    assert labels == [
        "ν = 2: slope 1.00",
        "ν = 3: slope 0.00",
        "nonlinear triplets: slope 0.00",
    ]
    titles = [axis.get_title().split(": ")[-1] for axis in figure.axes[:3]]
    assert titles == ["0", "0.05", "0.05"]


def test_distances_between_the_sheets() -> None:
    rows = [
        {
            "model": model,
            "sheet": sheet,
            "u": u,
            "lift": lift,
            "component_1": u,
            "component_2": lift,
            "component_3": sheet * (lift if model == "nu2" else 1.0),
            "difference": 2.0 * abs(lift) if model == "nu2" else 2.0,
        }
        for model in ("nu2", "nu3")
        for sheet in (-1, 1)
        for u in (0.4, 0.5, 0.6)
        for lift in (-0.1, 0.0, 0.1)
    ]
    figure = crossing_sheets(pd.DataFrame(rows))
    lines = figure.axes[2].get_lines()
    np.testing.assert_allclose(lines[0].get_ydata(), [0.2, 0.0, 0.2])
    np.testing.assert_allclose(lines[1].get_ydata(), 2.0)


def test_each_model_has_its_force() -> None:
    places = np.linspace(-0.5, 0.5, 5)
    rows = [
        pd.DataFrame({"model": model, "y": places, "energy": k + places, "force": -k - places})
        for k, model in enumerate(("exact", *MODELS))
    ]
    _, right = separating_force(pd.concat(rows)).axes
    drawn = {line.get_label(): line.get_ydata() for line in right.get_lines()[1:]}
    np.testing.assert_allclose(drawn["exact"], -places)
    np.testing.assert_allclose(drawn["fit to triplets"], -3.0 - places)
