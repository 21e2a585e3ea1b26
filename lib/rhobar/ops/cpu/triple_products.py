"""Products of equal channels of three factors, and their reverse mode."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rhobar.ops.triple_products import TripleRows

from .chunks import in_portions
from .compilation import compiled, compiled_part
from .lane_products import sum_rows
from .triple_plan import RowPointers, TriplePlan, row_pointers, triple_plan

Array = NDArray[np.float64]

Paths = list[tuple[int, int, int]]


def channel_triple_products(
    first: Tensor,
    second: Tensor,
    third: Tensor,
    rows: TripleRows,
    paths: Paths,
    *,
    num_threads: int = 1,
) -> Tensor:
    """
    Compiled form of :func:`rhobar.ops.channel_triple_products`, in the dtype of the factors.

    Memory: the result, and for each thread the products of one c and one a, less than
    ``channel * path * (2 l_max + 1)**2`` numbers.

    :returns: ``(row, path, channel)``
    :raises ValueError: for rows that are not sorted or name factors that do not exist
    """
    a, b, c = _arrays(first, second, third)
    pointers = row_pointers(rows, len(a), len(b), len(c))
    plan = triple_plan(tuple(paths))
    out = np.empty((len(pointers.second), len(paths), a.shape[2]), a.dtype)
    in_portions(
        lambda begin, end: _products(a, b, c, pointers, plan, out, begin, end),
        pointers.cost_ptr,
        num_threads,
    )
    return torch.from_numpy(out)


def channel_triple_products_backward(
    first: Tensor,
    second: Tensor,
    third: Tensor,
    rows: TripleRows,
    paths: Paths,
    gradients: Tensor,
    *,
    num_threads: int = 1,
) -> tuple[Tensor, Tensor, Tensor]:
    """
    Reverse mode of :func:`channel_triple_products`, about three times its cost.

    :param gradients: ``(row, path, channel)``, derivatives of some scalar by the products
    :returns: its derivatives by the three factors, of their shapes
    """
    a, b, c = _arrays(first, second, third)
    pointers = row_pointers(rows, len(a), len(b), len(c))
    (given,) = _arrays(gradients)
    by_a, by_b, by_c = (np.zeros_like(factor) for factor in (a, b, c))
    plan = triple_plan(tuple(paths))
    in_portions(
        lambda begin, end: _backward(a, b, c, pointers, plan, given, by_a, by_b, by_c, begin, end),
        pointers.cost_ptr,
        1 if _is_shared(rows, len(b)) else num_threads,
    )
    return torch.from_numpy(by_a), torch.from_numpy(by_b), torch.from_numpy(by_c)


def _arrays(*factors: Tensor) -> list[Array]:
    return [factor.detach().contiguous().numpy() for factor in factors]


def _is_shared(rows: TripleRows, n_second: int) -> bool:
    """Whether a b meets more than one c, so that threads would write to the same place."""
    third = rows.third[rows.first]
    owner = torch.zeros(n_second, dtype=torch.int64)
    owner[rows.second] = third
    return bool((owner[rows.second] != third).any())


@compiled_part
def _couple_third(c: Array, plan: TriplePlan, slots: Array) -> None:
    """Coefficients times one c ``(lm, channel)``, in ``slots`` ``(slot, channel)``."""
    for s in range(len(plan.slot_m_1)):
        for k in range(slots.shape[1]):
            slots[s, k] = 0.0
        for entry in range(plan.entry_ptr[s], plan.entry_ptr[s + 1]):
            value, m_3 = plan.entry_value[entry], plan.entry_m_3[entry]
            for k in range(slots.shape[1]):
                slots[s, k] += value * c[m_3, k]


@compiled_part
def _couple_first(a: Array, x: int, plan: TriplePlan, slots: Array, terms: Array) -> None:
    """The slots of a c times the a ``x`` of ``(a, lm, channel)``, as ``(term, channel)``."""
    n_channels = terms.shape[1]
    left, right, out = slots.reshape(-1), a.reshape(-1), terms.reshape(-1)
    for d in range(len(plan.term_m_2)):
        start, stop = plan.slot_ptr[d], plan.slot_ptr[d + 1]
        shift = x * a.shape[1]
        sum_rows(left, right, shift, plan.slot_m_1, start, stop, n_channels, out, d * n_channels)


@compiled_part
def _couple_second(b: Array, y: int, plan: TriplePlan, terms: Array, out: Array, row: int) -> None:
    """Terms times the b ``y``, summed over m_2, as ``row`` of ``(row, path, channel)``."""
    n_paths, n_channels = out.shape[1], out.shape[2]
    left, right, flat = terms.reshape(-1), b.reshape(-1), out.reshape(-1)
    for path in range(n_paths):
        start, stop = plan.term_ptr[path], plan.term_ptr[path + 1]
        place = (row * n_paths + path) * n_channels
        shift = y * b.shape[1]
        sum_rows(left, right, shift, plan.term_m_2, start, stop, n_channels, flat, place)


@compiled_part
def _reverse_second(
    b: Array, plan: TriplePlan, terms: Array, given: Array, by_terms: Array, by_b: Array
) -> None:
    """Add the derivatives of :func:`_couple_second`."""
    for path in range(len(plan.term_ptr) - 1):
        for d in range(plan.term_ptr[path], plan.term_ptr[path + 1]):
            m_2 = plan.term_m_2[d]
            for k in range(given.shape[1]):
                by_terms[d, k] += given[path, k] * b[m_2, k]
                by_b[m_2, k] += given[path, k] * terms[d, k]


@compiled_part
def _reverse_first(
    a: Array, plan: TriplePlan, slots: Array, by_terms: Array, by_slots: Array, by_a: Array
) -> None:
    """Add the derivatives of :func:`_couple_first`."""
    for d in range(len(plan.term_m_2)):
        for s in range(plan.slot_ptr[d], plan.slot_ptr[d + 1]):
            m_1 = plan.slot_m_1[s]
            for k in range(slots.shape[1]):
                by_a[m_1, k] += by_terms[d, k] * slots[s, k]
                by_slots[s, k] += by_terms[d, k] * a[m_1, k]


@compiled_part
def _reverse_third(plan: TriplePlan, by_slots: Array, by_c: Array) -> None:
    """Add the derivatives of :func:`_couple_third`."""
    for s in range(len(plan.slot_m_1)):
        for entry in range(plan.entry_ptr[s], plan.entry_ptr[s + 1]):
            value, m_3 = plan.entry_value[entry], plan.entry_m_3[entry]
            for k in range(by_slots.shape[1]):
                by_c[m_3, k] += value * by_slots[s, k]


@compiled
def _products(
    a: Array,
    b: Array,
    c: Array,
    rows: RowPointers,
    plan: TriplePlan,
    out: Array,
    begin: int,
    end: int,
) -> None:
    """All rows of the third factors ``begin:end``."""
    n_channels = a.shape[2]
    slots = np.empty((len(plan.slot_m_1), n_channels), a.dtype)
    terms = np.empty((len(plan.term_m_2), n_channels), a.dtype)
    for z in range(begin, end):
        _couple_third(c[z], plan, slots)
        for x in range(rows.first_ptr[z], rows.first_ptr[z + 1]):
            _couple_first(a, x, plan, slots, terms)
            for row in range(rows.row_ptr[x], rows.row_ptr[x + 1]):
                _couple_second(b, rows.second[row], plan, terms, out, row)


@compiled
def _backward(
    a: Array,
    b: Array,
    c: Array,
    rows: RowPointers,
    plan: TriplePlan,
    given: Array,
    by_a: Array,
    by_b: Array,
    by_c: Array,
    begin: int,
    end: int,
) -> None:
    """Derivatives from all rows of the third factors ``begin:end``."""
    n_channels = a.shape[2]
    slots = np.empty((len(plan.slot_m_1), n_channels), a.dtype)
    by_slots = np.empty_like(slots)
    terms = np.empty((len(plan.term_m_2), n_channels), a.dtype)
    by_terms = np.empty_like(terms)
    for z in range(begin, end):
        _couple_third(c[z], plan, slots)
        by_slots[:] = 0.0
        for x in range(rows.first_ptr[z], rows.first_ptr[z + 1]):
            _couple_first(a, x, plan, slots, terms)
            by_terms[:] = 0.0
            for row in range(rows.row_ptr[x], rows.row_ptr[x + 1]):
                y = rows.second[row]
                _reverse_second(b[y], plan, terms, given[row], by_terms, by_b[y])
            _reverse_first(a[x], plan, slots, by_terms, by_slots, by_a[x])
        _reverse_third(plan, by_slots, by_c[z])
