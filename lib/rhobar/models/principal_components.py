"""Features turned to their principal components, as networks take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class PrincipalComponents:
    r"""
    The directions along which groups of features vary most, all scaled by one number.

    .. math:: z = (x - \bar x) V / s

    V are the leading principal axes of the rows of the fit, once each group of columns is
    divided by the root of its total variance, so that no group is lost because it is small; s
    makes the mean square of the components 1. Components keep their proportions: those that hold
    only rounding stay small, and two rows that are equal stay equal.

    :param mean: ``(feature,)``
    :param axes: ``(feature, component)``, with all scales in them
    """

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]

    @classmethod
    def fit(cls, groups: Sequence[NDArray[np.float64]], n_components: int) -> Self:
        """
        Find the axes.

        :param groups: ``(row, feature)`` each, the same rows
        :param n_components: number of components, fewer where rows or features are fewer
        :raises ValueError: where nothing varies, or a number is not finite
        """
        from sklearn.decomposition import PCA

        if not all(np.isfinite(group).all() for group in groups):
            raise ValueError("PrincipalComponents: features are not finite; leave out their rows.")
        spreads = [float(np.sqrt(group.var(axis=0).sum())) for group in groups]
        if max(spreads, default=0.0) == 0.0:
            raise ValueError("PrincipalComponents: no feature varies over the rows of the fit.")
        scales = [1.0 / spread if spread > 0 else 0.0 for spread in spreads]
        scale = np.repeat(scales, [group.shape[1] for group in groups])
        rows = np.concatenate(groups, axis=1)
        scaled = rows * scale
        count = min(n_components, *scaled.shape)
        solver = "full" if len(scaled) < scaled.shape[1] else "covariance_eigh"
        found = PCA(count, svd_solver=solver).fit(scaled)
        size = np.sqrt(found.explained_variance_.mean())
        return cls(rows.mean(axis=0), scale[:, None] * found.components_.T / size)

    @property
    def n_components(self) -> int:
        """Number of components."""
        return int(self.axes.shape[1])

    def __call__(self, groups: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        """
        Components of other rows.

        :param groups: ``(row, feature)`` each, as in :meth:`fit`
        :returns: ``(row, component)``
        """
        rows = np.concatenate(groups, axis=1)
        return np.asarray((rows - self.mean) @ self.axes)
