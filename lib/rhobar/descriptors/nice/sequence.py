"""A fitted NICE sequence: from the density of centers to their features of every order."""

from collections.abc import Sequence
from typing import Optional, cast

import torch
from torch import Tensor

from ..dense_coefficients import of_order
from .blocks import DensityScale, NiceBlock
from .fitted import Fitted, Matrices
from .reduction import Reduction
from .step import NiceStep, Plan


class NiceIteration(torch.nn.Module):
    """Both branches of one iteration; one that is absent has no outputs."""

    def __init__(self, covariant: Optional[NiceStep], invariant: Optional[NiceStep]):
        super().__init__()
        absent = NiceStep(Plan([], [], []), [])
        self.covariant = absent if covariant is None else covariant
        self.invariant = absent if invariant is None else invariant
        self.has_invariant = invariant is not None

    def sizes(self, n_blocks: int) -> list[int]:
        """Number of covariants by ``block_number``."""
        return self.covariant.sizes(n_blocks)

    def covariants(
        self, orders: list[list[Tensor]], limits: list[int], compiled: bool
    ) -> list[Tensor]:
        """Blocks of the next order by ``block_number``, so many components of each."""
        blocks: list[Tensor] = []
        for block in orders[0]:
            blocks.append(block[:, :, :0])
        found = self.covariant(orders, limits, compiled)
        for k, number in enumerate(self.covariant.numbers):
            blocks[number] = found[k]
        return blocks

    def all_covariants(self, orders: list[list[Tensor]], compiled: bool) -> list[Tensor]:
        """The same with all components."""
        return self.covariants(orders, self.sizes(len(orders[0])), compiled)

    def invariants(
        self, orders: list[list[Tensor]], covariants: list[Tensor], compiled: bool
    ) -> Tensor:
        """``(center, component)`` of the next order."""
        if not self.has_invariant:
            return covariants[0].squeeze(1)
        found = self.invariant(orders, self.invariant.sizes(1), compiled)
        return found[0].squeeze(1) if len(found) > 0 else orders[0][0].squeeze(1)[:, :0]


class NiceSequence(Fitted):
    """
    Features of orders 1, 2, … of centers that share one model.

    :param scale: factors of the density; None: as it is
    :param mean_scale: the factor for all centers, where they do not have their own
    :param n_per_l: number of radial functions by order l
    :param first: principal components of the density by order l, ``(channel * n, component)``
    """

    n_per_l: list[int]
    used: list[list[int]]
    mean_scale: Tensor
    used_components: Tensor

    def __init__(
        self,
        scale: Optional[DensityScale],
        *,
        n_per_l: list[int],
        mean_scale: Tensor,
        first: list[Reduction],
    ):
        super().__init__()
        self.measures_variance = scale is not None and scale.measure == "variance"
        self.individually = scale is not None and scale.individually
        self.n_per_l = n_per_l
        self.register_buffer("mean_scale", mean_scale)
        self.first = Matrices([reduction.matrix for reduction in first])
        self.variances = Matrices([reduction.variances[None] for reduction in first])
        self.iterations = torch.nn.ModuleList()
        self.register_buffer("used_components", torch.zeros(0, 0, dtype=torch.int64))
        self.refresh()

    @torch.jit.unused
    def refresh(self) -> None:
        """Numbers of used components as numbers, for scripted code."""
        self.used = self.used_components.tolist()

    @torch.jit.unused
    def finish(self) -> None:
        """
        Note how many components of each covariant block later orders and the result use.

        Products are chosen by importance, so that those are the first ones.
        """
        n_blocks = 2 * len(self.n_per_l)
        used = torch.zeros(len(self.iterations) + 1, n_blocks, dtype=torch.int64)
        for k, module in enumerate(self.iterations):
            iteration = cast(NiceIteration, module)
            for step in (iteration.covariant, iteration.invariant):
                for c in step.current_couplings():
                    used[k, c.left] = max(int(used[k, c.left]), int(c.first.max()) + 1)
                for number, taken in zip(step.numbers, step.taken, strict=True):
                    for order, count in enumerate(taken):
                        used[order, number] = max(int(used[order, number]), count)
            if not iteration.has_invariant:
                used[k + 1, 0] = iteration.sizes(n_blocks)[0]
        self.used_components = used
        self.refresh()

    def chunks(self, dense: Tensor) -> list[Tensor]:
        """Portions of centers whose features of all orders take 64 MiB (float64), or of 16."""
        width = 0
        for l, shape in enumerate(self.first.shapes):
            width += (2 * l + 1) * shape[1]
        for iteration in self.iterations:
            for number, size in enumerate(
                iteration.sizes(2 * len(self.n_per_l))  # type: ignore[operator]
            ):
                width += (2 * (number // 2) + 1) * size
        count = max(16, 8_388_608 // max(width, 1))
        return [dense[start : start + count] for start in range(0, max(dense.shape[0], 1), count)]

    def forward(self, dense: Tensor, compiled: bool) -> list[Tensor]:
        """
        Invariants ``(center, component)`` of orders 1, 2, …, a portion of centers at a time.

        :param dense: density coefficients ``(center, lm, channel, n)``
        :param compiled: whether compiled ops are used on a CPU; they are differentiable backward,
            the reference forward as well. Scripted modules use the reference
        """
        parts: list[list[Tensor]] = []
        for part in self.chunks(dense):
            parts.append(self.invariants(part, compiled))
        invariants: list[Tensor] = []
        for nu in range(len(parts[0])):
            invariants.append(torch.cat([part[nu] for part in parts]))
        return invariants

    def invariants(self, dense: Tensor, compiled: bool) -> list[Tensor]:
        """Those of :meth:`forward`, for all centers at once."""
        orders = [self.density(dense)]
        invariants = [orders[0][0].squeeze(1)]
        for iteration in self.iterations:
            covariants = iteration.covariants(  # type: ignore[operator]
                orders, self.used[len(orders)], compiled
            )
            invariants.append(
                iteration.invariants(orders, covariants, compiled)  # type: ignore[operator]
            )
            orders.append(covariants)
        return invariants

    def orders(self, dense: Tensor, compiled: bool) -> list[list[Tensor]]:
        """Covariants ``(center, 2 λ + 1, component)`` of orders 1, 2, …, by ``block_number``."""
        orders = [self.density(dense)]
        for iteration in self.iterations:
            orders.append(
                iteration.all_covariants(orders, compiled)  # type: ignore[operator]
            )
        return orders

    def density(self, dense: Tensor) -> list[Tensor]:
        """Covariants of order 1: scaled coefficients in their principal components."""
        scaled = dense * self.factors(dense)
        matrices = self.first()
        blocks: list[Tensor] = []
        for l, n in enumerate(self.n_per_l):
            block = torch.matmul(of_order(scaled, l, n), matrices[l])
            blocks.append(block)
            blocks.append(block[:, :, :0])  # a density has no pseudotensors
        return blocks

    def factors(self, dense: Tensor) -> Tensor:
        """What coefficients are multiplied by, ``(center or 1, 1, 1, 1)``."""
        if not self.individually:
            return self.mean_scale.reshape(1, 1, 1, 1)
        squares = squared_size(dense, self.n_per_l, self.measures_variance)
        # a center without any density keeps its zeros; where comes before the root, whose
        # derivative at zero is infinite
        nonzero = squares > 0
        safe = torch.where(nonzero, squares, torch.ones_like(squares))
        factors = torch.where(nonzero, safe.rsqrt(), torch.zeros_like(squares))
        return factors.reshape(-1, 1, 1, 1)


def squared_size(dense: Tensor, n_per_l: list[int], variance: bool) -> Tensor:
    """α⁻² of :class:`DensityScale`, ``(center,)``."""
    if not variance:
        return dense[:, 0].square().flatten(1).sum(1)
    count = 0
    for l, n in enumerate(n_per_l):
        count += (2 * l + 1) * n * dense.shape[2]
    return dense.square().flatten(1).sum(1) / count


def unfitted_sequence(
    scale: Optional[DensityScale], blocks: Sequence[NiceBlock], n_per_l: list[int]
) -> NiceSequence:
    """The modules of a sequence without their numbers, for a state to be loaded."""
    sequence = NiceSequence(scale, n_per_l=n_per_l, mean_scale=torch.ones(()).double(), first=[])
    for block in blocks:
        invariant = None if block.invariant is None else NiceStep(Plan([], [], []), [])
        sequence.iterations.append(NiceIteration(None, invariant))
    return sequence
