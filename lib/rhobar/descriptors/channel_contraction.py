"""Neighbor types and radial functions of three factors, mixed to few channels."""

import torch
from torch import Tensor


class ChannelContraction(torch.nn.Module):
    r"""
    Projection of each of three factors, order by order, to the same number of channels.

    .. math:: a_{k l m} = \sum_{q} W^{(f)}_{l k q} a_{q l m}

    with q standing for a neighbor type and a radial function, and f for one of three factors. The
    first weights are the same in each process: random, with orthonormal rows, or with orthonormal
    columns where there are more channels than q.

    :param n_channels: number of channels k
    :param n_functions: number of functions q
    """

    def __init__(self, n_channels: int, *, l_max: int, n_functions: int):
        super().__init__()
        if n_channels < 1:
            raise ValueError(f"channels={n_channels}: give a number above 0, or None.")
        generator = torch.Generator().manual_seed(0)
        shape = (n_channels, n_functions)
        drawn = torch.stack(
            [
                torch.nn.init.orthogonal_(
                    torch.empty(shape, dtype=torch.float64), generator=generator
                )
                for _ in range(3 * (l_max + 1))
            ]
        )
        self.weights = torch.nn.Parameter(drawn.reshape(3, l_max + 1, *shape))

    def forward(self, factor: Tensor, number: int) -> Tensor:
        """
        Channels ``(row, lm, channel)`` of one factor.

        :param factor: ``(row, lm, neighbor channel, n)``
        :param number: which of the three factors it is
        """
        functions = factor.flatten(2)
        parts: list[Tensor] = []
        for l in range(self.weights.shape[1]):
            m = slice(l * l, (l + 1) * (l + 1))
            parts.append(functions[:, m] @ self.weights[number, l].transpose(0, 1))
        return torch.cat(parts, dim=1)
