"""Correlations of densities with a given number of channels: values, derivatives, labels."""

import math
from typing import NamedTuple

import torch
from metatensor.torch import Labels, TensorBlock
from torch import Tensor

from rhobar.ops import Coupling, centers_at_once, correlation_slopes, correlations

from .blocks import o3_mu
from .compiled_coupling import compiled_correlations, compiled_slopes
from .correlation_stencils import Mixing, Stencil, correlation_stencils
from .dense_coefficients import of_order
from .jacobian import refuse_what_cannot_fit

_KEPT_PLANS = 8  # one for each number of channels that centers of a type see, and chosen keys


class CorrelationPlan(NamedTuple):
    """Products of chosen symmetries for a number of channels."""

    steps: list[list[Coupling]]
    labels: list[Tensor]
    """per block ``(product, 4 nu - 2)``, see :meth:`CorrelatedProducts.label_names`; in place of
    channel and n of a factor stand its l and its number q = channel * n_l + n"""
    target: list[Tensor]
    """per block, columns that get a part of others, see :class:`Mixing`"""
    source: list[Tensor]
    weight: list[Tensor]


class Placed(NamedTuple):
    """Where the products of each stencil of one step are."""

    factors: list[Tensor]
    """per stencil ``(product, factor)``, numbers q"""
    starts: list[int]
    """per stencil, its first column in its block"""
    blocks: list[int]
    """per block of all, its number among those that are made"""


class CorrelatedProducts(torch.nn.Module):
    """
    Non-redundant products of ``nu`` densities.

    Which products there are is found once, as stencils; a plan says for a number of channels what
    is multiplied, by numbers of features.

    :param n_per_l: number of radial functions of each l
    """

    steps: list[list[Stencil]]
    mixings: list[Mixing]
    symmetries: list[tuple[int, int]]
    n_per_l: list[int]

    def __init__(
        self,
        *,
        nu: int,
        n_per_l: list[int],
        o3_lambda_max: int,
        k_max: int | None,
        pseudotensors: bool,
    ):
        super().__init__()
        self.nu = nu
        self.n_per_l = n_per_l
        found = correlation_stencils(
            nu, len(n_per_l) - 1, o3_lambda_max, k_max, pseudotensors=pseudotensors
        )
        self.steps, self.mixings = found.steps, found.mixings
        self.symmetries = found.symmetries
        self._plans: dict[tuple[int, tuple[int, ...], torch.device], CorrelationPlan] = {}

    def blocks(
        self, dense: Tensor, channels: Tensor, wanted: list[int], samples: Labels
    ) -> list[TensorBlock]:
        """
        Blocks ``(center, o3_mu, property)`` of some symmetries.

        :param dense: ``(center, lm, channel, n)``
        :param channels: ``(channel,)``, neighbor types
        :param wanted: positions in ``symmetries``, sorted
        """
        if torch.jit.is_scripting():  # type: ignore[attr-defined]
            plan = self.plan(channels.shape[0], wanted, dense.device)
        else:
            plan = self._remembered(channels.shape[0], wanted, dense.device)
        values = self.values(dense, plan)
        names = self.label_names()
        blocks: list[TensorBlock] = []
        for k, number in enumerate(wanted):
            blocks.append(
                TensorBlock(
                    values=values[k],
                    samples=samples,
                    components=[o3_mu(self.symmetries[number][0], dense.device)],
                    properties=Labels(names, self.label_values(plan.labels[k], channels)),
                )
            )
        return blocks

    def values(self, dense: Tensor, plan: CorrelationPlan) -> list[Tensor]:
        """``(center, 2 λ + 1, property)`` of the symmetries of a plan; compiled where it can be."""
        density = self._density(dense)
        if torch.jit.is_scripting():  # type: ignore[attr-defined]
            return self._mixed(correlations(density, plan.steps), plan)
        return self._mixed(self._dispatched(density, plan.steps), plan)

    @torch.jit.unused
    def _dispatched(self, density: list[Tensor], steps: list[list[Coupling]]) -> list[Tensor]:
        if any(block.device.type != "cpu" for block in density):
            return correlations(density, steps)
        return compiled_correlations(density, steps)

    @torch.jit.unused
    def gradients(
        self, dense: Tensor, row: Tensor, slopes: Tensor, wanted: list[int], parameter: str
    ) -> list[Tensor]:
        """
        Derivatives of :meth:`values`.

        :param row: ``(gradient row,)``, the center of each
        :param slopes: ``(gradient row, axis, lm, channel, n)``, of the density
        :param parameter: what the derivatives are by, for errors
        :returns: ``(gradient row, axis, 2 λ + 1, property)``
        :raises MemoryError: for gradients that cannot fit
        """
        plan = self._remembered(dense.shape[2], wanted, dense.device)
        lead = slopes.shape[:2]
        shapes = [
            (*lead, 2 * self.symmetries[number][0] + 1, len(labels))
            for number, labels in zip(wanted, plan.labels, strict=True)
        ]
        refuse_what_cannot_fit(
            sum(math.prod(shape) for shape in shapes), dense.dtype, f"{parameter} gradients"
        )
        op = compiled_slopes if dense.device.type == "cpu" else correlation_slopes
        gradients = [dense.new_empty(shape) for shape in shapes]
        for part in torch.arange(len(row)).split(centers_at_once(plan.steps)):
            there = self._density(dense[row[part]])
            for axis in range(lead[1]):
                along = self._density(slopes[part, axis])
                changes = self._mixed(op(there, along, plan.steps), plan)
                for gradient, change in zip(gradients, changes, strict=True):
                    gradient[part, axis] = change
        return gradients

    @torch.jit.unused
    def _remembered(
        self, n_channels: int, wanted: list[int], device: torch.device
    ) -> CorrelationPlan:
        """The plan of an earlier call, if it was the same; those of the last few are kept."""
        key = (n_channels, tuple(wanted), device)
        if key not in self._plans:
            if len(self._plans) >= _KEPT_PLANS:
                del self._plans[next(iter(self._plans))]
            self._plans[key] = self.plan(n_channels, wanted, device)
        return self._plans[key]

    def plan(self, n_channels: int, wanted: list[int], device: torch.device) -> CorrelationPlan:
        """
        Products for ``n_channels``.

        :param wanted: positions in ``symmetries``, sorted; the blocks of the plan
        """
        kept = self._kept(wanted)
        placed = Placed(
            [torch.arange(n_channels * n, device=device).unsqueeze(1) for n in self.n_per_l],
            [0 for _ in self.n_per_l],
            list(range(len(self.n_per_l))),
        )
        steps: list[list[Coupling]] = []
        for number, stencils in enumerate(self.steps):
            step, placed = self._grown(stencils, kept[number], placed, n_channels)
            steps.append(step)
        return self._labelled(steps, placed, kept[-1])

    def _kept(self, wanted: list[int]) -> list[list[bool]]:
        """Which stencils of each step the wanted blocks are made from."""
        kept = [[False for _ in stencils] for stencils in self.steps]
        for k, stencil in enumerate(self.steps[-1]):
            kept[-1][k] = stencil.out in wanted
        for number in range(len(kept) - 1, 0, -1):
            for k, stencil in enumerate(self.steps[number]):
                if kept[number][k]:
                    kept[number - 1][stencil.parent] = True
        return kept

    def _grown(
        self, stencils: list[Stencil], kept: list[bool], before: Placed, n_channels: int
    ) -> tuple[list[Coupling], Placed]:
        """Couplings of one step, and where their products are."""
        blocks = _numbers(stencils, kept)
        sizes = [0 for _ in blocks]
        factors: list[Tensor] = []
        starts: list[int] = []
        couplings: list[Coupling] = []
        for k, s in enumerate(stencils):
            parents = before.factors[s.parent]
            if not kept[k]:
                factors.append(parents[:0])
                starts.append(0)
                continue
            first, second = _chosen(parents[:, -1], s.follows, n_channels * self.n_per_l[s.l])
            factors.append(torch.cat([parents[first], second.unsqueeze(1)], dim=1))
            starts.append(sizes[s.out])
            sizes[s.out] += first.shape[0]
            left = before.blocks[s.left]
            first = first + before.starts[s.parent]
            couplings.append(
                Coupling(
                    left, s.l, blocks[s.out], s.l_left, s.l, s.o3_lambda, first, second, s.table
                )
            )
        return couplings, Placed(factors, starts, blocks)

    def _labelled(
        self, steps: list[list[Coupling]], placed: Placed, kept: list[bool]
    ) -> CorrelationPlan:
        """The plan with what its last step is called and how it is mixed."""
        count = max(placed.blocks) + 1
        labels: list[list[Tensor]] = [[] for _ in range(count)]
        device = placed.factors[0].device
        nothing = torch.zeros(0, dtype=torch.int64, device=device)
        target: list[list[Tensor]] = [[nothing] for _ in range(count)]
        source: list[list[Tensor]] = [[nothing] for _ in range(count)]
        weight: list[list[Tensor]] = [[nothing.to(torch.float64)] for _ in range(count)]
        stencils = self.steps[-1]
        for k, s in enumerate(stencils):
            if kept[k]:
                factors = placed.factors[k]
                names = torch.tensor(s.labels + s.orders, device=device)
                names = names.unsqueeze(0).expand(factors.shape[0], len(s.labels) + len(s.orders))
                labels[placed.blocks[s.out]].append(torch.cat([names, factors], dim=1))
        for mixing in self.mixings:
            if kept[mixing.target]:
                number = torch.arange(placed.factors[mixing.target].shape[0], device=device)
                block = placed.blocks[stencils[mixing.target].out]
                target[block].append(number + placed.starts[mixing.target])
                source[block].append(number + placed.starts[mixing.source])
                weight[block].append(torch.full_like(number, mixing.weight, dtype=torch.float64))
        return CorrelationPlan(
            steps,
            [torch.cat(block) for block in labels],
            [torch.cat(block) for block in target],
            [torch.cat(block) for block in source],
            [torch.cat(block) for block in weight],
        )

    def label_names(self) -> list[str]:
        """l_1, l_2, k_2, l_3, k_3, …, l_nu, then the neighbor type and n of each factor."""
        names = ["l_1"]
        for factor in range(2, self.nu + 1):
            names.append(f"l_{factor}")
            if factor < self.nu:
                names.append(f"k_{factor}")
        for factor in range(1, self.nu + 1):
            names.append(f"neighbor_{factor}_type")
            names.append(f"n_{factor}")
        return names

    def label_values(self, labels: Tensor, channels: Tensor) -> Tensor:
        """
        Values under :meth:`label_names`, int32.

        :param labels: of a plan
        :param channels: ``(channel,)``, types
        """
        columns = [labels[:, : 2 * self.nu - 2]]
        sizes = torch.tensor(self.n_per_l, device=labels.device)
        for factor in range(self.nu):
            n = sizes[labels[:, 2 * self.nu - 2 + factor]]
            q = labels[:, 3 * self.nu - 2 + factor]
            channel = channels[torch.div(q, n, rounding_mode="floor")]
            columns.append(torch.stack([channel, q % n], dim=1))
        return torch.cat(columns, dim=1).to(torch.int32)

    def _density(self, dense: Tensor) -> list[Tensor]:
        """Blocks of the density, one for each l."""
        return [of_order(dense, l, n) for l, n in enumerate(self.n_per_l)]

    def _mixed(self, values: list[Tensor], plan: CorrelationPlan) -> list[Tensor]:
        """Add to some columns their parts of others."""
        blocks: list[Tensor] = []
        for k, block in enumerate(values):
            if plan.target[k].shape[0] > 0:
                parts = block.index_select(2, plan.source[k]) * plan.weight[k].to(block)
                block.index_add_(2, plan.target[k], parts)
            blocks.append(block)
        return blocks


def _numbers(stencils: list[Stencil], kept: list[bool]) -> list[int]:
    """Numbers of the blocks that kept stencils make, without gaps; -1 for others."""
    count = 0
    for s in stencils:
        count = max(count, s.out + 1)
    made = [False for _ in range(count)]
    for k, s in enumerate(stencils):
        if kept[k]:
            made[s.out] = True
    numbers: list[int] = []
    found = 0
    for k in range(count):
        numbers.append(found if made[k] else -1)
        if made[k]:
            found += 1
    return numbers


def _chosen(last: Tensor, follows: int, count: int) -> tuple[Tensor, Tensor]:
    """
    Products with a further factor.

    :param last: ``(parent,)``, q of the factor before
    :param follows: which q of the further one go with it, see :mod:`.correlation_stencils`
    :param count: how many q there are
    :returns: number of the parent, q of the further factor
    """
    parent = torch.arange(last.shape[0], device=last.device)
    if follows == 2:  # SAME; TorchScript reads no constants of modules
        return parent, last
    start = torch.zeros_like(last) if follows == 0 else last + 1  # ALL, or LARGER
    sizes = count - start
    first = torch.repeat_interleave(parent, sizes)
    before = torch.cumsum(sizes, 0) - sizes
    number = torch.arange(first.shape[0], device=last.device)
    return first, number - before[first] + start[first]
