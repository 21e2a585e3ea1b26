"""Ridge regression in which every order of correlation has a regulariser of its own."""

from __future__ import annotations

import abc
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import torch

_LOG = logging.getLogger(__name__)

_DECADES = tuple(10.0**power for power in range(2, -11, -1))
_GAIN = 0.02  # of the error: what a weaker regulariser has to bring, or else it is chance


@dataclass(frozen=True)
class OrderSolution:
    """
    A linear model of the orders of correlation 1 … ν.

    :param weights: per order, one for each feature
    :param regularizers: per order, multiples of the mean diagonal of its Gram matrix; infinite
        where an order is switched off
    :param loo_rmse: root mean square error of each training row, predicted from all others
    """

    weights: tuple[torch.Tensor, ...]
    regularizers: tuple[float, ...]
    loo_rmse: float

    def predict(self, orders: Sequence[torch.Tensor]) -> torch.Tensor:
        """Targets of rows, from their features of at least as many orders ``(row, feature)``."""
        return sum(
            (rows @ weights for rows, weights in zip(orders, self.weights, strict=False)),
            start=orders[0].new_zeros(len(orders[0])),
        )


@dataclass(frozen=True)
class RidgePerOrder:
    r"""
    Ridge regression on features of several orders ν without an intercept.

    .. math::

        w = \arg\min \Big| y - \sum_\nu X_\nu w_\nu \Big|^2
            + \sum_\nu \lambda_\nu \frac{\mathrm{tr} K_\nu}{n} |w_\nu|^2,
        \qquad K_\nu = X_\nu X_\nu^T

    One λ for all orders lets many features of a high order, which few rows cannot determine, spoil
    what the low orders know; with a λ per order, infinity among the candidates, the next order
    enters as far as it helps. The candidates with the least leave-one-out error win, which has a
    closed form (Allen, Technometrics 16, 125 (1974), doi:10.1080/00401706.1974.10489157):

    .. math::

        e_i = \frac{y_i - x_i \cdot w}{1 - H_{ii}} = \frac{(C^{-1} y)_i}{(C^{-1})_{ii}},
        \qquad C = 1 + \sum_\nu \frac{n}{\lambda_\nu \mathrm{tr} K_\nu} K_\nu

    The search goes one order at a time: the new order takes the best of every other candidate (the
    strongest within 2 % of it), then orders move to neighboring candidates while that lowers the
    error as much. It starts from the solution with one order less, so that the leave-one-out error
    never grows with ν.

    Time: some 20 factorisations per order, O(n³) each, or O(n f²) for fewer features f than rows n;
    memory: two matrices n² and one n² per order, or two matrices n f.

    :param regularizers: finite candidates for each λ, all positive
    """

    regularizers: tuple[float, ...] = _DECADES

    def __post_init__(self) -> None:
        if not self.regularizers or not all(0 < value < math.inf for value in self.regularizers):
            raise ValueError(
                f"RidgePerOrder: regularizers must be positive and finite, got "
                f"{self.regularizers}; that an order may be switched off needs no candidate."
            )

    def fit(self, orders: Sequence[torch.Tensor], targets: torch.Tensor) -> list[OrderSolution]:
        """
        Models of the first order, the first two, …, all of them.

        :param orders: features of each order, ``(row, feature)`` float64, centred or not
        :param targets: ``(row,)`` float64
        """
        _check(orders, targets)
        candidates = (math.inf, *sorted(self.regularizers, reverse=True))
        fewer = sum(rows.shape[1] for rows in orders) < len(targets)
        problem = (_Primal if fewer else _Dual)(orders, targets)

        @cache
        def error(places: tuple[int, ...]) -> float:
            return problem.loo_rmse([candidates[place] for place in places])

        solutions: list[OrderSolution] = []
        places: tuple[int, ...] = ()
        for _ in orders:
            extended = [(*places, place) for place in range(0, len(candidates), 2)]
            least = min(map(error, extended))
            start = next(one for one in extended if (1.0 - _GAIN) * error(one) <= least)
            places = _descended(start, error, len(candidates))
            chosen = tuple(candidates[place] for place in places)
            _LOG.info("ridge per order: %s, leave-one-out RMSE %.4g", chosen, error(places))
            solutions.append(OrderSolution(problem.weights(chosen), chosen, error(places)))
        return solutions


def _descended(
    start: tuple[int, ...], error: Callable[[tuple[int, ...]], float], n_candidates: int
) -> tuple[int, ...]:
    """Places of candidates from which no step of one order to the next candidate is better."""
    best = start
    while True:
        enough = (1.0 - _GAIN) * error(best)
        better = next((one for one in _steps(best, n_candidates) if error(one) < enough), best)
        if better == best:
            return best
        best = better


def _steps(places: tuple[int, ...], n_candidates: int) -> Iterator[tuple[int, ...]]:
    """All steps of one order to a neighboring candidate, the highest order first."""
    for order in reversed(range(len(places))):
        for place in (places[order] - 1, places[order] + 1):
            if 0 <= place < n_candidates:
                yield (*places[:order], place, *places[order + 1 :])


class _Problem(abc.ABC):
    """Features of each order, scaled so that each Gram matrix has the mean diagonal 1."""

    def __init__(self, orders: Sequence[torch.Tensor], targets: torch.Tensor) -> None:
        tiny = torch.finfo(torch.float64).tiny  # features that are all zero get no weight
        scales = [max(float(rows.square().sum()) / len(rows), tiny) ** 0.5 for rows in orders]
        self.orders = [rows / scale for rows, scale in zip(orders, scales, strict=True)]
        self.scales = scales
        self.targets = targets

    @abc.abstractmethod
    def loo_rmse(self, regularizers: Sequence[float]) -> float:
        """Leave-one-out error of the first ``len(regularizers)`` orders; infinite if singular."""

    @abc.abstractmethod
    def weights(self, regularizers: Sequence[float]) -> tuple[torch.Tensor, ...]:
        """Weights of the same orders, of features as they came."""


class _Dual(_Problem):
    """Rows as unknowns: one matrix C over rows."""

    def __init__(self, orders: Sequence[torch.Tensor], targets: torch.Tensor) -> None:
        super().__init__(orders, targets)
        self.kernels = [rows @ rows.T for rows in self.orders]

    def loo_rmse(self, regularizers: Sequence[float]) -> float:
        factor, failed = self._factor(regularizers)
        if failed:
            return math.inf
        dual = torch.cholesky_solve(self.targets[:, None], factor)[:, 0]
        return _rms(dual / torch.cholesky_inverse(factor).diagonal())

    def weights(self, regularizers: Sequence[float]) -> tuple[torch.Tensor, ...]:
        factor, _ = self._factor(regularizers)
        dual = torch.cholesky_solve(self.targets[:, None], factor)[:, 0]
        return tuple(
            rows.T @ dual / (regularizer * scale)
            for rows, regularizer, scale in zip(
                self.orders, regularizers, self.scales, strict=False
            )
        )

    def _factor(self, regularizers: Sequence[float]) -> tuple[torch.Tensor, bool]:
        """Cholesky factor of C, and whether there is none."""
        matrix = torch.eye(len(self.targets), dtype=torch.float64)
        for kernel, regularizer in zip(self.kernels, regularizers, strict=False):
            if regularizer < math.inf:
                matrix.add_(kernel, alpha=1.0 / regularizer)
        factor, failed = torch.linalg.cholesky_ex(matrix)
        return factor, bool(failed)


class _Primal(_Problem):
    """Features as unknowns: one matrix 1 + ZᵀZ, with Z the features / √λ side by side."""

    def loo_rmse(self, regularizers: Sequence[float]) -> float:
        features, factor, failed = self._factor(regularizers)
        if failed:
            return math.inf
        projected = torch.linalg.solve_triangular(factor, features.T, upper=False)
        weights = torch.cholesky_solve(features.T @ self.targets[:, None], factor)
        residual = self.targets - (features @ weights)[:, 0]
        return _rms(residual / (1.0 - projected.square().sum(dim=0)))

    def weights(self, regularizers: Sequence[float]) -> tuple[torch.Tensor, ...]:
        features, factor, _ = self._factor(regularizers)
        weights = torch.cholesky_solve(features.T @ self.targets[:, None], factor)[:, 0]
        sizes = [rows.shape[1] for rows, _ in zip(self.orders, regularizers, strict=False)]
        parts = weights.split(sizes)
        return tuple(
            part / (regularizer**0.5 * scale)
            for part, regularizer, scale in zip(parts, regularizers, self.scales, strict=False)
        )

    def _factor(self, regularizers: Sequence[float]) -> tuple[torch.Tensor, torch.Tensor, bool]:
        """Z, zero where an order is off, the Cholesky factor, and whether there is none."""
        parts = [
            rows / regularizer**0.5
            for rows, regularizer in zip(self.orders, regularizers, strict=False)
        ]
        features = torch.cat(parts, dim=1)
        matrix = features.T @ features
        matrix.diagonal().add_(1.0)
        factor, failed = torch.linalg.cholesky_ex(matrix)
        return features, factor, bool(failed)


def _rms(errors: torch.Tensor) -> float:
    return float(errors.square().mean().sqrt())


def _check(orders: Sequence[torch.Tensor], targets: torch.Tensor) -> None:
    shapes = [tuple(rows.shape) for rows in orders]
    if not shapes or any(len(shape) != 2 or shape[0] != len(targets) for shape in shapes):
        raise ValueError(
            f"RidgePerOrder: features of shapes {shapes} and targets of shape "
            f"{tuple(targets.shape)} do not match; give (row, feature) for each order, one target "
            "for each row."
        )
    dtypes = {str(values.dtype) for values in [*orders, targets]}
    if dtypes != {"torch.float64"}:
        raise TypeError(
            f"RidgePerOrder: features and targets are {', '.join(sorted(dtypes))}; all must be "
            "float64, because the regularisers go down to 1e-10."
        )
