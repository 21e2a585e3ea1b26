"""A branch of an iteration while it is fitted: its products, and their scalar products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .blocks import Expansion
from .selection import block_symmetry
from .step import Plan, lower_features


@dataclass(frozen=True)
class Rows:
    """How many of the centers, the first ones, a prediction or a contraction is found from."""

    n_centers: int
    per_feature: int | None
    """None: all centers; the original code wants ten, and has λ + 1 rows of a center"""

    def centers(self, n_features: int, o3_lambda: int) -> int:
        """For so many features of one block."""
        if self.per_feature is None:
            return self.n_centers
        wanted = -(-self.per_feature * n_features // (o3_lambda + 1))
        return max(1, min(self.n_centers, wanted))


@dataclass(frozen=True)
class Branch:
    """
    What a branch multiplies, and which centers it learns from.

    :param factors: per output ``(product,)``, what products are multiplied by
    :param centered: whether means are subtracted, as for invariants
    :param n_predicting: per output, centers from which the prediction by lower features is found
    :param n_contracting: per output, centers from which principal components are found
    """

    expansion: Expansion
    plan: Plan
    factors: list[Tensor]
    centered: bool
    n_predicting: list[int]
    n_contracting: list[int]

    @property
    def n_lower(self) -> list[int]:
        """Columns before the products, by output; centered ones begin with a column of ones."""
        return [sum(counts) + self.centered for counts in self.plan.taken]

    @property
    def size(self) -> int:
        """Numbers in all Gram matrices."""
        columns = zip(self.n_lower, self.factors, strict=True)
        return sum((n + len(factors)) ** 2 for n, factors in columns)

    @property
    def ends(self) -> set[int]:
        """Numbers of centers after which some output has seen enough."""
        return {*self.n_predicting, *self.n_contracting}

    def lower(self, orders: list[list[Tensor]]) -> list[Tensor]:
        """The columns before the products, by output."""
        blocks = []
        for number, taken in zip(self.plan.numbers, self.plan.taken, strict=True):
            features = lower_features(orders, number, taken)
            if self.centered:
                ones = features.new_ones(*features.shape[:2], 1)
                features = torch.cat([ones, features], dim=2)
            blocks.append(features)
        return blocks

    def n_rows(self, out: int) -> int:
        """Rows of the contraction of an output."""
        o3_lambda, _ = block_symmetry(self.plan.numbers[out])
        return self.n_contracting[out] * (2 * o3_lambda + 1)


@dataclass
class GramSums:
    """Scalar products of [1 |] lower features | products, summed over the first centers."""

    branch: Branch
    predicting: dict[int, Tensor] = field(default_factory=dict)
    """by output, where its centers are not those of ``contracting``"""
    contracting: dict[int, Tensor] = field(default_factory=dict)

    def add(self, grams: Sequence[Tensor], last: int) -> None:
        """Those of the centers up to ``last``, which is no later than the next of ``ends``."""
        branch = self.branch
        for out, gram in enumerate(grams):
            n_predicting, n_contracting = branch.n_predicting[out], branch.n_contracting[out]
            if last <= n_contracting:
                self.contracting[out] = gram + self.contracting.get(out, 0.0)
            if last <= n_predicting and n_predicting != n_contracting:
                self.predicting[out] = gram + self.predicting.get(out, 0.0)
