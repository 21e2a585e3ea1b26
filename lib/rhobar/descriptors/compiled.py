"""The road from torch modules to the compiled ops and back, derivatives included."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from rhobar.math import RadialSpline
from rhobar.ops import Neighborhoods

if TYPE_CHECKING:
    from rhobar.ops import cpu

    from .neighbor_density import NeighborDensity

_CHOSEN_THREADS: ContextVar[int | None] = ContextVar("threads of compiled ops", default=None)


def num_threads() -> int:
    """Threads of compiled ops: those chosen by :func:`using_threads`, else torch's."""
    chosen = _CHOSEN_THREADS.get()
    return torch.get_num_threads() if chosen is None else chosen


@contextmanager
def using_threads(count: int) -> Iterator[None]:
    """Within it, modules called by this thread run compiled ops with ``count`` threads."""
    token = _CHOSEN_THREADS.set(count)
    try:
        yield
    finally:
        _CHOSEN_THREADS.reset(token)


@dataclass(frozen=True)
class CompiledOp:
    """A function of some tensors: compiled, its compiled reverse mode, and the same in torch."""

    values: Callable[[], tuple[Tensor, ...]]
    backward: Callable[[tuple[Tensor, ...]], tuple[Tensor, ...]]
    """derivatives of something by the values, to its derivatives by each input"""
    reference: Callable[..., tuple[Tensor, ...]]
    """inputs to values, differentiable any number of times"""

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The values, with history for autograd; ``inputs`` are those the op was made for."""
        result: tuple[Tensor, ...] = _Differentiable.apply(self, *inputs)
        return result


class _Differentiable(torch.autograd.Function):
    """First derivatives by the compiled reverse mode, further ones through the reference."""

    @staticmethod
    def forward(ctx: Any, op: CompiledOp, *inputs: Tensor) -> tuple[Tensor, ...]:
        ctx.save_for_backward(*inputs)
        ctx.op = op
        return op.values()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        inputs, needed = ctx.saved_tensors, ctx.needs_input_grad[1:]
        if not torch.is_grad_enabled():
            found = ctx.op.backward(gradients)
            return None, *(
                gradient.to(x.dtype) if needs else None
                for gradient, x, needs in zip(found, inputs, needed, strict=True)
            )
        # create_graph=True: this derivative will be differentiated again
        values = ctx.op.reference(*inputs)
        wanted = [x for x, needs in zip(inputs, needed, strict=True) if needs]
        results = iter(
            torch.autograd.grad(values, wanted, gradients, create_graph=True, allow_unused=True)
        )
        return None, *(next(results) if needs else None for needs in needed)


def compiled_radial(density: NeighborDensity, vectors: Tensor, *, slopes: bool) -> cpu.Radial:
    """
    Radial functions as the compiled ops want them: a table, or values at all distances.

    :param vectors: ``(pair, 3)``, Å
    :param slopes: whether derivatives will be asked for
    """
    from rhobar.ops import cpu

    if isinstance(density.radial, RadialSpline):
        return cpu.splined(
            density.radial,
            cutoff=density.cutoff,
            scaling=density.scaling,
            self_values=density.self_values,
        )
    distances = torch.linalg.vector_norm(vectors.detach().double(), dim=1)
    if not slopes:
        with torch.no_grad():
            values = density.weight(distances)[:, None, None] * density.radial(distances)
        return cpu.given(values, None, self_values=density.self_values)
    return cpu.given(*density.radial_with_slopes(distances), self_values=density.self_values)


def in_double(neighborhoods: Neighborhoods) -> Neighborhoods:
    """Contiguous float64 without history, as the compiled ops want it."""
    return neighborhoods._replace(
        vectors=neighborhoods.vectors.detach().double().contiguous(),
        run_self=neighborhoods.run_self.detach().double().contiguous(),
    )


def compiled_density(density: NeighborDensity, neighborhoods: Neighborhoods) -> Tensor:
    """Coefficients ``(run, lm, n)`` of :meth:`NeighborDensity.reference`, several times faster."""
    from rhobar.ops import cpu

    plain = in_double(neighborhoods)
    dtype, threads = density.self_values.dtype, num_threads()
    needs_slopes = torch.is_grad_enabled() and neighborhoods.vectors.requires_grad
    radial = compiled_radial(density, plain.vectors, slopes=needs_slopes)
    op = CompiledOp(
        values=lambda: (cpu.density(plain, radial, dtype=dtype, num_threads=threads),),
        backward=lambda gradients: (
            cpu.density_backward(
                plain, radial, gradients[0].detach().double().contiguous(), num_threads=threads
            ),
        ),
        reference=lambda vectors: (density.reference(neighborhoods._replace(vectors=vectors)),),
    )
    (coefficients,) = op(neighborhoods.vectors)
    return coefficients
