"""Stored gradients of SOAP power spectra by the positions of atoms."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from .chunks import in_portions
from .compilation import compiled, compiled_part
from .derivatives import add_derivative
from .environment import (
    Environments,
    density_size,
    environments,
    expand_pairs_with_gradients,
    new_scratch,
    run_densities,
)
from .grouping import Grouped
from .outputs import row_addresses
from .radial import Radial, row_size
from .rows import GradientRows, SpectrumRows
from .scratch import Scratch
from .slots import merge, run_slots
from .storage import Storage, new_whole_row, storage, store_row

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


def soap_gradients(
    grouped: Grouped,
    radial: Radial,
    rows: SpectrumRows,
    gradient_rows: GradientRows,
    out: Sequence[Tensor],
    *,
    n_per_l: Sequence[int] | None = None,
    num_threads: int = 1,
) -> None:
    r"""
    Fill ``out`` with the derivatives of each row by the atoms that move it, 1/Å.

    .. math:: \frac{\partial p_{l n_1 n_2}}{\partial \mathbf r_k} = \frac{(-1)^l}{\sqrt{2l + 1}}
        \sum_m \Bigl( \frac{\partial c^a_{n_1 l m}}{\partial \mathbf r_k} c^b_{n_2 l m}
        + c^a_{n_1 l m} \frac{\partial c^b_{n_2 l m}}{\partial \mathbf r_k} \Bigr)

    times :math:`\sqrt 2` for two different channels. The derivative by the center is minus the
    sum of all others. Images of one atom move together; images of the center move with it and
    add nothing. The cost is that of writing the result, ``gradient row * 3 * l * n * n`` numbers;
    scratch memory is ``3 * lm * n`` numbers for each pair of one environment, a thread.

    :param out: one tensor per block of ``rows``, ``(gradient row, 3, l * n_1 * n_2)``
    :param n_per_l: number of radial functions of each l, if these differ
    """
    target = storage(radial, n_per_l, out)
    blocks = gradient_rows.row_ptr[rows.block_ptr]
    addresses = np.append(row_addresses(out, blocks, 3 * target.width), 0)
    # row -1, which no block holds, has no gradient rows
    entry_start = np.append(gradient_rows.row_ptr[:-1], len(addresses) - 1)[rows.entry_row]
    entry_size = np.append(np.diff(gradient_rows.row_ptr), 0)[rows.entry_row]
    inputs = environments(grouped.neighborhoods)
    neighbor, center_atom = grouped.neighbor.numpy(), grouped.center_atom.numpy()

    def loop(first: int, last: int) -> None:
        _soap_gradients(
            inputs,
            radial,
            neighbor,
            center_atom,
            rows.entry_ptr,
            addresses[entry_start],
            target,
            first,
            last,
        )

    cost = np.concatenate([[0], np.cumsum(entry_size)])
    in_portions(loop, cost[rows.entry_ptr], num_threads)


@compiled
def _soap_gradients(
    inputs: Environments,
    radial: Radial,
    neighbor: Integers,
    center_atom: Integers,
    entry_ptr: Integers,
    addresses: Integers,
    target: Storage,
    first: int,
    last: int,
) -> None:
    """Gradient rows of the centers ``first:last``."""
    scratch = new_scratch(inputs, radial, True)
    no_center = np.zeros(row_size(radial))
    size = density_size(radial)
    # densities of the runs; their derivatives by the center; by the atom of each slot
    memory = (4 * inputs.most_runs + 3 * inputs.most_pairs) * size
    densities = np.empty(memory, target.kind.dtype)
    whole = new_whole_row(target)
    order = np.empty(inputs.most_pairs + 1, np.int64)
    for center in range(first, last):
        expand_pairs_with_gradients(inputs, radial, center, scratch)
        run_densities(inputs, radial, center, scratch, no_center, densities)
        first_run, atom = inputs.center_ptr[center], center_atom[center]
        n_runs = inputs.center_ptr[center + 1] - first_run
        slot_atom, slot_ptr, pair_slot = run_slots(
            inputs.run_ptr, neighbor, first_run, first_run + n_runs, atom
        )
        derivatives = densities[n_runs * size :]
        _slot_derivatives(inputs, radial, scratch, center, pair_slot, derivatives)
        entry = entry_ptr[center]
        for a in range(n_runs):
            for b in range(a, n_runs):
                address = addresses[entry]
                entry += 1
                if address != 0:
                    count = merge(slot_atom, slot_ptr, a, b, atom, order)
                    _store_atoms(
                        target, whole, address, densities, order[:count], a, b, slot_ptr, size
                    )


@compiled_part
def _slot_derivatives(
    inputs: Environments,
    radial: Radial,
    scratch: Scratch,
    center: int,
    pair_slot: Integers,
    derivatives: Array,
) -> None:
    """Sums over pairs ``(run, 3, lm, n)`` by the center, ``(slot, 3, lm, n)`` by other atoms."""
    first_run = inputs.center_ptr[center]
    n_runs = inputs.center_ptr[center + 1] - first_run
    start = inputs.run_ptr[first_run]
    size = 3 * density_size(radial)
    derivatives[: (n_runs + len(pair_slot)) * size] = 0.0
    for run in range(n_runs):
        for pair in range(
            inputs.run_ptr[first_run + run] - start, inputs.run_ptr[first_run + run + 1] - start
        ):
            if pair_slot[pair] >= 0:
                add_derivative(
                    scratch,
                    scratch.geometry.shape[1],
                    pair,
                    derivatives,
                    (n_runs + pair_slot[pair]) * size,
                    run * size,
                    radial.orders,
                    radial.functions,
                )


@compiled_part
def _store_atoms(
    target: Storage,
    whole: Array,
    address: int,
    densities: Array,
    order: Integers,
    a: int,
    b: int,
    slot_ptr: Integers,
    size: int,
) -> None:
    """Gradient rows of one row: of the atoms in ``order``, three components each."""
    n_runs = len(slot_ptr) - 1
    scale = 1.0 if a == b else math.sqrt(2.0)
    first, second = a * size, b * size
    row_bytes = target.width * target.kind.itemsize
    for slot in order:
        for k in range(3):
            by_first = by_second = (4 * n_runs + 3 * slot + k) * size
            if slot < 0:
                by_first = (n_runs + 3 * a + k) * size
                by_second = (n_runs + 3 * b + k) * size
            if slot < 0 or a == b:
                lefts, rights = (by_first, first), (second, by_second)
                store_row(target, whole, address, densities, lefts, rights, scale)
            else:
                in_first = slot < slot_ptr[a + 1]
                left, right = (by_first, second) if in_first else (first, by_second)
                store_row(target, whole, address, densities, (left,), (right,), scale)
            address += row_bytes
