"""How a NICE sequence is found from the densities of many centers."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence

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
    chunk of centers: those of finished orders are made anew in each pass.

    :param dense: density coefficients of the centers of the fit ``(center, lm, channel, n)``
    :param name: of the model, for messages
    :raises ValueError: for fewer than two centers, or more components than there can be
    """
    if len(dense) < 2:
        raise ValueError(
            f"Nice.fit: {len(dense)} centers for {name} are too few; give frames with at least "
            "two, better ten for each component."
        )
    sequence = _density(dense, scale, n_per_l)
    variances = _by_number(sequence)
    for nu, block in enumerate(blocks, start=1):
        # where only invariants follow, no pseudotensor is used again
        proper = nu < len(blocks) and blocks[nu].covariant is None
        search = _Search(sequence, variances, block, nu, num_threads, name)
        covariant, invariant = (
            None
            if expansion is None
            else search.step(dense, expansion, invariants=invariants, proper=proper)
            for expansion, invariants in ((block.covariant, False), (block.invariant, True))
        )
        sequence.iterations.append(NiceIteration(covariant, invariant))
        variances.append(_variances_of(covariant, len(variances[0])))
    return sequence


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


class _Search:
    """What one iteration adds to a sequence that is fitted up to order ν."""

    def __init__(
        self,
        sequence: NiceSequence,
        variances: list[list[Tensor]],
        block: NiceBlock,
        nu: int,
        num_threads: int,
        name: str,
    ):
        self.sequence, self.block, self.nu = sequence, block, nu
        self.sizes = [[len(values) for values in order] for order in variances]
        self.left, self.right = (
            [_importances(values, block.importance) for values in order]
            for order in (variances[-1], variances[0])
        )
        self.num_threads, self.name = num_threads, name

    def step(
        self, dense: Tensor, expansion: Expansion, *, invariants: bool, proper: bool
    ) -> NiceStep:
        """Choose products, sum up their scalar products, reduce them."""
        unordered = self.nu == 1 and self.block.deduplicate
        pairs = chosen_pairs(
            self.left, self.right, expansion, invariants=invariants, unordered=unordered
        )
        l_max = len(self.right) // 2 - 1
        couplings, numbers, scales = couplings_of(
            pairs, 0 if invariants else l_max, proper=proper, unordered=unordered
        )
        taken = [
            [_at_most(order[number], expansion.max_take) for order in self.sizes]
            for number in numbers
        ]
        plan = Plan(couplings, numbers, taken)
        if not numbers:
            return NiceStep(plan, [])
        n_lower = [sum(counts) + invariants for counts in taken]
        size = sum((n + len(factors)) ** 2 for n, factors in zip(n_lower, scales, strict=True))
        refuse_what_cannot_fit(size, dense.dtype, f"Nice.fit, nu={self.nu + 1}: Gram matrices")
        grams = self._grams(dense, plan, centered=invariants)
        reductions = [
            self._reduction(
                gram, factors, expansion, n_lower=n, number=number, n_centers=len(dense),
                centered=invariants,
            )
            for gram, factors, n, number in zip(grams, scales, n_lower, numbers, strict=True)
        ]  # fmt: skip
        return NiceStep(plan, reductions)

    def _grams(self, dense: Tensor, plan: Plan, *, centered: bool) -> list[Tensor]:
        """Scalar products of [1 |] lower features | products, summed over chunks of centers."""
        from rhobar.ops import cpu

        sums: list[Tensor] = []
        for chunk in self.sequence.chunks(dense):
            orders = self.sequence.orders(chunk, self.num_threads)
            lower = []
            for number, taken in zip(plan.numbers, plan.taken, strict=True):
                features = lower_features(orders, number, taken)
                if centered:
                    ones = features.new_ones(*features.shape[:2], 1)
                    features = torch.cat([ones, features], dim=2)
                lower.append(features)
            grams = cpu.coupled_gram(
                orders[-1], orders[0], plan.couplings, lower, num_threads=self.num_threads
            )
            sums = [a + b for a, b in zip(sums, grams, strict=True)] if sums else grams
        return sums

    def _reduction(
        self,
        gram: Tensor,
        factors: Tensor,
        expansion: Expansion,
        *,
        n_lower: int,
        number: int,
        n_centers: int,
        centered: bool,
    ) -> Reduction:
        o3_lambda, o3_sigma = block_symmetry(number)
        columns = torch.cat([factors.new_ones(n_lower), factors])
        limit = expansion.n_components or expansion.max_components
        n_rows = n_centers * (2 * o3_lambda + 1)
        found = reduced(
            gram * torch.outer(columns, columns),
            n_lower=n_lower,
            n_rows=n_rows,
            limit=limit,
            standardize=self.block.standardize,
            centered=centered,
        )
        where = f"{self.name}, nu={self.nu + 1}, o3_lambda={o3_lambda}, o3_sigma={o3_sigma}"
        count = len(found.variances)
        if expansion.n_components is not None and count < expansion.n_components:
            raise ValueError(
                f"Nice.fit: {where}: n_components={expansion.n_components}, but {len(factors)} "
                f"products of {n_centers} centers have rank {count}. Ask for fewer, give more "
                "frames, or a bound (max_components)."
            )
        if limit is None or count < limit:
            _LOG.info("Nice.fit: %s: %d components, the rank", where, count)
        if n_rows < 10 * count:
            _LOG.info(
                "Nice.fit: %s: %d components from %d rows; ten rows for each are a good number.",
                where, count, n_rows,
            )  # fmt: skip
        return dataclasses.replace(found, matrix=factors[:, None] * found.matrix)


def _importances(variances: Tensor, kind: str) -> Tensor:
    """Weights of the features of one block, which choose products."""
    if kind == "absolute" or len(variances) == 0:
        return variances
    return variances / variances.sum()


def _by_number(sequence: NiceSequence) -> list[list[Tensor]]:
    """Variances of order 1, by ``block_number``; a density has no pseudotensors."""
    order = []
    for values in sequence.variances():
        order += [values[0], values[0, :0]]
    return [order]


def _variances_of(step: NiceStep | None, n_blocks: int) -> list[Tensor]:
    """Variances of the features of a step, by ``block_number``."""
    order = [torch.zeros(0, dtype=torch.float64)] * n_blocks
    if step is not None:
        for number, values in zip(step.numbers, step.variances(), strict=True):
            order[number] = values[0]
    return order


def _at_most(size: int, limit: int | None) -> int:
    return size if limit is None else min(size, limit)
