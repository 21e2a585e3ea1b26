"""Gaussians of distances between features."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class RbfKernel:
    r"""
    Similarity of two rows of features that falls with their distance.

    .. math:: k(x, x') = \exp(-\gamma \|x - x'\|^2)

    :param gamma: γ, one over the square of the unit of the features
    :raises ValueError: where it is not positive

    >>> RbfKernel(0.5).between(torch.tensor([[0.0]]), torch.tensor([[0.0], [2.0]]))
    tensor([[1.0000, 0.1353]])
    """

    gamma: float

    def __post_init__(self) -> None:
        if not self.gamma > 0:
            raise ValueError(f"RbfKernel: gamma must be positive, got {self.gamma}.")

    def between(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """Kernel of rows of features, ``(row, feature)`` each -> ``(left row, right row)``."""
        return torch.exp(-self.gamma * torch.cdist(left, right).square())
