"""SOAP power spectra from pairs, one center at a time, without any array in between."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from rhobar.ops.neighborhoods import Neighborhoods

from .chunks import in_portions
from .compilation import compiled
from .environment import (
    Environments,
    density_size,
    environments,
    expand_pairs,
    new_scratch,
    run_densities,
)
from .outputs import entry_addresses
from .radial import Radial, row_size
from .rows import SpectrumRows
from .storage import Storage, new_whole_row, storage, store_row

Integers = NDArray[np.int64]


def soap(
    neighborhoods: Neighborhoods,
    radial: Radial,
    rows: SpectrumRows,
    out: Sequence[Tensor],
    *,
    n_per_l: Sequence[int] | None = None,
    num_threads: int = 1,
    meanwhile: Callable[[], object] | None = None,
) -> None:
    r"""
    Fill ``out`` with the power spectrum of each center.

    .. math:: p_{l n_1 n_2} = \frac{(-1)^l}{\sqrt{2l + 1}} \sum_m c^a_{n_1 l m} c^b_{n_2 l m}

    times :math:`\sqrt 2` for two different channels a, b. The density of a center stays in the
    first-level cache until its rows are written. Needs scratch memory for the largest environment
    only: ``pair * (l * n + lm)`` numbers a thread. float32 results come from float64 densities.

    :param out: one tensor per block of ``rows``, ``(row, l * n_1 * n_2)``, float64 or float32;
        see :func:`allocate`
    :param n_per_l: number of radial functions of each l, if these differ
    :param meanwhile: see :func:`in_portions`
    """
    target = storage(radial, n_per_l, out)
    addresses = entry_addresses(out, rows, target.width)
    inputs = environments(neighborhoods)
    in_portions(
        lambda first, last: _soap(inputs, radial, rows.entry_ptr, addresses, target, first, last),
        rows.entry_ptr,
        num_threads,
        meanwhile=meanwhile,
    )


@compiled
def _soap(
    inputs: Environments,
    radial: Radial,
    entry_ptr: Integers,
    addresses: Integers,
    target: Storage,
    first: int,
    last: int,
) -> None:
    """Rows of the centers ``first:last``."""
    scratch = new_scratch(inputs, radial, False)
    no_center = np.zeros(row_size(radial))
    size = density_size(radial)
    densities = np.empty(inputs.most_runs * size, target.kind.dtype)
    whole = new_whole_row(target)
    for center in range(first, last):
        expand_pairs(inputs, radial, center, scratch)
        run_densities(inputs, radial, center, scratch, no_center, densities)
        entry = entry_ptr[center]
        n_runs = inputs.center_ptr[center + 1] - inputs.center_ptr[center]
        for a in range(n_runs):
            for b in range(a, n_runs):
                address = addresses[entry]
                entry += 1
                if address != 0:
                    scale = 1.0 if a == b else math.sqrt(2.0)
                    store_row(target, whole, address, densities, (a * size,), (b * size,), scale)
