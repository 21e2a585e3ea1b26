"""Reverse mode of SOAP power spectra, fused like the values."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rhobar.ops.neighborhoods import Neighborhoods

from .chunks import in_portions
from .compilation import compiled
from .derivatives import contract_derivative
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
from .spectrum_backward import add_row_gradient
from .storage import Storage, storage

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


def soap_backward(
    neighborhoods: Neighborhoods,
    radial: Radial,
    rows: SpectrumRows,
    gradients: Sequence[Tensor],
    *,
    n_per_l: Sequence[int] | None = None,
    num_threads: int = 1,
) -> Tensor:
    r"""
    Derivatives by the vectors of a scalar whose derivatives by the power spectrum are known.

    .. math:: \mathbf g_p = \sum_{nlm} \frac{\partial c_{nlm}}{\partial \mathbf r_p}
        \sum_{\text{rows}} \frac{\partial}{\partial c_{nlm}} \sum_{l n_1 n_2} g_{l n_1 n_2}
        p_{l n_1 n_2}

    Densities are computed again, nothing is kept from the forward pass. About twice the work of
    :func:`soap`; scratch memory for one environment a thread.

    :param gradients: one tensor per block of ``rows``, ``(row, l * n_1 * n_2)``
    :returns: ``(pair, 3)``, float64, 1/Å times the unit of the scalar
    """
    gradients = [block.detach().contiguous() for block in gradients]
    source = storage(radial, n_per_l, gradients)
    addresses = entry_addresses(gradients, rows, source.width)
    inputs = environments(neighborhoods)
    result = torch.empty(len(inputs.vectors), 3, dtype=torch.float64)
    out = result.numpy()

    in_portions(
        lambda first, last: _soap_backward(
            inputs, radial, rows.entry_ptr, addresses, source, out, first, last
        ),
        rows.entry_ptr,
        num_threads,
    )
    return result


@compiled
def _soap_backward(
    inputs: Environments,
    radial: Radial,
    entry_ptr: Integers,
    addresses: Integers,
    source: Storage,
    out: Array,
    first: int,
    last: int,
) -> None:
    """Pairs of the centers ``first:last``."""
    scratch = new_scratch(inputs, radial, True)
    size, row = density_size(radial), row_size(radial)
    no_center = np.zeros(row)
    densities, gradients = np.empty(inputs.most_runs * size), np.empty(inputs.most_runs * size)
    weights = np.zeros(2 * len(radial.orders) * len(radial.functions) * row)
    for center in range(first, last):
        expand_pairs_with_gradients(inputs, radial, center, scratch)
        run_densities(inputs, radial, center, scratch, no_center, densities)
        first_run, entry = inputs.center_ptr[center], entry_ptr[center]
        n_runs = inputs.center_ptr[center + 1] - first_run
        gradients[: n_runs * size] = 0.0
        for a in range(n_runs):
            for b in range(a, n_runs):
                address = addresses[entry]
                entry += 1
                if address == 0:
                    continue
                scale = 1.0 if a == b else math.sqrt(2.0)
                add_row_gradient(
                    densities,
                    (a * size, b * size),
                    source.kind,
                    address,
                    scale,
                    source.sizes,
                    weights,
                    gradients,
                    radial.orders,
                    radial.functions,
                )
        start = inputs.run_ptr[first_run]
        for run in range(n_runs):
            own = gradients[run * size : (run + 1) * size]
            for pair in range(inputs.run_ptr[first_run + run], inputs.run_ptr[first_run + run + 1]):
                contract_derivative(
                    scratch,
                    scratch.geometry.shape[1],
                    pair - start,
                    own,
                    out[pair],
                    radial.orders,
                    radial.functions,
                )
