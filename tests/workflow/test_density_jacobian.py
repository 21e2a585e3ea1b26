"""Sensitivities by order: what pairs cannot see, triples can."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import density_jacobian


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, pd.DataFrame]:
    folder = tmp_path_factory.mktemp("jacobians")
    spectra, manifold = folder / "spectra.parquet", folder / "manifold.parquet"
    density_jacobian.main(spectra, manifold, {"n_structures": 3, "seed": 0})
    return pd.read_parquet(spectra), pd.read_parquet(manifold)


def test_nine_directions_of_which_distances_see_four(
    tables: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    spectra = tables[0]
    assert spectra.groupby(["nu", "structure"]).size().eq(9).all()
    largest = spectra.groupby(["nu", "structure"])["singular_value"].transform("max")
    seen = spectra["singular_value"] > 1e-10 * largest
    assert seen.groupby(spectra["nu"]).sum().to_dict() == {1: 12, 2: 27, 3: 27}


def test_pairs_collapse_in_proportion_and_triples_do_not(
    tables: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    near = tables[1][tables[1]["v"] < 0.05]
    slopes = {
        nu: np.polyfit(np.log(rows["v"]), np.log(rows["smallest"]), 1)[0]
        for nu, rows in near.groupby("nu")
    }
    assert slopes[2] == pytest.approx(1.0, abs=0.05)
    assert slopes[3] == pytest.approx(0.0, abs=0.05)
