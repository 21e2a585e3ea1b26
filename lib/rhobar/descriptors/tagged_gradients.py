"""Stored gradients of tuples of neighbors: the product rule over bodies."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from rhobar.ops import TripleRows

from .atom_environments import AtomEnvironments
from .jacobian import Jacobian, refuse_what_cannot_fit, stretches
from .tagged_neighbors import TaggedNeighbors
from .tuple_products import Factors, TupleProducts, Tuples

_AT_ONCE = 256  # gradient rows whose products are made together


class BodySlopes(NamedTuple):
    """Derivatives of bodies, see :class:`Tuples`, by body and moved atom."""

    values: Tensor
    """``(entry, axis, lm, neighbor channel, n)``"""
    ptr: Tensor
    """``(body + 1,)`` entries of each body"""
    moved: Tensor
    """``(entry,)`` the moved atom, 0 for cell and strain"""


def tag_slopes(environments: AtomEnvironments, tags: TaggedNeighbors, parameter: str) -> Jacobian:
    """Derivatives of the density of each tag."""
    grouped = environments.grouped
    pair = tags.pair[tags.pair >= 0]
    neighborhoods = tags.neighborhoods._replace(
        vectors=grouped.neighborhoods.vectors[pair],
        run_self=tags.neighborhoods.run_self.double(),
    )
    of_tags = grouped._replace(
        neighborhoods=neighborhoods,
        neighbor=grouped.neighbor[pair],
        shifts=grouped.shifts[pair],
    )
    return replace(environments, grouped=of_tags).run_jacobian(parameter)


def body_slopes(slopes: Jacobian, center: Tensor, weights: Tensor) -> BodySlopes:
    """
    Derivatives of all bodies: those of tags, and their sums over the tags of each center.

    :param center: ``(tag,)``, not decreasing
    :param weights: ``(tag, neighbor channel)``, how much each tag belongs to each channel
    """
    n_tags, n_atoms = len(center), max(len(slopes.atom), 1)
    tag, _ = stretches(slopes.run_ptr[:-1], slopes.run_ptr[1:])
    dense = slopes.values.unsqueeze(3) * weights.detach()[tag][:, None, None, :, None]
    keys, place = torch.unique(center[tag] * n_atoms + slopes.moved, return_inverse=True)
    whole = dense.new_zeros(len(keys), *dense.shape[1:]).index_add_(0, place, dense)
    n_centers = int(center[-1]) + 1 if n_tags else 0
    counts = torch.bincount(keys // n_atoms, minlength=n_centers)
    ptr = torch.cat([slopes.run_ptr, slopes.run_ptr[-1] + torch.cumsum(counts, 0)])
    moved = torch.cat([slopes.moved, keys % n_atoms])
    return BodySlopes(torch.cat([dense, whole]), ptr, moved)


def tuple_gradients(
    products: TupleProducts, bodies: Tensor, tuples: Tuples, slopes: BodySlopes, n_atoms: int
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """
    Derivatives of all features, each factor in turn replaced by its derivative.

    :param bodies: ``(body, lm, neighbor channel, n)``
    :returns: row and moved atom of each gradient row, and its values ``(gradient row, axis,
        property)`` for σ = 1 and -1
    """
    rows = tuples.rows
    whole = [
        tuples.first[rows.first],
        tuples.second[rows.second],
        tuples.third[rows.third[rows.first]],
    ]
    n_atoms = max(n_atoms, 1)
    parts = [
        stretches(slopes.ptr[body], slopes.ptr[body + 1]) for body in whole[: products.n_factors]
    ]
    keys = [row * n_atoms + slopes.moved[entry] for row, entry in parts]
    union = torch.unique(torch.cat(keys))
    n_axes = slopes.values.shape[1]
    none = torch.zeros(0, dtype=torch.int64)
    empty = products(Factors(bodies[:0], bodies[:0], bodies[:0], TripleRows(none, none, none)))
    widths = [found.shape[1] for found in empty]
    n_values = len(union) * n_axes * sum(widths)
    refuse_what_cannot_fit(n_values, bodies.dtype, "gradients of tuples of neighbors")
    values = [bodies.new_zeros(len(union), n_axes, width) for width in widths]
    for factor, (key, (row, entry)) in enumerate(zip(keys, parts, strict=True)):
        place = torch.searchsorted(union, key)
        for start in range(0, len(row), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            factors = [bodies[body[row[part]]].repeat_interleave(n_axes, 0) for body in whole]
            factors[factor] = slopes.values[entry[part]].flatten(0, 1).to(bodies.dtype)
            each = torch.arange(len(factors[0]))
            rows_here = TripleRows(each, each, each)
            found = products(Factors(factors[0], factors[1], factors[2], rows_here))
            for total, change in zip(values, found, strict=True):
                there = place[part]
                total.index_add_(0, there, change.reshape(len(there), n_axes, -1))
    return union // n_atoms, union % n_atoms, values
