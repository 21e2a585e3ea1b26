"""Density coefficients of the centers of one type as one array, zero where a channel is absent."""

import torch
from torch import Tensor

from .jacobian import Jacobian
from .neighbor_density import Coefficients


def dense_coefficients(
    coefficients: Coefficients, rows: Tensor, channels: Tensor, n_centers: int
) -> Tensor:
    """
    Coefficients of some centers.

    :param rows: ``(row,)``, positions of the centers
    :param channels: ``(channel,)``, the neighbor types, sorted
    :param n_centers: how many centers there are in all
    :returns: ``(row, lm, channel, n)``
    """
    values = coefficients.values
    place = torch.full([n_centers], -1, dtype=torch.int64, device=values.device)
    place[rows] = torch.arange(rows.shape[0], device=values.device)
    kept = torch.where(place[coefficients.center] >= 0)[0]
    channel = torch.searchsorted(channels, coefficients.neighbor_type[kept])
    count = channels.shape[0]
    number = place[coefficients.center[kept]] * count + channel
    dense = torch.zeros(
        [rows.shape[0] * count, values.shape[1], values.shape[2]],
        dtype=values.dtype,
        device=values.device,
    )
    dense = dense.index_copy(0, number, values[kept])
    return dense.unflatten(0, [rows.shape[0], count]).transpose(1, 2)


def dense_slopes(
    coefficients: Coefficients, rows: Tensor, channels: Tensor, jacobian: Jacobian
) -> tuple[Tensor, Tensor, Tensor]:
    """Row, moved atom and derivatives ``(·, axis, lm, channel, n)`` of dense coefficients."""
    kept = torch.where(torch.isin(coefficients.center, rows))[0]
    place = torch.searchsorted(rows, coefficients.center[kept])
    channel = torch.searchsorted(channels, coefficients.neighbor_type[kept])
    run, entry = jacobian.of_runs(kept)
    n_atoms = max(len(jacobian.atom), 1)
    keys = place[run] * n_atoms + jacobian.moved[entry]
    union, position = torch.unique(keys, return_inverse=True)
    _, n_axes, n_lm, n_radial = jacobian.values.shape
    slopes = jacobian.values.new_zeros(len(union), len(channels), n_axes, n_lm, n_radial)
    slopes[position, channel[run]] = jacobian.values[entry]
    return union // n_atoms, union % n_atoms, slopes.permute(0, 2, 3, 1, 4)


def of_order(dense: Tensor, l: int, n: int) -> Tensor:
    """The first n radial functions of one order, ``(row, m, channel * n)``."""
    return dense[:, l * l : (l + 1) * (l + 1), :, :n].flatten(2)
