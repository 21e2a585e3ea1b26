"""One branch of a fitted NICE iteration: products with the density, contracted at once."""

from typing import NamedTuple

import torch
from torch import Tensor

from rhobar.math import clebsch_gordan
from rhobar.ops import Coupling, couple_contracted

from ..compiled_coupling import compiled_contraction
from .fitted import Fitted, Matrices
from .reduction import Reduction


class Plan(NamedTuple):
    """What a branch multiplies, and which lower features it subtracts."""

    couplings: list[Coupling]
    numbers: list[int]
    """``block_number`` of each output"""
    taken: list[list[int]]
    """per output and lower order, how many of its features serve for the subtraction"""


class NiceStep(Fitted):
    r"""
    Features of order ν + 1 as one affine map of products and lower features.

    .. math:: F^{\nu + 1} = V^T \left( E - \sum_{\nu'} W_{\nu'} F^{\nu'} \right) + b

    for each (λ, σ): products E of :math:`F^\nu` and the density, purifier W and principal
    components V merged. Products are never held for all centers.
    """

    couplings: Tensor
    first: Tensor
    second: Tensor
    outputs: Tensor
    lower_features: Tensor
    tables: list[Tensor]
    layout: list[list[int]]
    numbers: list[int]
    taken: list[list[int]]

    def __init__(self, plan: Plan, reductions: list[Reduction]):
        super().__init__()
        rows = [
            [c.left, c.right, c.out, c.l_left, c.l_right, c.o3_lambda, len(c.first)]
            for c in plan.couplings
        ]
        nothing = torch.zeros(0, dtype=torch.int64)
        self.register_buffer("couplings", torch.tensor(rows, dtype=torch.int64).reshape(-1, 7))
        self.register_buffer("first", torch.cat([nothing, *(c.first for c in plan.couplings)]))
        self.register_buffer("second", torch.cat([nothing, *(c.second for c in plan.couplings)]))
        self.register_buffer("outputs", torch.tensor(plan.numbers, dtype=torch.int64))
        self.register_buffer("lower_features", torch.tensor(plan.taken, dtype=torch.int64))
        self.matrices = Matrices([r.matrix for r in reductions])
        self.lower_matrices = Matrices([r.lower_matrix for r in reductions])
        self.constants = Matrices([r.constant[None] for r in reductions])
        self.variances = Matrices([r.variances[None] for r in reductions])
        self.refresh()

    @torch.jit.unused
    def refresh(self) -> None:
        """Index lists as numbers and coefficients of Clebsch and Gordan, for scripted code."""
        self.layout = self.couplings.tolist()
        self.numbers = self.outputs.tolist()
        self.taken = self.lower_features.tolist()
        self.tables = [clebsch_gordan(row[3], row[4], row[5]) for row in self.layout]

    def sizes(self, n_blocks: int) -> list[int]:
        """Number of components by ``block_number``."""
        sizes = [0] * n_blocks
        for k in range(len(self.numbers)):
            sizes[self.numbers[k]] = self.matrices.shapes[k][1]
        return sizes

    def forward(
        self, orders: list[list[Tensor]], limits: list[int], compiled: bool
    ) -> list[Tensor]:
        """
        The blocks ``(center, 2 λ + 1, component)`` of ``numbers``.

        :param orders: blocks of the orders 1 … ν, each list by ``block_number``
        :param limits: how many components are wanted, by ``block_number``
        :param compiled: whether the compiled op is used on a CPU, see ``NiceSequence.forward``
        """
        if len(self.numbers) == 0:
            return []
        matrices = self._first_columns(self.matrices(), limits)
        lower_matrices = self._first_columns(self.lower_matrices(), limits)
        constants = self._first_columns(self.constants(), limits)
        found = self._contracted(orders[-1], orders[0], matrices, compiled)
        blocks: list[Tensor] = []
        for k in range(len(self.numbers)):
            lower = lower_features(orders, self.numbers[k], self.taken[k])
            block = found[k] + torch.matmul(lower, lower_matrices[k])
            # covariants have no constant, and adding a zero would cost a pass over them
            blocks.append(block + constants[k] if self.numbers[k] == 0 else block)
        return blocks

    def _first_columns(self, matrices: list[Tensor], limits: list[int]) -> list[Tensor]:
        """The wanted components of each output."""
        columns: list[Tensor] = []
        for k in range(len(matrices)):
            columns.append(matrices[k][:, : limits[self.numbers[k]]])
        return columns

    def _contracted(
        self, left: list[Tensor], right: list[Tensor], matrices: list[Tensor], compiled: bool
    ) -> list[Tensor]:
        couplings = self.current_couplings()
        if torch.jit.is_scripting() or not compiled:  # type: ignore[attr-defined]
            return couple_contracted(left, right, couplings, matrices)
        return self._dispatched(left, right, couplings, matrices)

    @torch.jit.unused
    def _dispatched(
        self,
        left: list[Tensor],
        right: list[Tensor],
        couplings: list[Coupling],
        matrices: list[Tensor],
    ) -> list[Tensor]:
        """By the compiled op where there is one; blocks that no coupling reads are left out."""
        if right[0].device.type != "cpu":
            return couple_contracted(left, right, couplings, matrices)
        used = {row[0] for row in self.layout}
        left = [block if k in used else block[:, :, :0] for k, block in enumerate(left)]
        return compiled_contraction(left, right, couplings, matrices)

    def current_couplings(self) -> list[Coupling]:
        """Couplings whose indices are where the module is."""
        couplings: list[Coupling] = []
        start = 0
        for k in range(len(self.layout)):
            row = self.layout[k]
            stop = start + row[6]
            coupling = Coupling(
                left=row[0],
                right=row[1],
                out=row[2],
                l_left=row[3],
                l_right=row[4],
                o3_lambda=row[5],
                first=self.first[start:stop],
                second=self.second[start:stop],
                table=self.tables[k],
            )
            couplings.append(coupling)
            start = stop
        return couplings


def lower_features(orders: list[list[Tensor]], number: int, taken: list[int]) -> Tensor:
    """The first features of one block of each order, one after the other."""
    parts: list[Tensor] = []
    for k in range(len(taken)):
        parts.append(orders[k][number][:, :, : taken[k]])
    return torch.cat(parts, dim=2)
