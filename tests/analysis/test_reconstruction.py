"""Reconstruction errors: published definition, scikit-matter beside, exact properties."""

from __future__ import annotations

import numpy as np
import pytest
import skmatter.metrics
import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from numpy.typing import NDArray

from rhobar.analysis import RbfKernel, gfrd, gfre, kernel_features, lfre
from rhobar.kernels import PolynomialKernel
from tests.feature_blocks import N_ATOMS, feature_blocks

Matrix = NDArray[np.float64]

T = np.arange(60) / 10
X = np.column_stack([np.sin(T), np.cos(2 * T), 0.3 * np.sin(3 * T)])
Y = np.column_stack([np.sin(T) + 0.2 * np.cos(2 * T), np.sin(T) ** 2, np.cos(T)])
XS = np.column_stack([X, np.sin(T) ** 2])
EVEN, ODD = np.arange(0, 60, 2), np.arange(1, 60, 2)


def random(n_rows: int, n_features: int, seed: int) -> Matrix:
    """Features of decaying variance, correlated between matrices of any two seeds."""
    shared = np.random.default_rng(0).normal(size=(n_rows, 6))
    generator = np.random.default_rng(seed)
    mixed = np.tanh(shared @ generator.normal(size=(6, n_features)))
    return mixed * 0.8 ** np.arange(n_features) + 3.0


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (X, Y, (0.6414876669, 0.3906608060, 0.6375735650)),
        (Y, X, (0.2096235177, 0.7204122799, 0.0551526738)),
        (X, XS, (0.0, 0.0556074026, 0.0)),
    ],
    ids=["x-y", "y-x", "x-xs"],
)
def test_published_numbers(x: Matrix, y: Matrix, expected: tuple[float, float, float]) -> None:
    found = [
        measure(x, y, train=EVEN, test=ODD)
        for measure in (gfre, gfrd, lambda *a, **k: lfre(*a, n_local=10, **k))
    ]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


# (rows, features of x, features of y): few features, more than rows, many targets
SHAPES = [(60, 5, 7), (40, 50, 3), (40, 70, 90), (30, 4, 60)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("given", [False, True], ids=["default split", "given split"])
def test_equal_to_scikit_matter(shape: tuple[int, int, int], given: bool) -> None:
    n_rows, n_x, n_y = shape
    x, y = random(n_rows, n_x, 1), random(n_rows, n_y, 2)
    rows = np.random.default_rng(3).permutation(n_rows)
    split = {"train": rows[: n_rows // 3], "test": rows[n_rows // 2 :]} if given else {}
    theirs = {f"{part}_idx": index for part, index in split.items()}
    metrics = skmatter.metrics
    # scikit-matter refuses targets with fewer columns than the source; zeros change nothing
    wide = np.pad(y, ((0, 0), (0, max(0, n_x - n_y))))
    expected = [
        metrics.global_reconstruction_error(x, y, **theirs),
        metrics.global_reconstruction_distortion(x, wide, **theirs),
        metrics.local_reconstruction_error(x, y, 8, **theirs),
    ]
    found = [gfre(x, y, **split), gfrd(x, y, **split), lfre(x, y, n_local=8, **split)]
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_local_errors_do_not_depend_on_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = random(60, 5, 1), random(60, 7, 2)
    whole = lfre(x, y, n_local=8)
    monkeypatch.setattr("rhobar.analysis.local_reconstruction._CHUNK", 100)
    assert lfre(x, y, n_local=8) == pytest.approx(whole, rel=1e-12)


def test_a_space_reconstructs_itself_and_what_is_linear_in_it() -> None:
    x = random(80, 6, 1)
    linear = x @ np.random.default_rng(4).normal(size=(6, 9))
    for target in (x, linear, x[:, :3], 1e4 * x - 7.0):
        assert gfre(x, target) < 1e-10
        assert lfre(x, target) < 1e-10
    assert gfre(x[:, :3], x) > 0.01
    # beyond linear maps, but not beyond local ones as rows become dense
    line = np.linspace(-1, 1, 400)[:, None]
    assert gfre(line, line**2) > 0.9
    assert lfre(line, line**2) < 0.02
    assert lfre(line, line**2, n_local=5) < 2e-3


def test_distortion_sees_scaling_and_not_rotation() -> None:
    x = random(80, 6, 1)
    rotation = np.linalg.qr(np.random.default_rng(5).normal(size=(6, 6)))[0]
    assert gfrd(x, x @ rotation) < 1e-10
    assert gfrd(x, np.hstack([x @ rotation, np.ones((80, 2))])) < 1e-10
    assert gfrd(x, x * np.array([9, 1, 1, 1, 1, 1])) > 0.1


def test_scale_offset_and_constant_columns_do_not_count() -> None:
    x, y = random(60, 5, 1), random(60, 7, 2)
    constant = np.hstack([x, np.full((60, 3), 0.1)])
    for measure in (gfre, gfrd, lfre):
        expected = measure(x, y)
        assert measure(1e3 * x + 5.0, 1e-2 * y - 1.0) == pytest.approx(expected, rel=1e-7)
        assert measure(constant, y) == pytest.approx(expected, rel=1e-7)


def test_a_given_part_makes_the_other_one() -> None:
    assert gfre(X, Y, train=EVEN) == gfre(X, Y, test=ODD) == gfre(X, Y, train=EVEN, test=ODD)
    assert gfre(X, Y, train=EVEN, test=ODD[:5]) != gfre(X, Y, train=EVEN)


def test_tensors_and_blocks_are_taken() -> None:
    x, y = torch.from_numpy(X), torch.from_numpy(Y).requires_grad_()
    assert gfre(x, y) == gfre(X, Y)
    assert isinstance(gfre(x, y), float)


def test_blocks_are_joined_by_their_samples() -> None:
    blocks, other = feature_blocks(2), feature_blocks(3, seed=1)
    samples = [(system, atom) for system, count in enumerate(N_ATOMS) for atom in range(count)]
    dense = []
    for features, width in ((blocks, 2), (other, 3)):
        rows = np.zeros((len(samples), 3 * width))
        for number, block in enumerate(features.blocks()):
            for (system, atom), values in zip(
                block.samples.values.tolist(), block.values.tolist(), strict=True
            ):
                column = slice(number * width, (number + 1) * width)
                rows[samples.index((system, atom)), column] = values
        dense.append(rows)
    assert gfre(blocks, other) == pytest.approx(gfre(*dense), rel=1e-12)
    assert gfrd(blocks, dense[1]) == pytest.approx(gfrd(*dense), rel=1e-12)


def test_blocks_of_other_centers_are_refused() -> None:
    blocks = feature_blocks(2)
    fewer = TensorMap(Labels("center_type", torch.tensor([[1]])), [blocks.block(0).copy()])
    with pytest.raises(ValueError, match="x has 9 samples and y 4"):
        gfre(blocks, fewer)


def test_blocks_that_turn_are_refused() -> None:
    block = TensorBlock(
        values=torch.zeros(4, 3, 2),
        samples=Labels.range("system", 4),
        components=[Labels.range("o3_mu", 3)],
        properties=Labels.range("n", 2),
    )
    turning = TensorMap(Labels.range("o3_lambda", 1), [block])
    with pytest.raises(ValueError, match=r"x: the block .* turn with the structure"):
        gfre(turning, np.zeros((4, 1)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"train": [0, 1, 2], "test": [2, 3]}, "train and test share 1 rows, such as 2"),
        ({"train": [0, 1, 60]}, "there are 60 rows, counted from 0, and 60 is none"),
        ({"test": [-1]}, "-1 is none"),
        ({"test": [3, 3]}, "one is named twice"),
        ({"test": np.ones(60, dtype=bool)}, "list of integers, got an array of bool"),
        ({"train": [4]}, "1 training and 59 test rows"),
        ({"test": []}, "list of integers"),
    ],
)
def test_bad_rows_are_refused(arguments: dict[str, object], message: str) -> None:
    for measure in (gfre, gfrd, lfre):
        with pytest.raises(ValueError, match=message):
            measure(X, Y, **arguments)


def test_bad_features_are_refused() -> None:
    for measure in (gfre, gfrd, lfre):
        with pytest.raises(ValueError, match="x has 60 rows and y 59"):
            measure(X, Y[1:])
        with pytest.raises(ValueError, match="y does not vary over the 30 training rows"):
            measure(X, np.full((60, 4), 0.1))
        with pytest.raises(ValueError, match=r"x has shape \(60,\)"):
            measure(X[:, 0], Y)
        with pytest.raises(ValueError, match="y holds numbers that are not finite"):
            measure(X, np.where(Y > 0.9, np.nan, Y))
    with pytest.raises(ValueError, match="3 rows cannot be split"):
        gfre(X[:3], Y[:3])


@pytest.mark.parametrize("n_local", [1, 30, 31])
def test_too_few_or_many_local_rows_are_refused(n_local: int) -> None:
    with pytest.raises(ValueError, match=f"n_local = {n_local} with 30 training rows"):
        lfre(X, Y, n_local=n_local)


def test_a_linear_kernel_is_its_features() -> None:
    phi = kernel_features(X, PolynomialKernel(1))
    assert phi.shape == (60, 3)
    for measure in (gfre, gfrd, lfre):
        assert measure(phi, Y) == pytest.approx(measure(X, Y), rel=1e-8)


def test_scalar_products_of_kernel_features_are_the_centered_kernel() -> None:
    train = np.arange(40)
    phi = kernel_features(X, RbfKernel(1.0), train=train)
    scaled = (X - X[train].mean(0)) / np.sqrt(X[train].var(0).sum())
    squares = np.square(scaled[:, None] - scaled[None, train]).sum(-1)
    kernel = np.exp(-squares)
    centered = kernel - kernel.mean(1, keepdims=True) - kernel[train].mean(0) + kernel[train].mean()
    centered /= np.trace(centered[train]) / 40
    np.testing.assert_allclose(phi @ phi[train].T, centered, atol=1e-6)


def test_a_wider_kernel_is_in_a_sharper_one() -> None:
    sharp, wide = (kernel_features(X, RbfKernel(gamma)) for gamma in (4.0, 0.25))
    assert gfre(sharp, wide) < gfre(wide, sharp)
    # few active rows say less
    few = kernel_features(X, RbfKernel(4.0), train=EVEN, active=EVEN[::6])
    every = kernel_features(X, RbfKernel(4.0), train=EVEN)
    assert few.shape[1] == 4  # of 5 centered rows
    assert gfre(every, Y, train=EVEN) < gfre(few, Y, train=EVEN)


def test_bad_active_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="all of them training rows"):
        kernel_features(X, RbfKernel(1.0), train=EVEN, active=[0, 1])
    with pytest.raises(ValueError, match="gamma must be positive, got -1"):
        RbfKernel(-1.0)
