"""One kernel of all orders, cut out of the chunks of a store and multiplied chunk by chunk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from rhobar.kernels import KernelStore, StoredMixture, WignerKernel
from rhobar.kernels import wigner_pairs as pairs_module
from tests.kernels.stored_frames import DENSITY, frames, store

WEIGHTS = (3.0, 0.1, 0.5, 0.0, 2.0)
ROWS = [range(11), range(3, 9), [0, 2, 3, 4, 7, 10], []]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> KernelStore:
    """Eleven structures in chunks of four."""
    return store(tmp_path_factory.mktemp("store")).compute_missing()


@pytest.fixture(scope="module")
def whole(full: KernelStore) -> np.ndarray:
    kernels = WignerKernel(DENSITY, engine="cg").matrices(frames())
    return (kernels @ torch.tensor(WEIGHTS, dtype=torch.float64)).numpy()


@pytest.mark.parametrize("rows", ROWS, ids=str)
@pytest.mark.parametrize("columns", ROWS, ids=str)
def test_parts_and_products(full: KernelStore, whole: np.ndarray, rows, columns) -> None:
    mixture = StoredMixture(full, WEIGHTS)
    expected = whole[np.ix_(rows, columns)] if len(rows) and len(columns) else None
    found = mixture.block(rows, columns)
    assert found.shape == (len(rows), len(columns))
    vectors = np.random.default_rng(0).normal(size=(len(columns), 2))
    product = mixture.product(vectors, rows, columns)
    assert product.shape == (len(rows), 2)
    if expected is None:
        assert (product == 0).all()
        return
    assert found == pytest.approx(expected, rel=1e-13)
    assert product == pytest.approx(expected @ vectors, rel=1e-11, abs=1e-11)
    assert mixture.product(vectors[:, 0], rows, columns).tolist() == pytest.approx(
        product[:, 0], rel=1e-13
    )


def test_rows_of_tensors(tmp_path: Path) -> None:
    kernel = WignerKernel(DENSITY, nu_max=2, engine="cg")
    found = KernelStore.of(tmp_path, kernel, frames(5), chunk=3, target=(1, 1)).compute_missing()
    weights = torch.tensor([0.0, 1.0, 0.5], dtype=torch.float64)
    whole = (kernel.matrices(frames(5), target=(1, 1)) @ weights).reshape(15, 15).numpy()
    mixture = StoredMixture(found, weights.tolist())
    assert mixture.n_rows == 15
    rows, columns = [1, 2, 8, 9, 10], range(4, 12)
    assert mixture.block(rows, columns) == pytest.approx(whole[np.ix_(rows, columns)], rel=1e-13)
    vector = np.arange(8.0)
    assert mixture.product(vector, rows, columns) == pytest.approx(
        whole[np.ix_(rows, columns)] @ vector, rel=1e-11
    )


def test_only_the_chunks_that_are_needed_are_read(tmp_path: Path, whole: np.ndarray) -> None:
    """The kernels of test structures with each other are never computed."""
    begun = store(tmp_path)
    for chunk in [(0, 0), (0, 1), (1, 1), (0, 2), (1, 2)]:
        begun.compute(*chunk)
    mixture = StoredMixture(begun, WEIGHTS)
    assert mixture.block(range(8, 11), range(8)) == pytest.approx(whole[8:, :8], rel=1e-13)
    with pytest.raises(FileNotFoundError, match="wk_002_002"):
        mixture.block(range(8, 11), range(9))


def test_refused(full: KernelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"5 weights are due, of ν = 0 … 4; got shape"):
        StoredMixture(full, (1.0, 2.0))
    mixture = StoredMixture(full, WEIGHTS)
    for rows in ([2, 1], [1, 1], [-1, 0], range(12), [[0]]):
        with pytest.raises(ValueError, match="increasing numbers from 0 to 10"):
            mixture.block(rows, range(2))
    with pytest.raises(ValueError, match="3 columns and 2 rows of vectors"):
        mixture.product(np.ones(2), range(4), range(3))
    monkeypatch.setattr(pairs_module, "available_memory", lambda: 900)
    with pytest.raises(MemoryError, match=r"\(11, 11\) take .* StoredMixture\.product"):
        mixture.block(range(11), range(11))
