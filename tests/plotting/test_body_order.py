"""The body-order figure: one panel per target, one line per model."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rhobar.plotting import body_order


def test_each_panel_holds_every_model(body_orders: pd.DataFrame) -> None:
    figure = body_order(body_orders)
    assert [axis.get_title() for axis in figure.axes] == [
        "2-body target",
        "3-body target",
        "4-body target",
    ]
    for axis, target in zip(figure.axes, (2, 3, 4), strict=True):
        for line, model in zip(axis.get_lines(), ("nu1", "nu2", "nu3"), strict=False):
            chosen = (body_orders["target"] == target) & (body_orders["model"] == model)
            np.testing.assert_allclose(line.get_ydata(), body_orders[chosen]["relative_rmse"])
