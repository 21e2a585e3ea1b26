"""How much of one feature space is in another, by linear maps between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .feature_matrix import SPLIT_SEED, Features, split_features

if TYPE_CHECKING:
    from skmatter.linear_model import Ridge2FoldCV

CUTOFFS = np.geomspace(1e-9, 0.9, 20)
"""of singular values, relative to the largest one; cross validation chooses among them"""


def gfre(
    x: Features, y: Features, *, train: ArrayLike | None = None, test: ArrayLike | None = None
) -> float:
    r"""
    Global feature space reconstruction error: what a linear map of ``x`` misses of ``y``.

    .. math:: \mathrm{GFRE}(x \to y) = \Big(\frac{1}{n_\mathrm{test}} \sum_i
              \| y_i - x_i P \|^2 \Big)^{1/2}

    Goscinski, Fraux, Imbalzano, Ceriotti, Mach. Learn.: Sci. Technol. 2, 025028 (2021),
    doi:10.1088/2632-2153/abdaf7. Both are scaled to unit total variance on the training rows, so
    0 says that ``y`` is a linear function of ``x`` and 1 that nothing of it is. P is a truncated
    pseudo-inverse on the training rows; the cutoff of singular values, 1e-9 to 0.9 of the largest,
    is chosen by two-fold cross validation. The map cannot be known along features that vary less
    than that, nor along more directions than there are training rows.

    :param x: ``(row, feature)``, or a TensorMap of invariants, whose blocks are joined by their
        samples: one row for each sample, all columns side by side, zeros where a block lacks it
    :param y: features of the same rows
    :param train: rows to fit; None: the complement of ``test``, or a shuffled half if neither is
        given (seed 0x5F3759DF)
    :param test: rows to test on; None: alike
    :raises ValueError: for features of different rows, without variance, or not finite; for rows
        that do not exist, or are in both parts

    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(40, 3))
    >>> gfre(x, x[:, :2]) < 1e-14, gfre(x[:, :2], x) > 0.3
    (True, True)
    """
    split = split_features(x, y, train, test)
    source, source_test = isometric(split.x_train, split.x_test)
    regression = _fitted(source, split.y_train)
    return _rms(split.y_test - regression.predict(source_test))


def gfrd(
    x: Features, y: Features, *, train: ArrayLike | None = None, test: ArrayLike | None = None
) -> float:
    r"""
    Global feature space reconstruction distortion: what of the map from ``x`` to ``y`` is no
    rotation.

    .. math:: \mathrm{GFRD}(x \to y) = \Big(\frac{1}{n_\mathrm{test}} \sum_i
              \| x_i P - x_i Q \|^2 \Big)^{1/2}, \qquad
              Q = \mathrm{argmin}_{Q^T Q = 1} \| x P - x Q \|_\mathrm{train}

    P and arguments as in :func:`gfre`, where the source is. It is 0 where both spaces have the
    same distances, however their axes lie.
    """
    from skmatter.linear_model import OrthogonalRegression

    split = split_features(x, y, train, test)
    source, source_test = isometric(split.x_train, split.x_test)
    linear = _fitted(source, split.y_train).coef_.T  # (feature of x, feature of y)
    if linear.shape[1] > linear.shape[0]:
        # turned into the space that it reaches, whose size is that of the source: same distances
        linear = np.linalg.qr(linear.T)[1].T
    rotation = OrthogonalRegression(use_orthogonal_projector=False).fit(source, source @ linear)
    turned = rotation.predict(source_test)
    mapped = np.zeros_like(turned)
    mapped[:, : linear.shape[1]] = source_test @ linear
    return _rms(mapped - turned)


def isometric(
    train: NDArray[np.float64], test: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Fewer columns with the same distances, where there are more features than training rows.

    Training rows span at most as many directions as there are rows; the length of a test row
    beyond them, which no map can know of, becomes one more column, zero in training.
    """
    if train.shape[1] <= len(train):
        return train, test
    axes, _ = np.linalg.qr(train.T)  # (feature, row)
    inside = test @ axes
    beyond = np.linalg.norm(test - inside @ axes.T, axis=1, keepdims=True)
    return np.hstack([train @ axes, np.zeros((len(train), 1))]), np.hstack([inside, beyond])


def _fitted(x: NDArray[np.float64], y: NDArray[np.float64]) -> Ridge2FoldCV:
    from skmatter.linear_model import Ridge2FoldCV

    regression = Ridge2FoldCV(
        alphas=CUTOFFS,
        alpha_type="relative",
        regularization_method="cutoff",
        random_state=SPLIT_SEED,
        shuffle=True,
        scoring="neg_root_mean_squared_error",
        n_jobs=1,
    )
    return regression.fit(x, y)


def _rms(differences: NDArray[np.float64]) -> float:
    """Root mean square length of rows."""
    return float(np.linalg.norm(differences) / np.sqrt(len(differences)))
