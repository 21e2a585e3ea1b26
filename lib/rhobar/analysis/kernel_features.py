"""Features whose scalar products are a kernel: kernels compared as feature spaces."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from .feature_matrix import Features, feature_matrix, scaled, split_rows

_SMALLEST = 1e-12  # eigenvalue, relative to the largest one


class Kernel(Protocol):
    """A similarity of rows of features, such as ``RbfKernel`` or ``PolynomialKernel``."""

    def between(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """``(left row, feature), (right row, feature) -> (left row, right row)``."""


def kernel_features(
    x: Features,
    kernel: Kernel,
    *,
    train: ArrayLike | None = None,
    test: ArrayLike | None = None,
    active: ArrayLike | None = None,
) -> NDArray[np.float64]:
    r"""
    Features with the centered kernel of some active rows as their scalar products.

    .. math:: \Phi = K_{nM} U \Lambda^{-1/2}, \qquad K_{MM} = U \Lambda U^T

    so that :func:`rhobar.analysis.gfre` of two of them is the kernel feature reconstruction
    error of Goscinski, Fraux, Imbalzano, Ceriotti, Mach. Learn.: Sci. Technol. 2, 025028 (2021),
    doi:10.1088/2632-2153/abdaf7. ``x`` is scaled as there, so that a length scale of the kernel
    is in units of the spread of the features. The kernel is divided by the mean of its centered
    diagonal; directions with less than 1e-12 of the largest eigenvalue are left out.

    :param x: ``(row, feature)``, or blocks of invariants
    :param kernel: e.g. ``RbfKernel(1.0)``
    :param train: rows that define center and scale; give the same to ``gfre``. None, and
        ``test``: as there
    :param active: the rows M; None: all training rows
    :returns: ``(row, direction)``, all rows of ``x`` in their order
    :raises ValueError: for bad rows, features without variance, active rows that are not trained

    >>> from rhobar.analysis import RbfKernel, gfre, kernel_features
    >>> x = np.linspace(-1.0, 1.0, 50)[:, None]
    >>> kernel = kernel_features(x, RbfKernel(1.0))
    >>> gfre(kernel, x) < 1e-3 < gfre(x, kernel)
    True
    """
    from skmatter.preprocessing import KernelNormalizer

    matrix = feature_matrix("x", x)
    fitted, _ = split_rows(len(matrix), train, test)
    chosen = fitted if active is None else np.asarray(active)
    if not np.isin(chosen, fitted).all() or len(chosen) < 2:
        raise ValueError(
            f"active names {len(chosen)} rows; give at least 2, all of them training rows."
        )
    _, rows = scaled("x", matrix, fitted, slice(None))
    values = torch.from_numpy(rows)
    columns = kernel.between(values, values[torch.from_numpy(chosen)]).numpy()
    normalizer = KernelNormalizer().fit(columns[chosen])
    centered = normalizer.transform(columns)
    eigenvalues, vectors = np.linalg.eigh(centered[chosen])
    kept = eigenvalues > _SMALLEST * eigenvalues[-1]
    result: NDArray[np.float64] = centered @ (vectors[:, kept] / np.sqrt(eigenvalues[kept]))
    return result
