"""How much of one feature space is in another, by a linear map around each point."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .feature_matrix import SPLIT_SEED, Features, split_features
from .reconstruction import CUTOFFS, isometric

_CHUNK = 2**22  # numbers in the largest array of one chunk of test rows


def lfre(
    x: Features,
    y: Features,
    *,
    n_local: int = 20,
    train: ArrayLike | None = None,
    test: ArrayLike | None = None,
) -> float:
    r"""
    Local feature space reconstruction error: what smooth maps of ``x`` miss of ``y``.

    .. math:: \mathrm{LFRE}(x \to y) = \Big(\frac{1}{n_\mathrm{test}} \sum_i
              \| y_i - \bar y_i - (x_i - \bar x_i) P_i \|^2 \Big)^{1/2}

    Goscinski, Fraux, Imbalzano, Ceriotti, Mach. Learn.: Sci. Technol. 2, 025028 (2021),
    doi:10.1088/2632-2153/abdaf7. Each :math:`P_i`, and the means, are those of the ``n_local``
    training rows nearest to row i in ``x``; otherwise all is as in :func:`rhobar.analysis.gfre`,
    which has the other arguments.

    scikit-matter fits one row after the other, which takes 14 ms for each; here many rows are
    fitted at once, to the same numbers.

    :param n_local: how many training rows a local map is fitted to, from 2 to all but one
    :raises ValueError: see ``gfre``, and for another ``n_local``
    """
    split = split_features(x, y, train, test)
    n_train = len(split.x_train)
    if not 2 <= n_local < n_train:
        raise ValueError(
            f"n_local = {n_local} with {n_train} training rows; give at least 2 and fewer than "
            "there are rows."
        )
    x_train, x_test = isometric(split.x_train, split.x_test)
    widest = n_local * max(x_train.shape[1], split.y_train.shape[1])
    n_chunks = -(-len(x_test) * max(widest, n_train) // _CHUNK)
    squares = 0.0
    for rows in np.array_split(np.arange(len(x_test)), n_chunks):
        near = _nearest(x_test[rows], x_train, n_local)
        found = _local_maps(x_test[rows], x_train[near], split.y_train[near])
        squares += float(np.square(split.y_test[rows] - found).sum())
    return float(np.sqrt(squares / len(x_test)))


def _nearest(
    points: NDArray[np.float64], others: NDArray[np.float64], count: int
) -> NDArray[np.intp]:
    """Indices of the ``count`` nearest rows of ``others``, ``(point, count)``."""
    squares = (others**2).sum(axis=1) - 2 * points @ others.T
    return np.argsort(squares, axis=1, kind="stable")[:, :count]


def _local_maps(
    points: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float64]:
    """
    Each of ``points`` ``(point, f)`` mapped as its rows ``x`` ``(point, k, f)`` are to ``y``.

    :returns: ``(point, f')``
    """
    from sklearn.model_selection import KFold

    x_mean, y_mean = x.mean(axis=1, keepdims=True), y.mean(axis=1, keepdims=True)
    x, y, points = x - x_mean, y - y_mean, points[:, None] - x_mean
    if x.shape[2] > x.shape[1]:  # k rows span k directions, all that a map can use
        axes, triangle = np.linalg.qr(x.swapaxes(1, 2))
        x, points = triangle.swapaxes(1, 2), points @ axes
    folds = KFold(n_splits=2, shuffle=True, random_state=SPLIT_SEED)
    first, second = next(folds.split(x[0]))
    halves = [_Half(x[:, rows], y[:, rows]) for rows in (first, second)]
    largest = np.maximum(halves[0].largest, halves[1].largest)
    scores = np.array(
        [
            halves[0].error(halves[1], cutoff * largest)
            + halves[1].error(halves[0], cutoff * largest)
            for cutoff in CUTOFFS
        ]
    )  # (cutoff, point)
    best = CUTOFFS[scores.argmin(axis=0)] * largest
    mapped: NDArray[np.float64] = _Half(x, y).mapped(points, best) + y_mean
    return mapped[:, 0]


class _Half:
    """Local rows ``x`` ``(point, row, f)`` and ``y`` ``(point, row, f')``, decomposed."""

    def __init__(self, x: NDArray[np.float64], y: NDArray[np.float64]):
        self.x, self.y = x, y
        left, self.singular, self.right = np.linalg.svd(x, full_matrices=False)
        self.projected = left.swapaxes(1, 2) @ y  # (point, s, f')
        self.largest = self.singular[:, 0]  # (point,)

    def mapped(self, x: NDArray[np.float64], cutoff: NDArray[np.float64]) -> NDArray[np.float64]:
        """``x`` through the pseudo-inverse of these rows; ``cutoff`` ``(point,)``."""
        kept = self.singular > cutoff[:, None]
        inverse = np.where(kept, 1.0, 0.0) / np.where(kept, self.singular, 1.0)
        result: NDArray[np.float64] = (
            (x @ self.right.swapaxes(1, 2)) * inverse[:, None]
        ) @ self.projected
        return result

    def error(self, other: _Half, cutoff: NDArray[np.float64]) -> NDArray[np.float64]:
        """Root mean square error of ``other`` by this half, mean over the columns of y."""
        difference = other.y - self.mapped(other.x, cutoff)
        result: NDArray[np.float64] = np.sqrt(np.square(difference).mean(axis=1)).mean(axis=1)
        return result
