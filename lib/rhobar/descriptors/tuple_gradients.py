"""Stored gradients of sums over pairs of neighbors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from metatensor.torch import Labels, TensorBlock
from torch import Tensor

from .atom_environments import AtomEnvironments
from .jacobian import refuse_what_cannot_fit, store_by_block
from .spectrum_layout import flat_spectrum, spectrum_rows, spectrum_scale
from .tuples import legendre, legendre_slopes, tuples_of_rows, with_centers

if TYPE_CHECKING:
    from .neighbor_tuples import NeighborTuples


def add_tuple_gradients(
    descriptor: NeighborTuples,
    environments: AtomEnvironments,
    parameter: str,
    keys: Labels,
    blocks: list[TensorBlock],
) -> None:
    r"""
    Store the derivatives of all blocks.

    With :math:`t = \hat r_j \cdot \hat r_k`, a tuple changes with the vector to j by

    .. math:: h'_j \hat r_j h_k P_l(t) + h_j h_k P'_l(t) (\hat r_k - t \hat r_j) / r_j,
              \qquad h = F R_{nl},

    and likewise with the vector to k.
    """
    density, nb = descriptor.density, environments.neighborhoods
    rows, first, second = spectrum_rows(
        nb.run_center, environments.types[nb.run_channel], environments.centers, keys.values
    )
    moves = environments.jacobian_of(torch.zeros(len(nb.vectors), 3, 1, 1), parameter)
    grad_row, moved, _, _ = moves.of_run_pairs(first, second)
    n_axes = moves.values.shape[1]
    n = density.n_radial
    shape = (len(grad_row), n_axes, density.l_max + 1, n, n)
    refuse_what_cannot_fit(torch.Size(shape).numel(), torch.float64, f"{parameter} gradients")
    sums = torch.zeros(shape, dtype=torch.float64)
    distances = torch.linalg.vector_norm(nb.vectors, dim=1)
    radial, slopes = (x.double() for x in density.radial_with_slopes(distances))
    self_values = density.self_values.double()
    directions = nb.vectors / distances[:, None]
    points = with_centers(nb, directions, radial, self_values)
    slope_points = with_centers(nb, directions, slopes, torch.zeros_like(self_values))
    inverse = with_centers(nb, directions, (1 / distances)[:, None, None], self_values.new_zeros(1))
    prefactors = descriptor.prefactors(distances)
    row, j, k = tuples_of_rows(points.run_ptr, first, second)
    n_atoms = max(len(environments.atoms.atom), 1)
    grad_keys = grad_row * n_atoms + moved
    for part in torch.arange(len(row)).split(2048):
        here = row[part]
        for one, other, swapped in ((j[part], k[part], False), (k[part], j[part], True)):
            t = (points.directions[one] * points.directions[other]).sum(1)
            p = legendre(t, density.l_max)
            along = torch.einsum("tln,tl->tln", slope_points.radial[one], p * prefactors)
            turn = torch.einsum(
                "tln,tl->tln",
                points.radial[one] * inverse.radial[one],
                legendre_slopes(p, t) * prefactors,
            )
            across = points.directions[other] - t[:, None] * points.directions[one]
            change = torch.einsum("tx,tln->txln", points.directions[one], along)
            change += torch.einsum("tx,tln->txln", across, turn)
            partner = points.radial[other][:, None]
            pair = (partner, change) if swapped else (change, partner)
            products = pair[0][..., :, None] * pair[1][..., None, :]
            _accumulate(sums, products, environments, parameter, here, points.pair[one], grad_keys)
    values = flat_spectrum(sums, density.n_per_l)
    values *= spectrum_scale(first, second, torch.float64)[grad_row][:, None, None]
    store_by_block(moves, blocks, rows, values.to(density.self_values.dtype), grad_row, moved)


def _accumulate(
    sums: Tensor,
    products: Tensor,
    environments: AtomEnvironments,
    parameter: str,
    row: Tensor,
    pair: Tensor,
    grad_keys: Tensor,
) -> None:
    """Add derivatives with respect to the vectors of ``pair`` to what moves these vectors."""
    there = pair >= 0  # the center's own vector never changes
    row, pair, products = row[there], pair[there], products[there]
    if parameter == "positions":
        n_atoms = max(len(environments.atoms.atom), 1)
        nb = environments.neighborhoods
        run = torch.searchsorted(nb.run_ptr, pair, right=True) - 1
        center = environments.grouped.center_atom[nb.run_center[run]]
        for atom, sign in ((environments.grouped.neighbor[pair], 1.0), (center, -1.0)):
            place = torch.searchsorted(grad_keys, row * n_atoms + atom)
            sums.index_add_(0, place, products, alpha=sign)
        return
    factors = environments.vector_factors(parameter)[pair]
    for axis in range(3):
        block = factors[:, axis, None, None, None, None] * products
        sums[:, 3 * axis : 3 * axis + 3].index_add_(0, row, block)
