"""Features of any origin as scaled matrices, split for a comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from metatensor.torch import TensorMap
from numpy.typing import ArrayLike, NDArray

Features: TypeAlias = "NDArray[np.floating] | torch.Tensor | TensorMap"
"""``(row, feature)``, or blocks of invariants, whose rows are their samples"""

SPLIT_SEED = 0x5F3759DF


@dataclass(frozen=True)
class SplitFeatures:
    """Two sets of features of the same rows, scaled; ``(row, feature)`` float64 each."""

    x_train: NDArray[np.float64]
    x_test: NDArray[np.float64]
    y_train: NDArray[np.float64]
    y_test: NDArray[np.float64]


def split_features(
    x: Features, y: Features, train: ArrayLike | None, test: ArrayLike | None
) -> SplitFeatures:
    r"""
    Training and test rows, scaled by one number per matrix after the training mean is taken off.

    .. math:: x \leftarrow (x - \bar x) \Big/ \Big(\sum_q \mathrm{Var}_\mathrm{train}\, x_q
              \Big)^{1/2}

    :raises ValueError: for features that do not belong to the same rows, are not finite, or do
        not vary; for bad indices
    """
    a, b = matching_matrices(x, y)
    rows = split_rows(len(a), train, test)
    (x_train, x_test), (y_train, y_test) = (
        scaled(name, matrix, *rows) for name, matrix in (("x", a), ("y", b))
    )
    return SplitFeatures(x_train, x_test, y_train, y_test)


def matching_matrices(x: Features, y: Features) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    ``(row, feature)`` float64 of both.

    :raises ValueError: where their rows are not the same
    """
    if _is_blocks(x) and _is_blocks(y):
        (samples, a), (others, b) = joined("x", x), joined("y", y)
        if not np.array_equal(samples, others):
            raise ValueError(
                f"x has {len(samples)} samples and y {len(others)}, and they are not the same; "
                "compute both for the same centers."
            )
        return a, b
    a, b = feature_matrix("x", x), feature_matrix("y", y)
    if len(a) != len(b):
        raise ValueError(
            f"x has {len(a)} rows and y {len(b)}; both have to describe the same environments."
        )
    return a, b


def feature_matrix(name: str, features: Features) -> NDArray[np.float64]:
    """
    ``(row, feature)`` float64.

    :param name: what errors call it
    :raises ValueError: where that is not its shape, or a number is not finite
    """
    if _is_blocks(features):
        return joined(name, features)[1]
    if isinstance(features, torch.Tensor):
        features = features.detach().cpu().numpy()
    matrix = np.asarray(features, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] == 0:
        raise ValueError(f"{name} has shape {matrix.shape}; give (row, feature).")
    if not np.isfinite(matrix).all():
        raise ValueError(f"{name} holds numbers that are not finite; leave out their rows.")
    return matrix


def joined(name: str, features: TensorMap) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """
    Blocks joined by their samples: one row for each sample of any block, sorted.

    The columns of all blocks stand side by side; where a block lacks a sample, as those of other
    center types do, they are zero.

    :returns: ``(row, dimension)`` samples, ``(row, feature)`` values
    :raises ValueError: for blocks that turn with the structure, or a number that is not finite
    """
    samples, matrix = side_by_side(name, features)
    return samples, feature_matrix(name, matrix)


def side_by_side(name: str, features: TensorMap) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """
    Blocks as :func:`joined` joins them, with whatever numbers they hold.

    :raises ValueError: for blocks that turn with the structure
    """
    blocks = features.blocks()
    for key, block in features.items():
        if any(len(component) > 1 for component in block.components):
            raise ValueError(
                f"{name}: the block {key.print()} has components, so its values turn with the "
                "structure; compare invariants."
            )
    labels = [block.samples.values.cpu().numpy() for block in blocks]
    samples, row = np.unique(np.concatenate(labels), axis=0, return_inverse=True)
    widths = [len(block.properties) for block in blocks]
    matrix = np.zeros((len(samples), sum(widths)))
    ends = np.cumsum(widths)
    parts = np.split(row.ravel(), np.cumsum([len(rows) for rows in labels])[:-1])
    for block, rows, width, end in zip(blocks, parts, widths, ends, strict=True):
        values = block.values.detach().cpu().double().reshape(len(rows), width)
        matrix[rows, end - width : end] = values.numpy()
    return samples, matrix


def split_rows(
    n_rows: int, train: ArrayLike | None, test: ArrayLike | None
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """
    Indices of training and test rows: shuffled halves, or what is given and its complement.

    :raises ValueError: for indices that do not exist, repeat, or overlap, and for parts of fewer
        than two rows to fit and one to test
    """
    if train is None and test is None:
        from skmatter.model_selection import train_test_split

        if n_rows < 4:
            raise ValueError(f"{n_rows} rows cannot be split into halves; give at least 4.")
        halves = train_test_split(
            np.arange(n_rows), test_size=0.5, train_size=0.5, random_state=SPLIT_SEED
        )
        return halves[0], halves[1]
    everything = np.arange(n_rows)
    fitted = everything if train is None else _indices(train, n_rows)
    tested = np.setdiff1d(everything, fitted) if test is None else _indices(test, n_rows)
    if train is None:
        fitted = np.setdiff1d(everything, tested)
    common = np.intersect1d(fitted, tested)
    if len(common):
        raise ValueError(
            f"train and test share {len(common)} rows, such as {common[0]}; an error on rows that "
            "were fitted says nothing."
        )
    if len(fitted) < 2 or len(tested) < 1:
        raise ValueError(
            f"{len(fitted)} training and {len(tested)} test rows; give at least 2 and 1."
        )
    return fitted, tested


def scaled(
    name: str,
    matrix: NDArray[np.float64],
    train: NDArray[np.intp],
    test: NDArray[np.intp] | slice,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Training and test rows of ``matrix``, scaled; see :func:`split_features`.

    :raises ValueError: where no column varies
    """
    from skmatter.preprocessing import StandardFlexibleScaler

    fitted = matrix[train]
    spread = np.sqrt(fitted.var(axis=0).sum())
    # the mean of equal numbers differs from them in the last digits
    if spread <= 1e-14 * np.abs(fitted).max():
        raise ValueError(
            f"{name} does not vary over the {len(fitted)} training rows: every column is "
            "constant, and there is nothing to compare."
        )
    scaler = StandardFlexibleScaler().fit(fitted)
    return scaler.transform(fitted), scaler.transform(matrix[test])


def _is_blocks(features: Features) -> bool:
    return hasattr(features, "keys")  # metatensor's scripted classes know no isinstance


def _indices(rows: ArrayLike, n_rows: int) -> NDArray[np.intp]:
    found = np.asarray(rows)
    if found.ndim != 1 or not np.issubdtype(found.dtype, np.integer):
        raise ValueError(
            f"rows are chosen by a list of integers, got an array of {found.dtype} with shape "
            f"{found.shape}."
        )
    wrong = found[(found < 0) | (found >= n_rows)]
    if len(wrong) or len(np.unique(found)) < len(found):
        which = f"{wrong[0]} is none of them" if len(wrong) else "one is named twice"
        raise ValueError(f"there are {n_rows} rows, counted from 0, and {which}.")
    return found.astype(np.intp)
