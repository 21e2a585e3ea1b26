"""Stored gradients of SOAP power spectra by the cell or by a strain."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from rhobar.ops.neighborhoods import Neighborhoods

from .chunks import in_portions
from .compilation import compiled, compiled_part
from .derivatives import store_derivative
from .environment import (
    Environments,
    density_size,
    environments,
    expand_pairs_with_gradients,
    new_scratch,
    run_densities,
)
from .outputs import entry_addresses
from .radial import Radial, row_size
from .rows import SpectrumRows
from .scratch import Scratch
from .storage import Storage, new_whole_row, storage, store_row

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


def soap_cell_gradients(
    neighborhoods: Neighborhoods,
    radial: Radial,
    rows: SpectrumRows,
    weights: Tensor,
    out: Sequence[Tensor],
    *,
    n_per_l: Sequence[int] | None = None,
    num_threads: int = 1,
) -> None:
    r"""
    Fill ``out`` with derivatives of each row by nine numbers that move all its neighbors.

    .. math:: \sum_p w_{p,x} \frac{\partial p_{l n_1 n_2}}{\partial r_{p,y}}

    With the vectors as weights w these are derivatives by the strain, (component of the vector x,
    direction y) of :math:`\mathbf r \to \mathbf r (1 + \epsilon)`; with the cell shifts, by the
    cell (lattice vector x, direction y) at fixed Cartesian positions.

    :param weights: ``(pair, 3)``
    :param out: one tensor per block of ``rows``, ``(row, 3, 3, l * n_1 * n_2)``
    :param n_per_l: number of radial functions of each l, if these differ
    """
    target = storage(radial, n_per_l, out)
    addresses = entry_addresses(out, rows, 9 * target.width)
    inputs = environments(neighborhoods)
    factors = np.ascontiguousarray(weights.detach().double().numpy())
    in_portions(
        lambda first, last: _soap_cell_gradients(
            inputs, radial, rows.entry_ptr, addresses, factors, target, first, last
        ),
        rows.entry_ptr,
        num_threads,
    )


@compiled
def _soap_cell_gradients(
    inputs: Environments,
    radial: Radial,
    entry_ptr: Integers,
    addresses: Integers,
    weights: Array,
    target: Storage,
    first: int,
    last: int,
) -> None:
    """Rows of the centers ``first:last``."""
    scratch = new_scratch(inputs, radial, True)
    no_center = np.zeros(row_size(radial))
    size = density_size(radial)
    # densities of the runs, then nine derivatives of each
    densities = np.empty(10 * inputs.most_runs * size, target.kind.dtype)
    whole, moved = new_whole_row(target), np.empty(3 * size)
    row_bytes = target.width * target.kind.itemsize
    for center in range(first, last):
        expand_pairs_with_gradients(inputs, radial, center, scratch)
        run_densities(inputs, radial, center, scratch, no_center, densities)
        n_runs = inputs.center_ptr[center + 1] - inputs.center_ptr[center]
        derivatives = densities[n_runs * size :]
        _weighted_sums(inputs, radial, scratch, center, weights, moved, derivatives)
        entry = entry_ptr[center]
        for a in range(n_runs):
            for b in range(a, n_runs):
                address = addresses[entry]
                entry += 1
                if address == 0:
                    continue
                scale = 1.0 if a == b else math.sqrt(2.0)
                for k in range(9):
                    by_first = (n_runs + 9 * a + k) * size
                    by_second = (n_runs + 9 * b + k) * size
                    lefts, rights = (by_first, a * size), (b * size, by_second)
                    store_row(target, whole, address, densities, lefts, rights, scale)
                    address += row_bytes


@compiled_part
def _weighted_sums(
    inputs: Environments,
    radial: Radial,
    scratch: Scratch,
    center: int,
    weights: Array,
    moved: Array,
    derivatives: Array,
) -> None:
    """Sums over the pairs of each run, ``(run, x, y, lm, n)``."""
    first_run = inputs.center_ptr[center]
    n_runs = inputs.center_ptr[center + 1] - first_run
    start = inputs.run_ptr[first_run]
    size = 3 * density_size(radial)
    derivatives[: n_runs * 3 * size] = 0.0
    for run in range(n_runs):
        for pair in range(inputs.run_ptr[first_run + run], inputs.run_ptr[first_run + run + 1]):
            store_derivative(
                scratch,
                scratch.geometry.shape[1],
                pair - start,
                moved,
                radial.orders,
                radial.functions,
            )
            for x in range(3):
                factor = weights[pair, x]
                sums = derivatives[(3 * run + x) * size : (3 * run + x + 1) * size]
                for k in range(3 * density_size(radial)):
                    sums[k] += factor * moved[k]
