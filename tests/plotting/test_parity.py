"""The parity figure shows energies counted from the composition baseline."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rhobar.plotting import parity


def test_points_are_energies_above_the_baseline(predictions: pd.DataFrame) -> None:
    figure = parity(predictions)
    rows = predictions[(predictions["dataset"] == "minimol") & (predictions["model"] == "kernel")]
    expected = np.column_stack([rows["reference"] + 1000.0, rows["predicted"] + 1000.0])
    np.testing.assert_allclose(figure.axes[1].collections[1].get_offsets(), expected)


def test_legend_states_the_mean_absolute_error(predictions: pd.DataFrame) -> None:
    figure = parity(predictions)
    rows = predictions[(predictions["dataset"] == "methane") & (predictions["model"] == "linear")]
    mae = 1e3 * (rows["predicted"] - rows["reference"]).abs().mean()
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts[0] == f"linear SOAP: MAE {float(f'{mae:.3g}'):g} meV"


def test_errors_outside_the_picture_are_counted(predictions: pd.DataFrame) -> None:
    wild = predictions.copy()
    wild.loc[wild.index[0], "predicted"] += 100.0
    title = parity(wild).axes[2].get_title(loc="right")
    lower, upper = parity(wild).axes[2].get_ylim()
    errors = (wild["predicted"] - wild["reference"])[wild["dataset"] == "methane"]
    outside = int(((errors < lower) | (errors > upper)).sum())
    assert outside >= 1
    assert title == f"{outside} of {len(errors)} errors lie outside"
