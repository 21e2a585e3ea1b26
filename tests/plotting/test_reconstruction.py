"""Maps and curves of reconstruction errors show the numbers they were given."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rhobar.plotting import local_reconstruction, reconstruction_maps


def test_rows_are_sources_and_columns_targets(reconstructions: pd.DataFrame) -> None:
    axes = reconstruction_maps(reconstructions).axes
    gfre = np.asarray(axes[0].get_images()[0].get_array())
    names = [label.get_text() for label in axes[0].get_yticklabels()]
    assert names == list(dict.fromkeys(reconstructions["source"]))
    assert [label.get_text() for label in axes[0].get_xticklabels()] == names
    for row in reconstructions.itertuples():
        assert gfre[names.index(row.source), names.index(row.target)] == row.gfre
    gfrd = np.asarray(axes[1].get_images()[0].get_array())
    np.testing.assert_array_equal(gfrd, gfrd.T)
    assert "GFRE" in axes[0].get_title()
    assert "GFRD" in axes[1].get_title()


def test_cells_carry_their_numbers(reconstructions: pd.DataFrame) -> None:
    texts = [text.get_text() for text in reconstruction_maps(reconstructions).axes[0].texts]
    assert texts[:4] == ["0", ".25", ".50", ".75"]
    small = reconstructions.assign(gfre=0.001)
    assert {text.get_text() for text in reconstruction_maps(small).axes[0].texts} == {"<.01"}
    large = reconstructions.assign(gfre=1.02)
    assert {text.get_text() for text in reconstruction_maps(large).axes[0].texts} == {"1.02"}


def test_order_of_rows_does_not_matter(reconstructions: pd.DataFrame) -> None:
    first = reconstructions.iloc[:4]
    shuffled = pd.concat([first, reconstructions.iloc[4:].sample(frac=1.0, random_state=0)])
    names = list(dict.fromkeys(shuffled["source"]))
    image = reconstruction_maps(shuffled).axes[0].get_images()[0]
    expected = reconstructions.pivot_table(index="source", columns="target", values="gfre")
    np.testing.assert_array_equal(np.asarray(image.get_array()), expected.loc[names, names])


def test_local_errors_by_pair(local_reconstructions: pd.DataFrame) -> None:
    figure = local_reconstruction(local_reconstructions)
    lines = figure.axes[0].get_lines()
    labels = [line.get_label() for line in lines]
    assert labels == ["radial → SOAP (8, 6)", "SOAP (8, 6) → x"]
    np.testing.assert_allclose(lines[0].get_ydata(), 9.0 / np.array([5, 10, 20, 40]))
    ticks = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert ticks == ["5", "10", "20", "40"]
