"""What of the products is new, and which directions of it vary most: from Gram matrices alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
import torch
from numpy.typing import NDArray
from torch import Tensor

_RIDGE = 1e-12
_RANK, _ROUNDING = 1e-12, 1e-14
_LARGEST_DENSE = 4000
_OVERSAMPLING, _POWER_ITERATIONS = 20, 4


@dataclass(frozen=True)
class Reduction:
    """Features of the next order: ``products @ matrix + lower @ lower_matrix + constant``."""

    matrix: Tensor
    """``(product, component)``"""
    lower_matrix: Tensor
    """``(lower feature, component)``"""
    constant: Tensor
    """``(component,)``, zeros unless centered"""
    variances: Tensor
    """``(component,)`` mean square over the rows of the fit, decreasing"""


def reduced(
    gram: Tensor,
    *,
    n_lower: int,
    n_rows: int,
    limit: int | None,
    standardize: bool,
    centered: bool,
    predicting: Tensor | None = None,
) -> Reduction:
    r"""
    Subtract what lower features predict of products, and contract the rest to its main components.

    .. math:: R = (E - X W)^T (E - X W), \quad
              W = \arg\min |E - X W|^2 + \alpha |D W|^2, \quad R V = V \Lambda

    with lower features X, products E, the root mean squares D of X and :math:`\alpha = 10^{-12}`
    per row. Everything follows from the scalar products of the columns of [X | E], so that the data
    are passed once. The price: components whose variance is below 1e-12 of that of the products
    before the subtraction, or 1e-14 before means are subtracted, are rounding and are not kept.

    :param gram: ``(lower + product, lower + product)``; with ``centered``, the first lower feature
        is 1
    :param n_rows: number of rows in the sums
    :param limit: how many components are wanted at most; None: all
    :param standardize: divide by the root mean square of all that is left of the products
    :param centered: subtract means first, for invariants; covariants would not stay covariant
    :param predicting: the same sums over other rows, to find W; None: ``gram``
    """
    g, means = _about_means(gram, centered)
    skipped = 1 if centered else 0
    x, e = slice(skipped, n_lower), slice(n_lower, None)
    h = g if predicting is None else _about_means(predicting, centered)[0]
    squares = np.diagonal(gram if predicting is None else predicting)
    weights = _predicting(h[x, x], h[x, e], np.diagonal(h)[x] > _ROUNDING * squares[x])
    cross = weights.T @ g[x, e]
    rest = g[e, e] - cross - cross.T + weights.T @ g[x, x] @ weights
    values, vectors = _main_components(rest, limit)
    # a block of rounding errors alone has no components
    size = np.linalg.norm(gram[e, e].numpy())
    kept = values > max(_RANK * np.linalg.norm(g[e, e]), _ROUNDING * size)
    values, vectors = values[kept], vectors[:, kept]
    largest = np.abs(vectors).argmax(axis=0)
    vectors = vectors * np.sign(vectors[largest, np.arange(len(values))])
    if standardize and len(values):
        scale = np.sqrt(np.trace(rest) / n_rows)
        vectors, values = vectors / scale, values / scale**2
    lower = np.zeros((n_lower, len(values)))
    lower[x] = -weights @ vectors
    return Reduction(
        matrix=torch.from_numpy(np.ascontiguousarray(vectors)),
        lower_matrix=torch.from_numpy(lower[skipped:]),
        constant=torch.from_numpy(-(means[e] @ vectors + means[x] @ lower[x])),
        variances=torch.from_numpy(values / n_rows),
    )


def _about_means(gram: Tensor, centered: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scalar products of the columns less their means, and the means; the first column is 1."""
    g = gram.numpy()
    if not centered:
        return g, np.zeros(len(g))
    means = g[0] / g[0, 0]
    return g - np.outer(g[0], means), means


def _predicting(
    gram: NDArray[np.float64], cross: NDArray[np.float64], varies: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Weights ``(lower feature, product)`` of the ridge regression on standardised columns."""
    if len(gram) == 0:
        return np.zeros(cross.shape)
    # a column that does not vary predicts nothing
    scale = np.where(varies, np.sqrt(np.abs(np.diagonal(gram))), np.inf)
    values, vectors = scipy.linalg.eigh(gram / np.outer(scale, scale), driver="evd")
    shifted = np.maximum(values, 0.0) + _RIDGE
    solution = vectors @ ((vectors.T @ (cross / scale[:, None])) / shifted[:, None])
    weights: NDArray[np.float64] = solution / scale[:, None]
    return weights


def _main_components(
    matrix: NDArray[np.float64], limit: int | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Largest eigenvalues, decreasing, and eigenvectors in columns; all, or ``limit`` of them."""
    size = len(matrix)
    count = size if limit is None else min(limit, size)
    if size > _LARGEST_DENSE and count + _OVERSAMPLING < size // 4:
        return _by_iteration(matrix, count)
    if 2 * count > size:
        values, vectors = scipy.linalg.eigh(matrix, driver="evd")
    else:
        values, vectors = scipy.linalg.eigh(matrix, subset_by_index=[size - count, size - 1])
    return values[::-1][:count], vectors[:, ::-1][:, :count]


def _by_iteration(
    matrix: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    The same by randomised subspace iteration, whose cost is that of products with the matrix.

    Halko, Martinsson, Tropp, SIAM Rev. 53, 217 (2011), doi:10.1137/090771806.
    """
    start = np.random.default_rng(0).standard_normal((len(matrix), count + _OVERSAMPLING))
    basis = np.linalg.qr(matrix @ start)[0]
    for _ in range(_POWER_ITERATIONS):
        basis = np.linalg.qr(matrix @ basis)[0]
    values, vectors = scipy.linalg.eigh(basis.T @ matrix @ basis)
    return values[::-1][:count], (basis @ vectors)[:, ::-1][:, :count]
