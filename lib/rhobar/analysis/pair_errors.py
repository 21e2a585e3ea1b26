"""Errors of pairs of structures: of their mean, and of the difference between their members."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class PairErrors:
    """
    Root mean square errors over pairs, in the units of the targets and relative.

    :param mean: of the mean of the two members
    :param mean_relative: over the standard deviation of all targets
    :param delta: of the difference of the two members
    :param delta_relative: over the root mean square of the true differences: 1 for a model that
        cannot tell the members apart
    :param n_pairs: number of pairs
    """

    mean: float
    mean_relative: float
    delta: float
    delta_relative: float
    n_pairs: int

    @property
    def rmse(self) -> float:
        """Root mean square error of all structures, which mean and difference add up to."""
        return float(np.sqrt(self.mean**2 + self.delta**2 / 4))


def pair_errors(predicted: ArrayLike, reference: ArrayLike) -> PairErrors:
    r"""
    Errors of means and of differences of pairs.

    .. math:: e_\mathrm{mean} = \big\langle \big( \tfrac12 (p_+ + p_-) - \tfrac12 (y_+ + y_-)
              \big)^2 \big\rangle^{1/2}, \qquad
              e_\Delta = \big\langle \big( (p_+ - p_-) - (y_+ - y_-) \big)^2 \big\rangle^{1/2}

    Nigam, Pozdnyakov, Huguenin-Dumittan, Ceriotti, APL Mach. Learn. 2, 016110 (2024),
    doi:10.1063/5.0160740. Which member of a pair comes first has no meaning, so :math:`e_\Delta`
    is relative to the root mean square of the true differences, not to their standard deviation.

    :param predicted: ``(structure,)`` or ``(structure, target)``, structures 2k and 2k + 1 are a
        pair; several targets are averaged over alike
    :param reference: of the same shape
    :raises ValueError: for shapes that do not match or an odd number of structures, and where the
        targets of all pairs are equal

    >>> pair_errors([1.0, 1.0, 3.0, 3.0], [0.5, 1.5, 2.0, 4.0]).delta_relative
    1.0
    """
    p, y = np.asarray(predicted, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    if p.shape != y.shape or p.ndim == 0 or p.size == 0 or len(p) % 2:
        raise ValueError(
            f"pair_errors: predictions of shape {p.shape} and references of shape {y.shape} are "
            "no pairs; give one of each for every structure, the members of a pair in turn."
        )
    error = (p - y).reshape(len(p) // 2, 2, -1)
    true = y.reshape(len(y) // 2, 2, -1)
    spread = float(y.reshape(len(y), -1).std())
    size = _rms(true[:, 0] - true[:, 1])
    if not size > 0:
        raise ValueError("pair_errors: the members of each pair have equal targets.")
    mean, delta = _rms(error.mean(axis=1)), _rms(error[:, 0] - error[:, 1])
    return PairErrors(mean, mean / spread, delta, delta / size, len(error))


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
