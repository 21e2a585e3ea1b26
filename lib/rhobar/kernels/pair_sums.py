"""What sums the kernels of pairs of centers: compiled loops of a device, or the reference."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import torch
from torch import Tensor

from rhobar.ops import CgIteration, PairKernel, RotationPowers, summed_kernels

CPU = torch.device("cpu")


@dataclass(frozen=True)
class PairSums:
    """
    Sums of one kernel over the pairs of centers of groups; numbers are taken and given on the CPU.

    :param num_threads: of a CPU; None: torch's
    :param device: where it is done, see :func:`kernel_device`
    """

    kernel: PairKernel
    num_threads: int | None = None
    device: torch.device = CPU

    @property
    def is_compiled(self) -> bool:
        """Whether there is a compiled form; functions of overlaps have none."""
        return isinstance(self.kernel, CgIteration | RotationPowers)

    @property
    def few(self) -> int:
        """So many pairs of centers take less than a minute on any machine."""
        return 10**6 if self.is_compiled else 5_000

    @property
    def sample(self) -> int:
        """So many pairs show how long others take."""
        return 2**15 if self.device.type == "cpu" else 2**22

    def of(
        self,
        left: Tensor,
        rows: Tensor,
        right: Tensor,
        columns: Tensor,
        shape: tuple[int, int],
        *,
        symmetric: bool,
    ) -> Tensor:
        """
        Sums over the centers of one type, see :func:`rhobar.ops.summed_kernels`.

        :param rows: ``(i,)`` int64, row of each, not decreasing
        :param columns: ``(j,)`` int64, column of each, not decreasing
        """
        kernel = self.kernel
        if not isinstance(kernel, CgIteration | RotationPowers):
            return summed_kernels(kernel, left, rows, right, columns, *shape, symmetric=symmetric)
        size = 2 * kernel.target[0] + 1
        out = left.new_zeros(*shape, kernel.nu_max, size, size, device=self.device)
        sides = [tensor.to(self.device) for tensor in (left, rows, right, columns)]
        threads = torch.get_num_threads() if self.num_threads is None else self.num_threads
        loops(self.device).summed_kernels(
            kernel, *sides, out, symmetric=symmetric, num_threads=threads
        )
        return out.cpu()


def loops(device: torch.device) -> ModuleType:
    """The compiled loops of a device."""
    from rhobar.ops import cpu, cuda

    return cuda if device.type == "cuda" else cpu


def kernel_device(device: str | torch.device) -> torch.device:
    """
    A device on which kernels can be summed: the CPU, or a GPU of NVIDIA.

    :raises ValueError: for others
    :raises RuntimeError: if there is no GPU
    :raises ModuleNotFoundError: if there is nothing that compiles for it
    """
    try:
        found = torch.device(device)
    except RuntimeError as error:
        raise ValueError(f"device={device!r} is none; give 'cpu' or 'cuda'.") from error
    if found.type == "cpu":
        return CPU
    from rhobar.ops import cuda

    return cuda.found_device(found)
