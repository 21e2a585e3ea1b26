"""The density of one center in scratch memory: what all fused loops begin with."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rhobar.ops.neighborhoods import Neighborhoods

from .compilation import compiled_part
from .grouping import first_runs
from .harmonics import harmonics, harmonics_with_gradients
from .lanes import WIDTH
from .products import accumulate
from .radial import Radial, radial_row, radial_rows, row_size
from .scratch import INVERSE, LENGTH, SLOPE, WEIGHT, Scratch, X, Y, Z, scratch_for
from .weights import cutoff_weights, scale_weights

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


class Environments(NamedTuple):
    """Neighborhoods as the loops read them."""

    vectors: Array
    run_ptr: Integers
    run_self: Array
    center_ptr: Integers
    """``(center + 1,)``; runs of center i are ``center_ptr[i]:center_ptr[i + 1]``"""
    most_pairs: int
    """the largest number of pairs of one center"""
    most_runs: int


def environments(neighborhoods: Neighborhoods) -> Environments:
    """Arrays of ``neighborhoods``, which have to be contiguous float64 and int64 on the CPU."""
    run_ptr = neighborhoods.run_ptr.numpy()
    run_center = neighborhoods.run_center.numpy()
    n_centers = int(run_center[-1]) + 1 if len(run_center) else 0
    center_ptr = first_runs(run_center, n_centers)
    pairs = np.diff(run_ptr[center_ptr])
    return Environments(
        vectors=neighborhoods.vectors.detach().numpy(),
        run_ptr=run_ptr,
        run_self=neighborhoods.run_self.detach().numpy(),
        center_ptr=center_ptr,
        most_pairs=int(pairs.max(initial=0)),
        most_runs=int(np.diff(center_ptr).max(initial=0)),
    )


def pair_cost(inputs: Environments) -> Integers:
    """Pairs of all centers before each one, one more for each center: what threads share."""
    n_centers = len(inputs.center_ptr) - 1
    return inputs.run_ptr[inputs.center_ptr] + np.arange(n_centers + 1)


@compiled_part
def density_size(radial: Radial) -> int:
    """Numbers of one density, ``(lm, padded(n))``."""
    return len(radial.orders) ** 2 * row_size(radial)


@compiled_part
def new_scratch(environments: Environments, radial: Radial, gradients: bool) -> Scratch:
    """Scratch memory large enough for every center; ``gradients`` asks for those as well."""
    n_orders = len(radial.orders)
    return scratch_for(
        environments.most_pairs, n_orders * n_orders, n_orders * row_size(radial), gradients
    )


@compiled_part
def _fill_geometry(vectors: Array, start: int, stop: int, geometry: Array) -> None:
    """Unit vectors and lengths of pairs; the direction of a vector of no length is z."""
    for pair in range(stop - start):
        x, y, z = vectors[start + pair, 0], vectors[start + pair, 1], vectors[start + pair, 2]
        length = math.sqrt(x * x + y * y + z * z)
        inverse = 1.0 / length if length > 0.0 else 0.0
        geometry[X, pair], geometry[Y, pair] = x * inverse, y * inverse
        geometry[Z, pair] = z * inverse if length > 0.0 else 1.0
        geometry[INVERSE, pair], geometry[LENGTH, pair] = inverse, length


@compiled_part
def _fill_weights(radial: Radial, n_pairs: int, geometry: Array) -> None:
    """Cutoff times scaling of pairs, from their lengths."""
    start = radial.cutoff - radial.width
    inverse_width = 1.0 / radial.width if radial.width > 0.0 else 0.0
    for block in range((n_pairs + WIDTH - 1) // WIDTH):
        row = geometry.shape[1]
        cutoff_weights(geometry, block * WIDTH, row, start, inverse_width, radial.cutoff)
    if radial.exponent != 0.0:
        scale_weights(
            geometry[LENGTH, :n_pairs],
            radial.scale,
            radial.rate,
            radial.exponent,
            geometry[WEIGHT, :n_pairs],
            geometry[SLOPE, :n_pairs],
        )


@compiled_part
def expand_pairs(environments: Environments, radial: Radial, center: int, scratch: Scratch) -> int:
    """
    Harmonics and radial functions of the pairs of one center, into ``scratch``.

    :returns: the number of its pairs
    """
    start = environments.run_ptr[environments.center_ptr[center]]
    stop = environments.run_ptr[environments.center_ptr[center + 1]]
    geometry = scratch.geometry
    _fill_geometry(environments.vectors, start, stop, geometry)
    _fill_weights(radial, stop - start, geometry)
    n_lm, row = len(radial.orders) ** 2, row_size(radial) * len(radial.orders)
    for block in range((stop - start + WIDTH - 1) // WIDTH):
        target = block * n_lm * WIDTH
        harmonics(
            geometry, block * WIDTH, geometry.shape[1], scratch.harmonics, target, radial.orders
        )
    for pair in range(stop - start):
        values = scratch.radial[pair * row : (pair + 1) * row]
        length, weight = geometry[LENGTH, pair], geometry[WEIGHT, pair]
        radial_row(radial, start + pair, length, weight, values)
    return stop - start


@compiled_part
def expand_pairs_with_gradients(
    environments: Environments, radial: Radial, center: int, scratch: Scratch
) -> int:
    """As :func:`expand_pairs`, and the derivatives of both."""
    start = environments.run_ptr[environments.center_ptr[center]]
    stop = environments.run_ptr[environments.center_ptr[center + 1]]
    geometry = scratch.geometry
    _fill_geometry(environments.vectors, start, stop, geometry)
    _fill_weights(radial, stop - start, geometry)
    n_lm, row = len(radial.orders) ** 2, row_size(radial) * len(radial.orders)
    for block in range((stop - start + WIDTH - 1) // WIDTH):
        harmonics_with_gradients(
            geometry,
            block * WIDTH,
            geometry.shape[1],
            scratch.harmonics,
            scratch.harmonic_gradients,
            block * n_lm * WIDTH,
            radial.orders,
        )
    for pair in range(stop - start):
        radial_rows(
            radial,
            start + pair,
            geometry[LENGTH, pair],
            geometry[WEIGHT, pair],
            geometry[SLOPE, pair],
            scratch.radial[pair * row : (pair + 1) * row],
            scratch.radial_slopes[pair * row : (pair + 1) * row],
        )
    return stop - start


@compiled_part
def run_densities(
    environments: Environments,
    radial: Radial,
    center: int,
    scratch: Scratch,
    no_center: Array,
    densities: Array,
) -> None:
    """
    Densities of the runs of one center, ``(run, lm, padded(n))``, flat.

    :param no_center: zeros, as long as ``radial.center``
    """
    first, last = environments.center_ptr[center], environments.center_ptr[center + 1]
    start = environments.run_ptr[first]
    size = density_size(radial)
    for run in range(first, last):
        accumulate(
            scratch.harmonics,
            scratch.radial,
            radial.center if environments.run_self[run] != 0.0 else no_center,
            densities,
            (run - first) * size,
            environments.run_ptr[run] - start,
            environments.run_ptr[run + 1] - start,
            radial.orders,
            radial.functions,
        )
