"""Neighbor densities as one array, from blocks of an expansion."""

from typing import List  # noqa: UP035 - scripted

import torch
from metatensor.torch import TensorMap
from torch import Tensor


def dense_density(
    blocks: TensorMap,
    center_type: int,
    neighbor_types: List[int],  # noqa: UP006
    compressions: Tensor,
    row: Tensor,
    first: Tensor,
    n_rows: int,
) -> Tensor:
    """
    Densities around the centers of one type, zero where there are no neighbors of a type.

    Differentiable by autograd, and for TorchScript.

    :param blocks: keys ``o3_lambda, o3_sigma, center_type, neighbor_type``, samples ``system,
        atom``, components ``o3_mu``, properties ``n``
    :param compressions: ``(l_max + 1, n, kept)``, what radial functions are combined with
    :param row: ``(atom,)`` int64, row of each atom of all systems that is such a center
    :param first: ``(system,)`` int64, where the atoms of each begin
    :returns: ``(n_rows, (l_max + 1)**2, neighbor type * kept)``
    """
    keys = blocks.keys  # each time a new object, with positions of its own to find
    channels: List[Tensor] = []  # noqa: UP006
    for neighbor_type in neighbor_types:
        parts: List[Tensor] = []  # noqa: UP006
        for l in range(compressions.shape[0]):
            shape = [n_rows, 2 * l + 1, compressions.shape[2]]
            part = torch.zeros(shape, dtype=compressions.dtype, device=compressions.device)
            position = keys.position([l, 1, center_type, neighbor_type])
            if position is not None:
                block = blocks.block(position)
                samples = block.samples.values.to(torch.int64)
                rows = row[first[samples[:, 0]] + samples[:, 1]]
                values = block.values @ compressions[l, : block.values.shape[2]]
                part = part.index_copy(0, rows, values)
            parts.append(part)
        channels.append(torch.cat(parts, 1))
    return torch.cat(channels, 2)
