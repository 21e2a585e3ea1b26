"""How the learning rate changes: functions of the way done and of the scores so far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cosine:
    r"""
    From the learning rate to a part of it along half a wave.

    .. math:: \eta(x) = f + \tfrac12 (1 - f) (1 + \cos \pi x), \quad x \in [0, 1]

    Loshchilov, Hutter, ICLR 2017, arXiv:1608.03983, without restarts.

    :param final: f, the part of the learning rate at the end
    :raises ValueError: for a part outside [0, 1]
    """

    final: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.final <= 1:
            raise ValueError(
                f"Cosine: final = {self.final} is a part of the learning rate, 0 to 1."
            )

    def factor(self, progress: float, scores: Sequence[float]) -> float:  # noqa: ARG002 - interface
        """What multiplies the learning rate; ``progress`` runs from 0 to 1."""
        return self.final + 0.5 * (1 - self.final) * (1 + math.cos(math.pi * progress))


@dataclass(frozen=True)
class Plateau:
    """
    Less by a factor each time the score has not become better for a while.

    :param reduction: the factor
    :param patience: number of scores (rows of metrics) in a row that are no better than the best
        before them, or since the last reduction
    :raises ValueError: for a factor outside (0, 1) or a patience below 1
    """

    reduction: float = 0.5
    patience: int = 10

    def __post_init__(self) -> None:
        if not 0 < self.reduction < 1 or self.patience < 1:
            raise ValueError(
                f"Plateau: reduction = {self.reduction} has to be between 0 and 1, patience = "
                f"{self.patience} at least 1."
            )

    def factor(self, progress: float, scores: Sequence[float]) -> float:  # noqa: ARG002 - interface
        """What multiplies the learning rate after ``scores``, of which less is better."""
        best, waited, factor = math.inf, 0, 1.0
        for score in scores:
            waited = 0 if score < best else waited + 1
            best = min(best, score)
            if waited == self.patience:
                factor, waited = factor * self.reduction, 0
        return factor
