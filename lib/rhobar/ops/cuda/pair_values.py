"""Values of all pairs of environments of two sides, on a device."""

from __future__ import annotations

import functools

import numpy as np
import torch
from torch import Tensor

from rhobar.ops.rotation_powers import RotationPowers
from rhobar.ops.wigner_iteration import CgIteration

from . import device_code
from .group_sums import REALS
from .pair_engine import PairEngine, pair_engine
from .term_program import term_program


class PairValues:
    """
    A compiled engine with its tables.

    :param derivatives: see :func:`.pair_engine.pair_engine`
    :raises TypeError: for other numbers than float64 and float32
    """

    def __init__(
        self,
        iteration: CgIteration | RotationPowers,
        derivatives: bool,
        dtype: torch.dtype,
        device: torch.device,
    ):
        if dtype not in REALS:
            raise TypeError(f"Wigner kernels on a GPU: {dtype} is none of {list(REALS)}.")
        size = dtype.itemsize
        n_shared = device_code.shared_bytes(device) // size
        self.engine: PairEngine = pair_engine(iteration, derivatives, n_shared)
        real = np.float64 if dtype == torch.float64 else np.float32
        program = term_program(self.engine.levels, real)
        arrays = [program.level_ptr, program.value_ptr, program.slot, program.terms.view(np.uint8)]
        if self.engine.source != "wigner_cg":
            arrays += [self.engine.waves.astype(real), self.engine.beta_weights.astype(real)]
        self.tables = [torch.from_numpy(np.ascontiguousarray(a)).to(device) for a in arrays]
        macros: dict[str, int | str] = {**self.engine.macros, "REAL": REALS[dtype]}
        self.launch = device_code.load(
            self.engine.source, "pair_kernels", macros, self.engine.n_shared * size, device
        )

    @property
    def n_results(self) -> int:
        """Numbers of each pair."""
        return self.engine.macros["N_RESULTS"]

    def rows_at_once(self, n_right: int) -> int:
        """How many environments of the left side give results of 256 MB, a multiple of a tile."""
        rows = self.engine.tile[0]
        return rows * min(2**15, max(1, 2**25 // (self.n_results * max(1, n_right) * rows)))

    def of_sides(
        self,
        left: Tensor,
        right: Tensor,
        *,
        groups: tuple[Tensor, Tensor] | None = None,
        weights: Tensor | None = None,
        nu_weights: Tensor | None = None,
    ) -> Tensor:
        """
        Results ``(result, i, j)``.

        :param left: ``(i, lm, channel)``
        :param right: ``(j, lm, channel)``
        :param groups: only pairs with left ≤ right are wanted, others are anything
        :param weights: of the right side, ``(j,)``
        :param nu_weights: of the orders of correlation, for derivatives
        """
        left, right = left.contiguous(), right.contiguous()
        shape = (self.n_results, len(left), len(right))
        result = torch.empty(shape, dtype=left.dtype, device=left.device)
        optional = (*(groups or (None, None)), weights, result, nu_weights)
        pointers = [0 if tensor is None else tensor.data_ptr() for tensor in optional]
        rows, columns = self.engine.tile
        self.launch(
            (-(-len(right) // columns), -(-len(left) // rows)),
            self.engine.n_threads,
            [
                left.data_ptr(),
                right.data_ptr(),
                len(left),
                len(right),
                left.shape[2],
                *pointers,
                *(table.data_ptr() for table in self.tables),
            ],
        )
        return result


@functools.cache
def pair_values(
    iteration: CgIteration | RotationPowers,
    derivatives: bool,
    dtype: torch.dtype,
    device: torch.device,
) -> PairValues:
    """An engine, compiled once for each device."""
    return PairValues(iteration, derivatives, dtype, device)


def check_alike(*tensors: Tensor) -> None:
    """
    Refuse tensors on two devices or of two kinds of numbers.

    :raises TypeError: with both
    """
    kinds = sorted({(str(tensor.device), str(tensor.dtype)) for tensor in tensors})
    if len(kinds) > 1:
        raise TypeError(
            f"Wigner kernels of {kinds[0]} and {kinds[1]}: move or convert one of them."
        )


def channels_in_use(left: Tensor, right: Tensor) -> Tensor:
    """Which channels are not empty on either side, ``(channel,)``."""
    in_left, in_right = ((side != 0).flatten(0, 1).any(dim=0) for side in (left, right))
    return in_left & in_right
