"""Products of three factors on the compiled path, with history for autograd."""

from __future__ import annotations

from torch import Tensor

from rhobar.ops import TripleRows, channel_triple_products

from .compiled import CompiledOp, num_threads


def compiled_channel_triples(
    first: Tensor,
    second: Tensor,
    third: Tensor,
    rows: TripleRows,
    paths: list[tuple[int, int, int]],
    tables: list[Tensor],
) -> Tensor:
    """:func:`rhobar.ops.channel_triple_products` of factors on a CPU."""
    from rhobar.ops import cpu

    factors, threads = (first, second, third), num_threads()
    op = CompiledOp(
        values=lambda: (cpu.channel_triple_products(*factors, rows, paths, num_threads=threads),),
        backward=lambda gradients: cpu.channel_triple_products_backward(
            *factors, rows, paths, gradients[0], num_threads=threads
        ),
        reference=lambda a, b, c: (channel_triple_products(a, b, c, rows, paths, tables),),
    )
    (products,) = op(*factors)
    return products
