"""How a NICE sequence is found from the densities of many centers."""

from __future__ import annotations

import dataclasses
import itertools
import logging
from collections.abc import Iterator, Sequence
from typing import cast

import torch
from torch import Tensor

from ..compiled import num_threads
from ..dense_coefficients import of_order
from ..jacobian import refuse_what_cannot_fit
from .blocks import DensityScale, Expansion, NiceBlock
from .branch import Branch, GramSums, Rows
from .reduction import Reduction, reduced
from .selection import block_symmetry, chosen_pairs, couplings_of
from .sequence import NiceIteration, NiceSequence, squared_size
from .step import NiceStep, Plan

_LOG = logging.getLogger(__name__)


def fitted_sequence(
    dense: Tensor,
    blocks: Sequence[NiceBlock],
    scale: DensityScale | None,
    *,
    n_per_l: list[int],
    rows_per_feature: int | None,
    name: str,
) -> NiceSequence:
    """
    The sequence of one model: an iteration after the other, each in one pass over the centers.

    Beside ``dense`` it takes the memory of Gram matrices of products, and of the features of a
    chunk of centers: where there are several chunks, features of finished orders are made anew in
    each pass.

    :param dense: density coefficients of the centers of the fit ``(center, lm, channel, n)``
    :param rows_per_feature: see :class:`Rows`
    :param name: of the model, for messages
    :raises ValueError: for fewer than two centers, or more components than there can be
    """
    if len(dense) < 2:
        raise ValueError(
            f"Nice.fit: {len(dense)} centers for {name} are too few; give frames with at least "
            "two, better ten for each component."
        )
    rows = Rows(len(dense), rows_per_feature)
    fit = _Fit(dense, _density(dense, scale, n_per_l, rows), rows, name)
    for nu, block in enumerate(blocks, start=1):
        # where only invariants follow, no pseudotensor is used again
        fit.add(block, proper=nu < len(blocks) and blocks[nu].covariant is None)
    fit.sequence.finish()
    return fit.sequence


def _density(
    dense: Tensor, scale: DensityScale | None, n_per_l: list[int], rows: Rows
) -> NiceSequence:
    """Order 1: the principal components of the scaled density, uncentred."""
    mean_scale = dense.new_ones(())
    if scale is not None and not scale.individually:
        squares = squared_size(dense, n_per_l, scale.measure == "variance").mean()
        mean_scale = squares.rsqrt() if squares > 0 else mean_scale
    plain = NiceSequence(scale, n_per_l=n_per_l, mean_scale=mean_scale, first=[])
    scaled = dense * plain.factors(dense)
    first = []
    for l, n in enumerate(n_per_l):
        block = of_order(scaled, l, n)
        columns = block[: rows.centers(block.shape[2], l)].flatten(0, 1)
        first.append(
            reduced(
                columns.T @ columns,
                n_lower=0,
                n_rows=len(columns),
                limit=None,
                standardize=False,
                centered=False,
            )
        )
    return NiceSequence(scale, n_per_l=n_per_l, mean_scale=mean_scale, first=first)


class _Fit:
    """A sequence that grows by iterations, and the centers it is fitted to."""

    def __init__(self, dense: Tensor, sequence: NiceSequence, rows: Rows, name: str):
        self.dense, self.sequence, self.rows = dense, sequence, rows
        self.name = name
        first = [values[0] for values in sequence.variances()]
        # by order and block_number; a density has no pseudotensors
        self.variances = [[v for values in first for v in (values, values[:0])]]
        # columns before rounding is cut off, by which rows are counted
        self.widths = [[n for shape in sequence.first.shapes for n in (shape[0], 0)]]
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
        sums = [None if branch is None else GramSums(branch) for branch in branches]
        self._sum_up([grams for grams in sums if grams is not None])
        steps = [None if grams is None else self._step(grams, block.standardize) for grams in sums]
        self.sequence.iterations.append(NiceIteration(*steps))
        variances = [torch.zeros(0, dtype=torch.float64)] * len(self.variances[0])
        widths = [0] * len(variances)
        if steps[0] is not None and branches[0] is not None:
            for number, values, factors in zip(
                steps[0].numbers, steps[0].variances(), branches[0].factors, strict=True
            ):
                variances[number] = values[0]
                widths[number] = branches[0].expansion.n_kept(len(factors))
        self.variances.append(variances)
        self.widths.append(widths)

    def _branch(
        self, block: NiceBlock, expansion: Expansion, *, invariants: bool, proper: bool
    ) -> Branch:
        """Choose the products of a branch."""
        unordered = self.nu == 1 and block.deduplicate
        left, right = (
            [_importances(values, block.importance) for values in order]
            for order in (self.variances[-1], self.variances[0])
        )
        pairs = chosen_pairs(left, right, expansion, invariants=invariants, unordered=unordered)
        l_max = 0 if invariants else len(right) // 2 - 1
        couplings, numbers, factors = couplings_of(pairs, l_max, proper=proper, unordered=unordered)
        taken, n_predicting, n_contracting = [], [], []
        for number, columns in zip(numbers, factors, strict=True):
            o3_lambda, _ = block_symmetry(number)
            taken.append([expansion.n_taken(len(order[number])) for order in self.variances])
            n_lower = sum(expansion.n_taken(order[number]) for order in self.widths)
            n_predicting.append(self.rows.centers(n_lower, o3_lambda))
            n_contracting.append(self.rows.centers(expansion.n_kept(len(columns)), o3_lambda))
        plan = Plan(couplings, numbers, taken)
        branch = Branch(expansion, plan, factors, invariants, n_predicting, n_contracting)
        copies = 1 if self.rows.per_feature is None else 2
        refuse_what_cannot_fit(
            copies * branch.size, self.dense.dtype, f"Nice.fit, nu={self.nu + 1}: Gram matrices"
        )
        return branch

    def _sum_up(self, sums: Sequence[GramSums]) -> None:
        """Pass over the centers once."""
        from rhobar.ops import cpu

        ends = sorted({end for grams in sums for end in grams.branch.ends})
        start = 0
        for chunk in self._chunks():
            stop = start + len(chunk[0][0])
            cuts = [start, *(end for end in ends if start < end < stop), stop]
            for first, last in itertools.pairwise(cuts):
                orders = [[b[first - start : last - start] for b in order] for order in chunk]
                for grams in sums:
                    if first < max(grams.branch.ends, default=0):
                        found = cpu.coupled_gram(
                            orders[-1],
                            orders[0],
                            grams.branch.plan.couplings,
                            grams.branch.lower(orders),
                            num_threads=num_threads(),
                        )
                        grams.add(found, last)
            start = stop

    def _chunks(self) -> Iterator[list[list[Tensor]]]:
        """Features of orders 1 … ν of one chunk of centers after the other."""
        chunks = self.sequence.chunks(self.dense)
        if len(chunks) > 1:
            self.known = []
            for chunk in chunks:
                yield self.sequence.orders(chunk, compiled=True)
            return
        if not self.known:
            self.known = [self.sequence.density(self.dense)]
        for module in list(self.sequence.iterations)[len(self.known) - 1 :]:
            iteration = cast(NiceIteration, module)
            self.known.append(iteration.all_covariants(self.known, compiled=True))
        yield self.known

    def _step(self, grams: GramSums, standardize: bool) -> NiceStep:
        """Reduce the products of a branch."""
        branch, reductions = grams.branch, []
        for out, (number, factors) in enumerate(
            zip(branch.plan.numbers, branch.factors, strict=True)
        ):
            columns = torch.cat([factors.new_ones(branch.n_lower[out]), factors])
            scales = torch.outer(columns, columns)
            predicting = grams.predicting.get(out)
            found = reduced(
                grams.contracting[out] * scales,
                n_lower=branch.n_lower[out],
                n_rows=branch.n_rows(out),
                limit=branch.expansion.n_kept(len(factors)),
                standardize=standardize,
                centered=branch.centered,
                predicting=None if predicting is None else predicting * scales,
            )
            o3_lambda, o3_sigma = block_symmetry(number)
            where = f"{self.name}, nu={self.nu + 1}, o3_lambda={o3_lambda}, o3_sigma={o3_sigma}"
            _check(found, branch, out, f"Nice.fit: {where}")
            reductions.append(dataclasses.replace(found, matrix=factors[:, None] * found.matrix))
        return NiceStep(branch.plan, reductions)


def _check(found: Reduction, branch: Branch, out: int, where: str) -> None:
    """Refuse what the data cannot give, tell what they gave."""
    count, n_products = len(found.variances), len(branch.factors[out])
    n_centers, expansion = branch.n_contracting[out], branch.expansion
    if expansion.n_components is not None and count < expansion.n_components:
        raise ValueError(
            f"{where}: {n_products} products of {n_centers} centers have rank {count}, but "
            f"n_components={expansion.n_components}. Ask for fewer, give more frames, or a "
            "bound (max_components)."
        )
    rank = ", the rank" if count != expansion.max_components else ""
    _LOG.info("%s: %d products, %d components%s", where, n_products, count, rank)
    if branch.n_rows(out) < 10 * count:
        _LOG.info("%s: %d rows, fewer than ten for each component", where, branch.n_rows(out))


def _importances(variances: Tensor, kind: str) -> Tensor:
    """Weights of the features of one block, which choose products."""
    if kind == "absolute" or len(variances) == 0:
        return variances
    return variances / variances.sum()
