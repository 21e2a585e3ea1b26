"""Power spectra of densities that are already there, and their reverse mode."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .chunks import in_portions
from .compilation import compiled
from .lanes import padded
from .outputs import entry_addresses
from .products import contract
from .rows import SpectrumRows
from .spectrum_backward import add_row_gradient

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


def power_spectrum(
    coefficients: Tensor, rows: SpectrumRows, out: Sequence[Tensor], *, num_threads: int = 1
) -> None:
    r"""
    Fill ``out`` with the invariants of each center and each two of its runs.

    .. math:: p_{l n_1 n_2} = \frac{(-1)^l}{\sqrt{2l + 1}} \sum_m c^a_{n_1 l m} c^b_{n_2 l m}

    times :math:`\sqrt 2` for two different channels. For densities that were combined after the
    expansion, such as pseudo-species; :func:`soap` is faster where there is nothing between.
    Cost ``row * lm * n**2``.

    :param coefficients: ``(run, lm, n)``
    :param out: one tensor per block of ``rows``, ``(row, l * n_1 * n_2)``, with the dtype of the
        coefficients
    """
    densities = _rows_of_four(coefficients)
    orders, functions, features = _shape(coefficients)
    addresses = entry_addresses(out, rows, features)
    if out and out[0].dtype != coefficients.dtype:
        raise ValueError(
            f"power_spectrum: coefficients are {coefficients.dtype}, results {out[0].dtype}; "
            "give both the same dtype."
        )

    def loop(first: int, last: int) -> None:
        _power_spectrum(
            densities,
            rows.center_ptr,
            rows.entry_ptr,
            addresses,
            first,
            last,
            orders,
            functions,
        )

    in_portions(loop, rows.entry_ptr, num_threads)


@compiled
def _power_spectrum(
    densities: Array,
    center_ptr: Integers,
    entry_ptr: Integers,
    addresses: Integers,
    first: int,
    last: int,
    orders: tuple[int, ...],
    functions: tuple[int, ...],
) -> None:
    """Rows of the centers ``first:last``."""
    size = len(orders) ** 2 * ((len(functions) + 3) // 4 * 4)
    for center in range(first, last):
        entry = entry_ptr[center]
        for a in range(center_ptr[center], center_ptr[center + 1]):
            for b in range(a, center_ptr[center + 1]):
                address = addresses[entry]
                entry += 1
                if address != 0:
                    scale = 1.0 if a == b else math.sqrt(2.0)
                    left, right = (a * size,), (b * size,)
                    contract(densities, left, right, address, scale, orders, functions)


def power_spectrum_backward(
    coefficients: Tensor, rows: SpectrumRows, gradients: Sequence[Tensor], *, num_threads: int = 1
) -> Tensor:
    """
    Reverse mode of :func:`power_spectrum`.

    :param gradients: one tensor per block of ``rows``: derivatives of some scalar by the results
    :returns: ``(run, lm, n)`` float64, its derivatives by the coefficients
    """
    densities = _rows_of_four(coefficients.double())
    orders, functions, features = _shape(coefficients)
    gradients = [block.detach().contiguous() for block in gradients]
    addresses = entry_addresses(gradients, rows, features)
    kind = np.empty(0, dtype=gradients[0].numpy().dtype if gradients else np.float64)
    result = np.zeros_like(densities)

    def loop(first: int, last: int) -> None:
        _power_spectrum_backward(
            densities,
            rows.center_ptr,
            rows.entry_ptr,
            addresses,
            kind,
            result,
            first,
            last,
            orders,
            functions,
        )

    in_portions(loop, rows.entry_ptr, num_threads)
    n_runs, n_lm, n_radial = coefficients.shape
    return torch.from_numpy(result.reshape(n_runs, n_lm, -1)[:, :, :n_radial].copy())


@compiled
def _power_spectrum_backward(
    densities: Array,
    center_ptr: Integers,
    entry_ptr: Integers,
    addresses: Integers,
    kind: Array,
    result: Array,
    first: int,
    last: int,
    orders: tuple[int, ...],
    functions: tuple[int, ...],
) -> None:
    """Runs of the centers ``first:last``; the type of ``kind`` is that of the gradients."""
    row = (len(functions) + 3) // 4 * 4
    size = len(orders) ** 2 * row
    sizes = np.empty(len(orders), np.int64)
    sizes[:] = len(functions)
    weights = np.zeros(2 * len(orders) * len(functions) * row)
    for center in range(first, last):
        entry = entry_ptr[center]
        for a in range(center_ptr[center], center_ptr[center + 1]):
            for b in range(a, center_ptr[center + 1]):
                address = addresses[entry]
                entry += 1
                if address != 0:
                    add_row_gradient(
                        densities,
                        (a * size, b * size),
                        kind,
                        address,
                        1.0 if a == b else math.sqrt(2.0),
                        sizes,
                        weights,
                        result,
                        orders,
                        functions,
                    )


def _shape(coefficients: Tensor) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Sizes as lengths of tuples (see lanes.py), and the number of features."""
    _, n_lm, n_radial = coefficients.shape
    n_orders = math.isqrt(n_lm)
    if n_orders**2 != n_lm:
        raise ValueError(
            f"coefficients {tuple(coefficients.shape)}: the second axis has to hold all l, m up "
            "to some l_max, so (l_max + 1)**2 numbers."
        )
    return (0,) * n_orders, (0,) * n_radial, n_orders * n_radial**2


def _rows_of_four(coefficients: Tensor) -> Array:
    """``(run, lm, padded(n))``, flat."""
    n_runs, n_lm, n_radial = coefficients.shape
    values = coefficients.detach().numpy()
    if padded(n_radial) == n_radial:
        return np.ascontiguousarray(values).reshape(-1)
    rows = np.zeros((n_runs, n_lm, padded(n_radial)), dtype=values.dtype)
    rows[:, :, :n_radial] = values
    return rows.reshape(-1)
