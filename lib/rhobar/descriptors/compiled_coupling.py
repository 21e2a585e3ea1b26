"""Couplings on the compiled path, with history for autograd."""

from __future__ import annotations

from torch import Tensor

from rhobar.ops import Coupling, correlations, couple_contracted

from .compiled import CompiledOp, num_threads


def compiled_correlations(density: list[Tensor], steps: list[list[Coupling]]) -> list[Tensor]:
    """:func:`rhobar.ops.correlations` of blocks on a CPU."""
    from rhobar.ops import cpu

    threads = num_threads()
    op = CompiledOp(
        values=lambda: tuple(cpu.correlations(density, steps, num_threads=threads)),
        backward=lambda gradients: tuple(
            cpu.correlations_backward(density, steps, gradients, num_threads=threads)
        ),
        reference=lambda *blocks: tuple(correlations(list(blocks), steps)),
    )
    return list(op(*density))


def compiled_slopes(
    density: list[Tensor], slopes: list[Tensor], steps: list[list[Coupling]]
) -> list[Tensor]:
    """:func:`rhobar.ops.correlation_slopes` of blocks on a CPU, without history."""
    from rhobar.ops import cpu

    return cpu.correlation_slopes(density, slopes, steps, num_threads=num_threads())


def compiled_contraction(
    left: list[Tensor],
    right: list[Tensor],
    couplings: list[Coupling],
    matrices: list[Tensor],
) -> list[Tensor]:
    """
    :func:`rhobar.ops.couple_contracted` of blocks on a CPU.

    :param matrices: taken as constants: they get no derivatives
    """
    from rhobar.ops import cpu

    threads, n_left = num_threads(), len(left)

    def backward(gradients: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        lefts, rights = cpu.couple_contracted_backward(
            left, right, couplings, matrices, gradients, num_threads=threads
        )
        return *lefts, *rights

    def reference(*blocks: Tensor) -> tuple[Tensor, ...]:
        return tuple(
            couple_contracted(list(blocks[:n_left]), list(blocks[n_left:]), couplings, matrices)
        )

    op = CompiledOp(
        values=lambda: tuple(
            cpu.couple_contracted(left, right, couplings, matrices, num_threads=threads)
        ),
        backward=backward,
        reference=reference,
    )
    return list(op(*left, *right))
