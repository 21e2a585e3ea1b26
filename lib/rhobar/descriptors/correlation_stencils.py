"""Which products of densities are correlations of order nu, whatever the number of channels."""

import itertools
from typing import NamedTuple

from torch import Tensor

from rhobar.math import symmetrized_paths
from rhobar.ops import coupling_table

# How the radial function and channel q of a factor follow from those of the factor before.
ALL, LARGER, SAME = 0, 1, 2

Node = tuple[tuple[int, ...], tuple[bool, ...], tuple[int, ...]]
"""orders l of the factors, which of them equal the one before, orders k they are coupled to"""


class Stencil(NamedTuple):
    """Products of the results of another stencil with one order of the density."""

    parent: int
    """its number one step before"""
    follows: int
    """``ALL`` q of the new factor, those ``LARGER`` than the last one, or the ``SAME``"""
    left: int
    """number of the parent's block"""
    out: int
    """number of the block"""
    l_left: int
    l: int
    o3_lambda: int
    table: Tensor
    """``(2 l_left + 1, 2 l + 1, 2 o3_lambda + 1)`` coefficients, times a norm in the last step"""
    labels: list[int]
    """l_1, l_2, k_2, l_3, k_3, …, l_nu"""
    orders: list[int]
    """l_1, l_2, …, l_nu"""


class Mixing(NamedTuple):
    """Stencil ``target`` of the last step gets ``weight`` times stencil ``source``."""

    target: int
    source: int
    weight: float


class CorrelationStencils(NamedTuple):
    """All that is needed to correlate densities up to some order."""

    steps: list[list[Stencil]]
    """parents in the first step are the orders l of the density"""
    mixings: list[Mixing]
    symmetries: list[tuple[int, int]]
    """λ and σ of the blocks of the last step"""


def correlation_stencils(
    nu: int, l_max: int, o3_lambda_max: int, k_max: int | None, *, pseudotensors: bool
) -> CorrelationStencils:
    """
    The non-redundant products of ``nu`` densities, see :func:`symmetrized_paths`.

    Factors are sorted by l, those of equal l by q, so that each set of factors occurs once.

    :param o3_lambda_max: highest order of the results
    :param k_max: highest order of intermediate results, None: no limit
    """
    nodes: dict[Node, float] = {}  # of the last step, with their norms
    mixings: list[Mixing] = []
    for orders in itertools.combinations_with_replacement(range(l_max + 1), nu):
        parity = sum(orders) % 2
        for equal in _patterns(orders):
            for o3_lambda in range(o3_lambda_max + 1):
                if (parity + o3_lambda) % 2 == 1 and not pseudotensors:
                    continue
                found = symmetrized_paths(orders, equal, o3_lambda, k_max)
                start = len(nodes)
                for p, path in enumerate(found.paths):
                    nodes[orders, equal, path] = float(found.mixing[p, p])
                    mixings += [
                        Mixing(start + p, start + q, float(found.mixing[p, q] / found.mixing[q, q]))
                        for q in range(p + 1, len(found.paths))
                        if found.mixing[p, q] != 0.0
                    ]
    return _linked(nodes, l_max, mixings)


def _patterns(orders: tuple[int, ...]) -> list[tuple[bool, ...]]:
    """All choices of factors that equal the one before; only those of one l can."""
    choices = [(False, True) if a == b else (False,) for a, b in itertools.pairwise(orders)]
    return list(itertools.product(*choices))


def _linked(nodes: dict[Node, float], l_max: int, mixings: list[Mixing]) -> CorrelationStencils:
    """Stencils of the last step, and of those before it that they are made from."""
    levels: list[dict[Node, float]] = [nodes]
    while len(next(iter(levels[0]))[0]) > 2:
        parents = sorted({_parent(node) for node in levels[0]})
        levels.insert(0, dict.fromkeys(parents, 1.0))
    before: dict[Node, int] = {((l,), (), ()): l for l in range(l_max + 1)}
    blocks: dict[tuple[int, int], int] = {(l, 1): l for l in range(l_max + 1)}
    steps: list[list[Stencil]] = []
    for level in levels:
        last = level is nodes
        found = {_symmetry(node, last) for node in level}
        order = sorted(found, key=lambda symmetry: (symmetry[0], -symmetry[1]))
        current = {symmetry: number for number, symmetry in enumerate(order)}
        steps.append(
            [
                _stencil(
                    node,
                    norm,
                    parent=before[_parent(node)],
                    left=blocks[_symmetry(_parent(node), False)],
                    out=current[_symmetry(node, last)],
                )
                for node, norm in level.items()
            ]
        )
        before = {node: number for number, node in enumerate(level)}
        blocks = current
    return CorrelationStencils(steps, mixings, list(blocks))


def _parent(node: Node) -> Node:
    """Without the last factor."""
    orders, equal, path = node
    return orders[:-1], equal[:-1], path[:-1]


def _symmetry(node: Node, last: bool) -> tuple[int, int]:
    """λ and, in the last step, σ; before it both parities share a block, called 1."""
    orders, _, path = node
    o3_lambda = path[-1] if path else orders[0]
    sigma = 1 - 2 * ((sum(orders) + o3_lambda) % 2)
    return o3_lambda, sigma if last else 1


def _stencil(node: Node, norm: float, *, parent: int, left: int, out: int) -> Stencil:
    """One product more."""
    orders, equal, path = node
    l_left = path[-2] if len(path) > 1 else orders[0]
    follows = ALL
    if orders[-1] == orders[-2]:
        follows = SAME if equal[-1] else LARGER
    labels = [orders[0]]
    for l, k in zip(orders[1:], path, strict=True):
        labels += [l, k]
    return Stencil(
        parent=parent,
        follows=follows,
        left=left,
        out=out,
        l_left=l_left,
        l=orders[-1],
        o3_lambda=path[-1],
        table=norm * coupling_table(l_left, orders[-1], path[-1]),
        labels=labels[:-1],
        orders=list(orders),
    )
