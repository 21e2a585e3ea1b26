"""How a NICE sequence is found from the densities of many centers."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Sequence
from typing import cast

import torch
from torch import Tensor

from ..dense_coefficients import of_order
from ..jacobian import refuse_what_cannot_fit
from .blocks import DensityScale, Expansion, NiceBlock
from .reduction import Reduction, reduced
from .selection import block_symmetry, chosen_pairs, couplings_of
from .sequence import NiceIteration, NiceSequence, squared_size
from .step import NiceStep, Plan, lower_features

_LOG = logging.getLogger(__name__)


def fitted_sequence(
    dense: Tensor,
    blocks: Sequence[NiceBlock],
    scale: DensityScale | None,
    *,
    n_per_l: list[int],
    num_threads: int,
    name: str,
) -> NiceSequence:
    """
    The sequence of one model: an iteration after the other, each in one pass over the centers.

    Beside ``dense`` it takes the memory of Gram matrices of products, and of the features of a
    chunk of centers: where there are several chunks, features of finished orders are made anew in
    each pass.

    :param dense: density coefficients of the centers of the fit ``(center, lm, channel, n)``
    :param name: of the model, for messages
    :raises ValueError: for fewer than two centers, or more components than there can be
    """
    if len(dense) < 2:
        raise ValueError(
            f"Nice.fit: {len(dense)} centers for {name} are too few; give frames with at least "
            "two, better ten for each component."
        )
    fit = _Fit(dense, _density(dense, scale, n_per_l), num_threads, name)
    for nu, block in enumerate(blocks, start=1):
        # where only invariants follow, no pseudotensor is used again
        fit.add(block, proper=nu < len(blocks) and blocks[nu].covariant is None)
    fit.sequence.finish()
    return fit.sequence


def _density(dense: Tensor, scale: DensityScale | None, n_per_l: list[int]) -> NiceSequence:
    """Order 1: the principal components of the scaled density, uncentred."""
    mean_scale = dense.new_ones(())
    if scale is not None and not scale.individually:
        squares = squared_size(dense, n_per_l, scale.measure == "variance").mean()
        mean_scale = squares.rsqrt() if squares > 0 else mean_scale
    plain = NiceSequence(scale, n_per_l=n_per_l, mean_scale=mean_scale, first=[])
    scaled = dense * plain.factors(dense)
    first = []
    for l, n in enumerate(n_per_l):
        rows = of_order(scaled, l, n).flatten(0, 1)
        first.append(
            reduced(
                rows.T @ rows,
                n_lower=0,
                n_rows=len(rows),
                limit=None,
                standardize=False,
                centered=False,
            )
        )
    return NiceSequence(scale, n_per_l=n_per_l, mean_scale=mean_scale, first=first)


@dataclasses.dataclass(frozen=True)
class _Branch:
    """A branch of which the products are chosen."""

    expansion: Expansion
    plan: Plan
    factors: list[Tensor]
    """per output ``(product,)``"""
    centered: bool

    @property
    def n_lower(self) -> list[int]:
        """Columns before the products, by output; centered ones begin with a column of ones."""
        return [sum(counts) + self.centered for counts in self.plan.taken]

    @property
    def size(self) -> int:
        """Numbers in all Gram matrices."""
        columns = zip(self.n_lower, self.factors, strict=True)
        return sum((n + len(factors)) ** 2 for n, factors in columns)


class _Fit:
    """A sequence that grows by iterations, and the centers it is fitted to."""

    def __init__(self, dense: Tensor, sequence: NiceSequence, num_threads: int, name: str):
        self.dense, self.sequence = dense, sequence
        self.num_threads, self.name = num_threads, name
        first = [values[0] for values in sequence.variances()]
        # by order and block_number; a density has no pseudotensors
        self.variances = [[v for values in first for v in (values, values[:0])]]
        self.known: list[list[Tensor]] = []

    @property
    def nu(self) -> int:
        """The highest order of the sequence."""
        return len(self.variances)

    def add(self, block: NiceBlock, *, proper: bool) -> None:
        """Find the next iteration: choose products, sum up their scalar products, reduce them."""
        branches = [
            self._branch(block, expansion, invariants=invariants, proper=proper)
            if expansion is not None
            else None
            for expansion, invariants in ((block.covariant, False), (block.invariant, True))
        ]
        present = [branch for branch in branches if branch is not None]
        grams = iter(self._grams(present))
        steps = [
            None if branch is None else self._step(branch, next(grams), block.standardize)
            for branch in branches
        ]
        self.sequence.iterations.append(NiceIteration(*steps))
        order = [torch.zeros(0, dtype=torch.float64)] * len(self.variances[0])
        if steps[0] is not None:
            for number, values in zip(steps[0].numbers, steps[0].variances(), strict=True):
                order[number] = values[0]
        self.variances.append(order)

    def _branch(
        self, block: NiceBlock, expansion: Expansion, *, invariants: bool, proper: bool
    ) -> _Branch:
        unordered = self.nu == 1 and block.deduplicate
        left, right = (
            [_importances(values, block.importance) for values in order]
            for order in (self.variances[-1], self.variances[0])
        )
        pairs = chosen_pairs(left, right, expansion, invariants=invariants, unordered=unordered)
        l_max = 0 if invariants else len(right) // 2 - 1
        couplings, numbers, factors = couplings_of(pairs, l_max, proper=proper, unordered=unordered)
        most = expansion.max_take
        sizes = [[len(order[number]) for order in self.variances] for number in numbers]
        taken = [[n if most is None else min(n, most) for n in counts] for counts in sizes]
        branch = _Branch(expansion, Plan(couplings, numbers, taken), factors, centered=invariants)
        refuse_what_cannot_fit(
            branch.size, self.dense.dtype, f"Nice.fit, nu={self.nu + 1}: Gram matrices"
        )
        return branch

    def _grams(self, branches: Sequence[_Branch]) -> list[list[Tensor]]:
        """By branch and output, scalar products of [1 |] lower features | products."""
        from rhobar.ops import cpu

        sums: list[list[Tensor]] = [[] for _ in branches]
        for orders in self._chunks():
            for k, branch in enumerate(branches):
                plan = branch.plan
                if not plan.numbers:
                    continue
                lower = []
                for number, taken in zip(plan.numbers, plan.taken, strict=True):
                    features = lower_features(orders, number, taken)
                    if branch.centered:
                        ones = features.new_ones(*features.shape[:2], 1)
                        features = torch.cat([ones, features], dim=2)
                    lower.append(features)
                found = cpu.coupled_gram(
                    orders[-1], orders[0], plan.couplings, lower, num_threads=self.num_threads
                )
                known = sums[k] or [torch.zeros_like(gram) for gram in found]
                sums[k] = [a + b for a, b in zip(known, found, strict=True)]
        return sums

    def _chunks(self) -> Iterator[list[list[Tensor]]]:
        """Features of orders 1 … ν of one chunk of centers after the other."""
        chunks = self.sequence.chunks(self.dense)
        if len(chunks) > 1:
            self.known = []
            for chunk in chunks:
                yield self.sequence.orders(chunk, self.num_threads)
            return
        if not self.known:
            self.known = [self.sequence.density(self.dense)]
        for module in list(self.sequence.iterations)[len(self.known) - 1 :]:
            iteration = cast(NiceIteration, module)
            self.known.append(iteration.all_covariants(self.known, self.num_threads))
        yield self.known

    def _step(self, branch: _Branch, grams: list[Tensor], standardize: bool) -> NiceStep:
        columns = zip(grams, branch.factors, branch.n_lower, branch.plan.numbers, strict=True)
        reductions = []
        for gram, factors, n_lower, number in columns:
            o3_lambda, o3_sigma = block_symmetry(number)
            both = torch.cat([factors.new_ones(n_lower), factors])
            expansion = branch.expansion
            found = reduced(
                gram * torch.outer(both, both),
                n_lower=n_lower,
                n_rows=len(self.dense) * (2 * o3_lambda + 1),
                limit=expansion.n_components or expansion.max_components,
                standardize=standardize,
                centered=branch.centered,
            )
            where = f"{self.name}, nu={self.nu + 1}, o3_lambda={o3_lambda}, o3_sigma={o3_sigma}"
            self._check(found, expansion, f"{where}: {len(factors)} products", o3_lambda)
            reductions.append(dataclasses.replace(found, matrix=factors[:, None] * found.matrix))
        return NiceStep(branch.plan, reductions)

    def _check(self, found: Reduction, expansion: Expansion, what: str, o3_lambda: int) -> None:
        """Refuse what the data cannot give, tell what they gave."""
        count, n_centers = len(found.variances), len(self.dense)
        if expansion.n_components is not None and count < expansion.n_components:
            raise ValueError(
                f"Nice.fit: {what} of {n_centers} centers have rank {count}, but "
                f"n_components={expansion.n_components}. Ask for fewer, give more frames, or a "
                "bound (max_components)."
            )
        rank = ", the rank" if count != expansion.max_components else ""
        _LOG.info("Nice.fit: %s, %d components%s", what, count, rank)
        if n_centers * (2 * o3_lambda + 1) < 10 * count:
            _LOG.info("Nice.fit: %s: fewer than ten rows for each component", what)


def _importances(variances: Tensor, kind: str) -> Tensor:
    """Weights of the features of one block, which choose products."""
    if kind == "absolute" or len(variances) == 0:
        return variances
    return variances / variances.sum()
