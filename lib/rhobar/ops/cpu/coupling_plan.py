"""Couplings as flat arrays: what is multiplied once, what is summed from it, where it goes."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rhobar.ops.coupling import Coupling

from .center_tiles import TILE, Blocks
from .compilation import compiled, compiled_part
from .lane_sums import dot_lanes, multiply_lanes, sum_lanes

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

# Plans of up to so many pairs of features are kept: 32 of them take less than 200 MB.
_REMEMBERED = 2**17


class CouplingPlan(NamedTuple):
    """
    Couplings in groups that multiply the same features.

    The terms of a pair of features are the products of their components that any λ needs; each
    is made once.
    """

    pair_ptr: Integers
    """``(group + 1,)``"""
    first: Integers
    """``(pair,)``, place of a feature in the left tile"""
    second: Integers
    """``(pair,)``, likewise in the right one"""
    term_ptr: Integers
    """``(group + 1,)``"""
    term_left: Integers
    """``(term,)``, place of its component in the left feature"""
    term_right: Integers
    """``(term,)``"""
    scalar: Integers
    """``(group,)``, 1 where all terms are summed once, in order: products to λ = 0"""
    sum_ptr: Integers
    """``(group + 1,)``, sums over terms: one for each coupling and μ"""
    sum_place: Integers
    """``(sum,)``, place of that of the first pair among the products"""
    sum_step: Integers
    """``(sum,)``, distance to that of the next pair"""
    entry_ptr: Integers
    """``(sum + 1,)``"""
    entry_term: Integers
    """``(entry,)``, place of the term"""
    entry_weight: Array
    """``(entry,)``"""


class _Fixed(NamedTuple):
    """A coupling that can be looked up: its tensors as bytes."""

    left: int
    right: int
    out: int
    shape: tuple[int, ...]
    """of the table"""
    first: bytes
    second: bytes
    table: bytes


class _Group(NamedTuple):
    """Couplings of the same features."""

    couplings: list[_Fixed]
    starts: list[int]
    """per coupling, where its products begin in their block"""


class _Layout(NamedTuple):
    """Blocks in a tile."""

    components: tuple[int, ...]
    features: tuple[int, ...]
    starts: tuple[int, ...]


def coupling_plan(
    left: Blocks, right: Blocks, couplings: Sequence[Coupling], out_starts: Sequence[int]
) -> CouplingPlan:
    """
    Plan for tiles with the given blocks; that of an earlier call, if it was the same.

    :param out_starts: place of the first product of each output block
    :raises ValueError: for couplings that do not fit to the blocks
    """
    n_pairs = sum(c.first.shape[0] for c in couplings)
    plan = _plan if n_pairs <= _REMEMBERED else _plan.__wrapped__
    return plan(_layout(left), _layout(right), tuple(out_starts), tuple(map(_fixed, couplings)))


def _layout(blocks: Blocks) -> _Layout:
    return _Layout(
        *(tuple(x.tolist()) for x in (blocks.components, blocks.features, blocks.starts))
    )


def _fixed(c: Coupling) -> _Fixed:
    """
    The coupling as bytes.

    :raises ValueError: where its parts do not belong together
    """
    shape = (2 * c.l_left + 1, 2 * c.l_right + 1, 2 * c.o3_lambda + 1)
    if tuple(c.table.shape) != shape or c.first.shape != c.second.shape:
        raise ValueError(
            f"the coupling of left block {c.left} and right block {c.right} has a table of shape "
            f"{tuple(c.table.shape)} in place of {shape}, or {c.first.shape[0]} and "
            f"{c.second.shape[0]} features."
        )
    features = (c.first.numpy().tobytes(), c.second.numpy().tobytes())
    return _Fixed(c.left, c.right, c.out, shape, *features, c.table.numpy().tobytes())


@functools.lru_cache(maxsize=32)
def _plan(
    left: _Layout, right: _Layout, out_starts: tuple[int, ...], couplings: tuple[_Fixed, ...]
) -> CouplingPlan:
    """See :func:`coupling_plan`."""
    parts = [_part(left, right, group, out_starts) for group in _groups(couplings)]
    joined = {
        name: np.concatenate([*(getattr(part, name) for part in parts), np.zeros(0)])
        for name in CouplingPlan._fields
    }
    for name in ("pair_ptr", "term_ptr", "sum_ptr", "entry_ptr"):  # so far, sizes
        joined[name] = np.cumsum(np.concatenate([np.zeros(1), joined[name]]))
    weights = joined.pop("entry_weight")
    integers = {name: values.astype(np.int64) for name, values in joined.items()}
    return CouplingPlan(**integers, entry_weight=weights)


def _groups(couplings: Sequence[_Fixed]) -> list[_Group]:
    """Couplings that multiply the same features, together."""
    groups: dict[tuple[int, int, bytes, bytes], _Group] = {}
    ends: dict[int, int] = {}
    for c in couplings:
        group = groups.setdefault((c.left, c.right, c.first, c.second), _Group([], []))
        group.couplings.append(c)
        group.starts.append(ends.get(c.out, 0))
        ends[c.out] = group.starts[-1] + len(c.first) // 8
    return list(groups.values())


def _part(
    left: _Layout, right: _Layout, group: _Group, out_starts: tuple[int, ...]
) -> CouplingPlan:
    """The plan of one group, with sizes in place of the four arrays of ends."""
    c = group.couplings[0]
    first = _places(left, c.left, c.shape[0], c.first)
    second = _places(right, c.right, c.shape[1], c.second)
    n_mu = [c.shape[2] for c in group.couplings]
    tables = [np.frombuffer(c.table).reshape(c.shape) for c in group.couplings]
    table = np.concatenate(tables, axis=2)
    kept = np.abs(table) > 1e-14
    used = kept.any(axis=2)
    m_left, m_right = np.nonzero(used)
    mu, term = np.nonzero(kept[used].T)
    before = np.cumsum(n_mu) - n_mu
    starts = [
        out_starts[c.out] + TILE * (start * n - first_mu)
        for c, start, n, first_mu in zip(group.couplings, group.starts, n_mu, before, strict=True)
    ]
    return CouplingPlan(
        pair_ptr=np.array([len(first)]),
        first=first,
        second=second,
        term_ptr=np.array([len(m_left)]),
        term_left=m_left * TILE,
        term_right=m_right * TILE,
        scalar=np.array([n_mu == [1]], dtype=np.int64),
        sum_ptr=np.array([sum(n_mu)]),
        sum_place=np.repeat(starts, n_mu) + TILE * np.arange(sum(n_mu)),
        sum_step=TILE * np.repeat(n_mu, n_mu),
        entry_ptr=np.bincount(mu, minlength=sum(n_mu)),
        entry_term=term * TILE,
        entry_weight=table[used].T[mu, term],
    )


def _places(blocks: _Layout, number: int, components: int, chosen: bytes) -> Integers:
    """Where chosen features of a block are in a tile; loops do not check what they read."""
    features = np.frombuffer(chosen, dtype=np.int64)
    known = number < len(blocks.features) and blocks.components[number] == components
    if known and len(features):
        known = features.min() >= 0 and features.max() < blocks.features[number]
    if not known:
        raise ValueError(
            f"a coupling takes features up to {features.max(initial=-1)} of block {number} with "
            f"{components} components; there are {blocks.features} features, in blocks with "
            f"{blocks.components} components."
        )
    return np.asarray(blocks.starts[number] + features * components * TILE)


def most_terms(plan: CouplingPlan) -> int:
    """Numbers that the terms of a pair take."""
    return int(np.max(np.diff(plan.term_ptr), initial=0)) * TILE


@compiled
def couple_tile(
    plan: CouplingPlan, left: Array, right: Array, products: Array, terms: Array
) -> None:
    """
    Products of one tile.

    :param terms: scratch memory, see :func:`most_terms`
    """
    for group in range(len(plan.pair_ptr) - 1):
        if plan.scalar[group]:
            _scalars(plan, group, left, right, products)
        else:
            _tensors(plan, group, left, right, products, terms)


@compiled_part
def _tensors(
    plan: CouplingPlan, group: int, left: Array, right: Array, products: Array, terms: Array
) -> None:
    """Products of one group; each term is made once for all sums that it is in."""
    start = plan.pair_ptr[group]
    first_term = plan.term_ptr[group]
    for pair in range(start, plan.pair_ptr[group + 1]):
        a, b = plan.first[pair], plan.second[pair]
        for t in range(first_term, plan.term_ptr[group + 1]):
            place = (t - first_term) * TILE
            multiply_lanes(left, a + plan.term_left[t], right, b + plan.term_right[t], terms, place)
        for s in range(plan.sum_ptr[group], plan.sum_ptr[group + 1]):
            sum_lanes(
                terms,
                plan.entry_term,
                plan.entry_weight,
                plan.entry_ptr[s],
                plan.entry_ptr[s + 1],
                products,
                plan.sum_place[s] + (pair - start) * plan.sum_step[s],
            )


@compiled_part
def _scalars(plan: CouplingPlan, group: int, left: Array, right: Array, products: Array) -> None:
    """The same where each term is needed once: it is summed at once."""
    start, s = plan.pair_ptr[group], plan.sum_ptr[group]
    for pair in range(start, plan.pair_ptr[group + 1]):
        dot_lanes(
            left,
            plan.first[pair],
            plan.term_left,
            right,
            plan.second[pair],
            plan.term_right,
            plan.term_ptr[group],
            plan.term_ptr[group + 1],
            plan.entry_weight,
            plan.entry_ptr[s],
            products,
            plan.sum_place[s] + (pair - start) * plan.sum_step[s],
        )
