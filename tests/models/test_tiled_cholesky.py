"""The factor in tiles on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rhobar.models.tiled_cholesky import TiledCholesky
from tests.models.nu_kernels import labelled


@pytest.mark.parametrize("tile", [7, 20, 60, 100])
def test_solution(tmp_path: Path, tile: int) -> None:
    data = labelled(60, seed=3)
    matrix, targets = data.kernels.sum(axis=-1), data.targets.ravel()

    def block(rows: range, columns: range) -> np.ndarray:
        return matrix[rows.start : rows.stop, columns.start : columns.stop].copy()

    factor = TiledCholesky(block, 60, tile, tmp_path)
    count = -(-60 // tile)
    assert len([*tmp_path.iterdir()]) == count * (count + 1) / 2
    expected = np.linalg.solve(matrix + np.eye(60), targets)
    assert factor.solve(targets) == pytest.approx(expected, rel=1e-10, abs=1e-10)


def test_a_kernel_that_is_not_positive_definite_is_refused(tmp_path: Path) -> None:
    matrix = np.diag([1.0, 2.0, 1.0, -3.0])
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        TiledCholesky(
            lambda r, c: matrix[r.start : r.stop, c.start : c.stop].copy(), 4, 2, tmp_path
        )
