"""Regularised least squares, with the regulariser chosen on held-out rows."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import torch

_LOG = logging.getLogger(__name__)

DECADES = tuple(10.0**power for power in range(-10, 0))


@dataclass(frozen=True)
class RidgeSolution:
    """
    What a ridge regression found.

    :param weights: one per feature, or one per training row for a kernel
    :param regularizer: the chosen multiple of the mean diagonal of the Gram matrix
    :param validation_rmse: of each candidate, in the units of the targets; empty when there was
        only one
    """

    weights: torch.Tensor
    regularizer: float
    validation_rmse: tuple[float, ...]


@dataclass(frozen=True)
class Ridge:
    r"""
    Ridge regression without an intercept, on features or on their Gram matrix (kernel ridge).

    .. math::

        w = X^T (K + \lambda\,\tfrac{\mathrm{tr} K}{n} 1)^{-1} y
          = (X^T X + \lambda\,\tfrac{\mathrm{tr} K}{n} 1)^{-1} X^T y,
        \qquad K = X X^T

    Hoerl, Kennard, Technometrics 12, 55 (1970), doi:10.1080/00401706.1970.10488634. The regulariser
    is relative to the mean of the diagonal of ``K``, so it has no units and does not change
    when features or targets are scaled. Among the candidates the one with the least error
    on held-out rows wins; then all rows are fitted. One eigendecomposition serves every candidate.

    Time: O(n f min(n, f)) for n rows and f features and O(min(n, f)³); memory: two matrices of
    min(n, f)² beside the features.

    :param regularizers: candidates for λ, all positive
    :param validation_fraction: share of the structures, the last ones, that is held out to choose
    """

    regularizers: tuple[float, ...] = DECADES
    validation_fraction: float = 0.2

    def __post_init__(self) -> None:
        if not self.regularizers or min(self.regularizers) <= 0:
            raise ValueError(
                f"Ridge: regularizers must be positive, got {self.regularizers}; 1e-10 is "
                "nearly none in float64."
            )
        if not 0 < self.validation_fraction < 1:
            raise ValueError(
                f"Ridge: validation_fraction must lie between 0 and 1, got "
                f"{self.validation_fraction}."
            )

    def n_validation(self, n_structures: int) -> int:
        """
        How many of the last structures are held out to choose the regulariser.

        :raises ValueError: if nothing would be left to fit
        """
        if len(self.regularizers) == 1:
            return 0
        n_held_out = max(1, round(self.validation_fraction * n_structures))
        if n_held_out >= n_structures:
            raise ValueError(
                f"Ridge: {n_structures} structures are too few to hold {n_held_out} out; give "
                "more, or a single regularizer."
            )
        return n_held_out

    def fit(
        self,
        features: torch.Tensor,
        targets: torch.Tensor,
        held_out: torch.Tensor | None = None,
    ) -> RidgeSolution:
        """
        Weights of features, from the smaller of the two linear systems.

        :param features: ``(row, feature)`` float64
        :param targets: ``(row,)``
        :param held_out: ``(row,)`` True where a row serves to choose the regulariser; None: the
            last ``validation_fraction`` of the rows
        """
        _check_shapes("features", features, targets)
        n_rows, n_features = features.shape
        if n_features >= n_rows:
            dual = self.fit_kernel(features @ features.T, targets, held_out)
            return RidgeSolution(features.T @ dual.weights, dual.regularizer, dual.validation_rmse)
        chosen = self._held_out(n_rows, held_out)
        fitted, checked = features[~chosen], features[chosen]
        gram = fitted.T @ fitted
        regularizer, errors = self._choose(
            gram, fitted.T @ targets[~chosen], checked, targets[chosen], n_rows=len(fitted)
        )
        gram = gram + checked.T @ checked
        shift = regularizer * _mean_diagonal(gram, n_rows)
        return RidgeSolution(_solve(gram, shift, features.T @ targets), regularizer, errors)

    def fit_kernel(
        self,
        kernel: torch.Tensor,
        targets: torch.Tensor,
        held_out: torch.Tensor | None = None,
    ) -> RidgeSolution:
        """
        Weights of training rows, so that a prediction is ``kernel(new, row) @ weights``.

        :param kernel: ``(row, row)`` float64, symmetric and without negative eigenvalues
        :param targets: ``(row,)``
        :param held_out: as in :meth:`fit`
        """
        _check_shapes("kernel", kernel, targets)
        n_rows = len(targets)
        if kernel.shape != (n_rows, n_rows):
            raise ValueError(f"Ridge: a kernel is square, got shape {tuple(kernel.shape)}.")
        chosen = self._held_out(n_rows, held_out)
        regularizer, errors = self._choose(
            kernel[~chosen][:, ~chosen],
            targets[~chosen],
            kernel[chosen][:, ~chosen],
            targets[chosen],
            n_rows=int((~chosen).sum()),
        )
        shift = regularizer * _mean_diagonal(kernel, n_rows)
        return RidgeSolution(_solve(kernel, shift, targets), regularizer, errors)

    def _held_out(self, n_rows: int, held_out: torch.Tensor | None) -> torch.Tensor:
        """The mask of held-out rows, all False when there is nothing to choose."""
        if held_out is None or len(self.regularizers) == 1:
            held_out = torch.zeros(n_rows, dtype=torch.bool)
            held_out[n_rows - self.n_validation(n_rows) :] = True
        return held_out

    def _choose(
        self,
        gram: torch.Tensor,
        projected: torch.Tensor,
        features: torch.Tensor,
        targets: torch.Tensor,
        *,
        n_rows: int,
    ) -> tuple[float, tuple[float, ...]]:
        """
        The candidate with the least error ``features @ (gram + shift)^-1 projected - targets``.

        ``gram`` is ``(f, f)`` and ``features`` ``(held out, f)``, where f counts features, or
        rows for a kernel; the trace is the same for both.
        """
        if len(self.regularizers) == 1:
            return self.regularizers[0], ()
        values, vectors = _eigh(gram)
        projected = vectors.T @ projected
        features = features @ vectors
        scale = _mean_diagonal(gram, n_rows)
        errors = []
        for regularizer in self.regularizers:
            predicted = features @ (projected / (values + regularizer * scale))
            errors.append(float((predicted - targets).square().mean().sqrt()))
        best = min(range(len(errors)), key=errors.__getitem__)
        _LOG.debug("ridge: validation RMSE %s, chosen %g", errors, self.regularizers[best])
        return self.regularizers[best], tuple(errors)


def _check_shapes(name: str, rows: torch.Tensor, targets: torch.Tensor) -> None:
    if rows.ndim != 2 or targets.ndim != 1 or len(rows) != len(targets) or len(rows) == 0:
        raise ValueError(
            f"Ridge: {name} of shape {tuple(rows.shape)} and targets of shape "
            f"{tuple(targets.shape)} do not match; give one target for each row."
        )
    if rows.dtype != torch.float64 or targets.dtype != torch.float64:
        raise TypeError(
            f"Ridge: {name} are {rows.dtype} and targets {targets.dtype}; both must be float64, "
            "because the regulariser goes down to 1e-10."
        )


def _mean_diagonal(gram: torch.Tensor, n_rows: int) -> float:
    """tr(X X^T) / n, from either Gram matrix; not zero, so that zero features get zero weights."""
    return max(float(torch.trace(gram)) / n_rows, torch.finfo(gram.dtype).tiny)


def _eigh(matrix: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Eigenvalues, negative rounding errors set to zero, and eigenvectors in columns."""
    import scipy.linalg  # its divide and conquer takes 2/3 of the time of torch's

    values, vectors = scipy.linalg.eigh(matrix.numpy(), driver="evd")
    return torch.from_numpy(values).clamp(min=0.0), torch.from_numpy(vectors)


def _solve(matrix: torch.Tensor, shift: float, targets: torch.Tensor) -> torch.Tensor:
    """``(matrix + shift)^-1 targets`` for a matrix without negative eigenvalues."""
    shifted = matrix.clone()
    shifted.diagonal().add_(shift)
    factor, failed = torch.linalg.cholesky_ex(shifted)
    if not failed:
        return torch.cholesky_solve(targets[:, None], factor)[:, 0]
    # rounding made an eigenvalue smaller than -shift
    values, vectors = _eigh(matrix)
    return vectors @ ((vectors.T @ targets) / (values + shift))
