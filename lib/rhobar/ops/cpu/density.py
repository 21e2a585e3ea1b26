"""Density coefficients of runs, their reverse mode and their derivatives."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rhobar.ops.neighborhoods import Neighborhoods

from .chunks import in_portions
from .compilation import compiled
from .derivatives import contract_derivative, store_derivative
from .environment import (
    Environments,
    density_size,
    environments,
    expand_pairs,
    expand_pairs_with_gradients,
    new_scratch,
    pair_cost,
    run_densities,
)
from .outputs import allocate
from .radial import Radial, row_size

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


def density(
    neighborhoods: Neighborhoods,
    radial: Radial,
    *,
    dtype: torch.dtype = torch.float64,
    num_threads: int = 1,
) -> Tensor:
    r"""
    Compiled form of :func:`rhobar.ops.density_coefficients`, radial and angular functions included.

    .. math:: c_{nlm} = \sum_j F(r_{ji}) I_{nl}(r_{ji}) Y_{lm}(\hat r_{ji}) + \delta_{l0} (\ldots)

    Cost ``pair * lm * n``; no memory beyond the result but for one environment.

    :returns: ``(run, lm, n)``
    """
    inputs = environments(neighborhoods)
    shape = (len(radial.orders) ** 2, len(radial.functions))
    n_runs = len(inputs.run_self)
    (coefficients,) = allocate(np.array([0, n_runs]), shape, dtype)
    out = coefficients.numpy()
    in_portions(
        lambda first, last: _density(inputs, radial, out, first, last),
        pair_cost(inputs),
        num_threads,
    )
    return coefficients


@compiled
def _density(inputs: Environments, radial: Radial, out: Array, first: int, last: int) -> None:
    """Runs of the centers ``first:last``."""
    scratch = new_scratch(inputs, radial, False)
    no_center = np.zeros(row_size(radial))
    size, row = density_size(radial), row_size(radial)
    densities = np.empty(inputs.most_runs * size)
    for center in range(first, last):
        expand_pairs(inputs, radial, center, scratch)
        run_densities(inputs, radial, center, scratch, no_center, densities)
        start = inputs.center_ptr[center]
        for run in range(start, inputs.center_ptr[center + 1]):
            for lm in range(out.shape[1]):
                source = densities[(run - start) * size + lm * row :]
                for n in range(out.shape[2]):
                    out[run, lm, n] = source[n]


def density_backward(
    neighborhoods: Neighborhoods, radial: Radial, gradients: Tensor, *, num_threads: int = 1
) -> Tensor:
    r"""
    Reverse mode of :func:`density`.

    .. math:: \mathbf g_p = \sum_{lmn} g_{lmn} \, \partial c_{lmn} / \partial \mathbf r_p

    Cost ``pair * lm * n``, as :func:`density`.

    :param gradients: ``(run, lm, n)``, derivatives of some scalar by the coefficients
    :returns: ``(pair, 3)`` float64, its derivatives by the vectors (1/Å)
    """
    inputs = environments(neighborhoods)
    weights = gradients.detach().contiguous().numpy()
    result = torch.empty(len(inputs.vectors), 3, dtype=torch.float64)
    out = result.numpy()
    in_portions(
        lambda first, last: _density_backward(inputs, radial, weights, out, first, last),
        pair_cost(inputs),
        num_threads,
    )
    return result


@compiled
def _density_backward(
    inputs: Environments, radial: Radial, weights: Array, out: Array, first: int, last: int
) -> None:
    """Pairs of the centers ``first:last``."""
    scratch = new_scratch(inputs, radial, True)
    row = row_size(radial)
    gradients = np.zeros(density_size(radial))
    for center in range(first, last):
        expand_pairs_with_gradients(inputs, radial, center, scratch)
        start = inputs.run_ptr[inputs.center_ptr[center]]
        for run in range(inputs.center_ptr[center], inputs.center_ptr[center + 1]):
            for lm in range(weights.shape[1]):
                for n in range(weights.shape[2]):
                    gradients[lm * row + n] = weights[run, lm, n]
            for pair in range(inputs.run_ptr[run], inputs.run_ptr[run + 1]):
                contract_derivative(
                    scratch,
                    scratch.geometry.shape[1],
                    pair - start,
                    gradients,
                    out[pair],
                    radial.orders,
                    radial.functions,
                )


def density_gradients(
    neighborhoods: Neighborhoods,
    radial: Radial,
    *,
    dtype: torch.dtype = torch.float64,
    num_threads: int = 1,
) -> Tensor:
    r"""
    Derivative of the density of each run by each of its vectors, 1/Å.

    .. math:: \partial c_{nlm} / \partial \mathbf r_p = \hat{\mathbf r} (F I_{nl})' Y_{lm}
        + F I_{nl} \nabla Y_{lm}

    :returns: ``(pair, 3, lm, n)``; this is all the memory it takes, and it is large
    """
    inputs = environments(neighborhoods)
    shape = (3, len(radial.orders) ** 2, len(radial.functions))
    (derivatives,) = allocate(np.array([0, len(inputs.vectors)]), shape, dtype)
    out = derivatives.numpy()
    in_portions(
        lambda first, last: _density_gradients(inputs, radial, out, first, last),
        pair_cost(inputs),
        num_threads,
    )
    return derivatives


@compiled
def _density_gradients(
    inputs: Environments, radial: Radial, out: Array, first: int, last: int
) -> None:
    """Pairs of the centers ``first:last``."""
    scratch = new_scratch(inputs, radial, True)
    size, row = density_size(radial), row_size(radial)
    moved = np.empty(3 * size)
    for center in range(first, last):
        n_pairs = expand_pairs_with_gradients(inputs, radial, center, scratch)
        start = inputs.run_ptr[inputs.center_ptr[center]]
        for pair in range(n_pairs):
            store_derivative(
                scratch,
                scratch.geometry.shape[1],
                pair,
                moved,
                radial.orders,
                radial.functions,
            )
            for k in range(3):
                for lm in range(out.shape[2]):
                    source = moved[k * size + lm * row :]
                    for n in range(out.shape[3]):
                        out[start + pair, k, lm, n] = source[n]
