"""Weights of kernels of different body order in one kernel, by a few hyperparameters."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]


class Mixing(Protocol):
    """Hyperparameters of a kernel, where to look for them, and the weights they stand for."""

    @property
    def nu_max(self) -> int:
        """Highest number of correlated neighbors."""

    @property
    def bounds(self) -> tuple[Interval, ...]:
        """Interval of each hyperparameter."""

    @property
    def start(self) -> tuple[float, ...]:
        """Where a search starts."""

    def weights(self, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weight of each ν = 0 … ``nu_max`` at a point inside the bounds."""

    def with_composition(self) -> Mixing:
        """The same with a weight of ν = 0 to be searched, as for targets that are invariants."""


@dataclass(frozen=True)
class ExponentialMixing:
    r"""
    The weights of an exponential, that of the composition free.

    .. math:: K = C_0 K^0 + \sum_{\nu=1}^{\nu_\max} C\, \frac{\alpha^\nu}{\nu!}\, K^\nu

    Bigi, Pozdnyakov, Ceriotti, J. Chem. Phys. 161, 044116 (2024), arXiv:2303.04124, with the
    intervals they searched but for C₀: theirs goes to 10¹⁵, for energies that no composition was
    subtracted from; from others 10⁸ (kcal/mol)² leaves the composition free as well, and does
    not cost all digits. Weights are relative to the variance of the noise.

    :param nu_max: highest ν
    :param log_c: interval of log10 C
    :param alpha: interval of α
    :param log_c0: interval of log10 C₀; None: no K⁰, as for targets that are no invariants
    """

    nu_max: int
    log_c: Interval = (0.0, 12.0)
    alpha: Interval = (0.0, 100.0)
    log_c0: Interval | None = (1.0, 8.0)

    def __post_init__(self) -> None:
        for name in ("log_c", "alpha", "log_c0"):  # lists, where they come from a file
            interval = getattr(self, name)
            object.__setattr__(self, name, interval and tuple(interval))

    @classmethod
    def for_tensors(cls, nu_max: int, *, alpha: Interval = (0.0, 10.0)) -> ExponentialMixing:
        """Without K⁰, and with the intervals that were searched for dipoles."""
        return cls(nu_max, log_c=(0.0, 15.0), alpha=alpha, log_c0=None)

    def with_composition(self) -> ExponentialMixing:
        """The same with C₀, in its usual interval where it had none."""
        return replace(self, log_c0=self.log_c0 or ExponentialMixing(self.nu_max).log_c0)

    @property
    def bounds(self) -> tuple[Interval, ...]:
        """Of log10 C, α and log10 C₀."""
        return (self.log_c, self.alpha) + (() if self.log_c0 is None else (self.log_c0,))

    @property
    def start(self) -> tuple[float, ...]:
        """1, 0.5 and 5, the published start, moved inside the bounds."""
        pairs = zip((1.0, 0.5, 5.0), self.bounds, strict=False)
        return tuple(min(max(value, low), high) for value, (low, high) in pairs)

    def weights(self, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(nu_max + 1,)``; ν = 0 first."""
        c, alpha = 10.0 ** float(point[0]), float(point[1])
        weights = [c * alpha**nu / math.factorial(nu) for nu in range(self.nu_max + 1)]
        weights[0] = 0.0 if self.log_c0 is None else 10.0 ** float(point[2])
        return np.array(weights)


@dataclass(frozen=True)
class FreeMixing:
    r"""
    A weight of its own for each ν.

    .. math:: K = \sum_\nu 10^{x_\nu} K^\nu

    :param nu_max: highest ν
    :param logarithms: interval of every :math:`x_\nu`
    :param composition: whether ν starts from 0 or, for targets that are no invariants, from 1
    """

    nu_max: int
    logarithms: Interval = (-5.0, 14.0)
    composition: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "logarithms", tuple(self.logarithms))

    def with_composition(self) -> FreeMixing:
        """The same with a weight of ν = 0."""
        return replace(self, composition=True)

    @property
    def bounds(self) -> tuple[Interval, ...]:
        """The same for each weight."""
        return (self.logarithms,) * (self.nu_max + int(self.composition))

    @property
    def start(self) -> tuple[float, ...]:
        """The middle."""
        return (sum(self.logarithms) / 2,) * len(self.bounds)

    def weights(self, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(nu_max + 1,)``; ν = 0 first."""
        weights = 10.0 ** np.asarray(point, dtype=np.float64)
        return weights if self.composition else np.concatenate([[0.0], weights])
