"""Feature spaces and their comparison: axes may turn, distances and errors may not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import density_local_reconstruction
import density_reconstruction
import density_spaces
from tests.workflow.test_density_nice import NICE

PROTOCOL = {"n_environments": 40, "seed": 0, "nice": NICE, "sizes": [[2, 1], [3, 2]]}


@pytest.fixture(scope="module")
def spaces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("spaces") / "spaces.npz"
    density_spaces.main(path, PROTOCOL)
    return path


def test_spaces_are_of_the_same_environments_and_small(spaces: Path) -> None:
    with np.load(spaces, allow_pickle=False) as arrays:
        shapes = {name: arrays[name].shape for name in arrays}
    assert {"radial", "SOAP (3, 2)", "bispectrum (2, 1)", "NICE ν ≤ 3", "SOAP sharp"} < set(shapes)
    assert all(rows == 40 and columns <= 40 for rows, columns in shapes.values())


@pytest.mark.parametrize("shape", [(20, 50), (50, 20)])
def test_turned_features_have_the_same_distances(shape: tuple[int, int]) -> None:
    features = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    turned = torch.from_numpy(density_spaces.turned(features))
    assert turned.shape == (shape[0], 20)
    torch.testing.assert_close(
        torch.cdist(turned, turned), torch.cdist(features, features), rtol=0.0, atol=1e-6
    )


def test_errors_of_every_pair(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(60, 6))
    spaces, errors = tmp_path / "spaces.npz", tmp_path / "errors.parquet"
    np.savez(spaces, all=rows, some=rows[:, :2])
    density_reconstruction.main(spaces, errors)
    found = pd.read_parquet(errors).set_index(["source", "target"])
    assert len(found) == 4
    assert found.loc[("all", "some"), "gfre"] < 1e-10
    assert found.loc[("all", "all"), "gfrd"] < 1e-10
    assert found.loc[("some", "all"), "gfre"] > 0.5


def test_local_errors_of_every_number_of_points(spaces: Path, tmp_path: Path) -> None:
    errors = tmp_path / "errors.parquet"
    density_local_reconstruction.main(spaces, errors, [3, 6])
    found = pd.read_parquet(errors)
    assert len(found) == 2 * 6
    assert set(found["n_local"]) == {3, 6}
    assert found["lfre"].between(0.0, 5.0).all()
