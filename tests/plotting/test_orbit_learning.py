"""The figure of the orbit: what stands in its panels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rhobar.plotting import orbit_learning


def test_errors_stand_over_the_deviation() -> None:
    path = np.linspace(0.0, 0.8, 9)
    target = 1.0 + 0.1 * np.cos(8 * path)
    tables = []
    for run, step in (("none", 0), ("few", 4), ("all", 1)):
        trained = np.arange(9) % step == 0 if step else np.zeros(9, dtype=bool)
        predicted = target if run == "all" else np.full(9, target.mean())
        columns = {"path": path, "trained": trained, "target": target, "predicted": predicted}
        tables.append(pd.DataFrame({"run": run, "part": "orbit", **columns}))
        random = np.linspace(0.7, 3.0, 20)
        columns = {"path": np.nan, "trained": True, "target": random, "predicted": random}
        tables.append(pd.DataFrame({"run": run, "part": "train", **columns}))
    figure = orbit_learning(pd.concat(tables, ignore_index=True))
    texts = [axis.get_title() for axis in figure.axes[3:]]
    assert texts == ["error 1.000 σ", "error 1.000 σ", "error 0.000 σ"]
    titles = [axis.get_title() for axis in figure.axes[:3]]
    assert titles[:2] == ["random methane only", "random and 3 points of the orbit"]
    learned = [len(axis.get_lines()[1].get_xdata()) for axis in figure.axes[3:]]
    assert learned == [0, 3, 9]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.texts][-3:] == ["true", "learned", "predicted"]
