"""Invariant products of up to three factors, and how their features are called."""

from typing import NamedTuple

import torch
from metatensor.torch import Labels
from torch import Tensor

from rhobar.ops import (
    TripleRows,
    channel_triple_products,
    triple_paths,
    triple_products,
    triple_table,
)

from .channel_contraction import ChannelContraction
from .compiled_triples import compiled_channel_triples


class Factors(NamedTuple):
    """
    Three factors ``(_, lm, neighbor channel, n)``, and which of them are multiplied.

    Where there are fewer, the others are read for their number only.
    """

    first: Tensor
    second: Tensor
    third: Tensor
    rows: TripleRows


class Tuples(NamedTuple):
    """
    Tuples of a center and its tagged neighbors, as products of bodies.

    The bodies are the densities of all tags, then those of all centers.
    """

    first: Tensor
    """``(a,)`` int64, which bodies the first factors are"""
    second: Tensor
    third: Tensor
    rows: TripleRows
    samples: Tensor
    """``(tuple, name)`` int32"""


class TupleProducts(torch.nn.Module):
    """
    Features of one to three factors; one that is left out is a one.

    :param n_factors: how many there are
    :param n_per_l: number of radial functions of each l
    :param n_functions: number of neighbor channels times radial functions, for a contraction
    :param channels: number of channels that each factor is contracted to; None: no contraction
    """

    paths: list[tuple[int, int, int]]
    tables: list[Tensor]
    n_per_l: list[int]

    def __init__(
        self, n_factors: int, *, n_per_l: list[int], n_functions: int, channels: int | None
    ):
        super().__init__()
        l_max = len(n_per_l) - 1
        self.n_factors = n_factors
        self.n_per_l = n_per_l
        self.paths = [path for path in triple_paths(l_max) if max(path[n_factors:], default=0) == 0]
        self.tables = [triple_table(*path) for path in self.paths]
        self.n_even = sum(sum(path) % 2 == 0 for path in self.paths)
        self.n_channels = 0 if channels is None else channels
        self.contraction: torch.nn.Module | None = None
        if channels is not None:
            self.contraction = ChannelContraction(channels, l_max=l_max, n_functions=n_functions)

    def sigmas(self) -> list[int]:
        """The parities that exist: 1, and -1 for three factors of orders above 0."""
        return [1] if self.n_even == len(self.paths) else [1, -1]

    def forward(self, factors: Factors) -> list[Tensor]:
        """Features ``(row, property)`` of each of :meth:`sigmas`."""
        contraction = self.contraction
        if contraction is not None:
            contracted: list[Tensor] = []
            for k, factor in enumerate([factors.first, factors.second, factors.third]):
                if k < self.n_factors:
                    contracted.append(contraction(factor, k))
                else:
                    contracted.append(_ones(factor, self.n_channels))
            values = self._channel_products(
                contracted[0], contracted[1], contracted[2], factors.rows
            )
            results = [values[:, : self.n_even].flatten(1)]
            if self.n_even < len(self.paths):
                results.append(values[:, self.n_even :].flatten(1))
            return results
        parts: list[Tensor] = []
        blocks: list[list[Tensor]] = []
        for k, factor in enumerate([factors.first, factors.second, factors.third]):
            blocks.append(self._per_order(factor) if k < self.n_factors else [_ones(factor, 1)])
        for part in triple_products(
            blocks[0], blocks[1], blocks[2], factors.rows, self.paths, self.tables
        ):
            parts.append(part.flatten(1))
        results = [torch.cat(parts[: self.n_even], 1)]
        if self.n_even < len(self.paths):
            results.append(torch.cat(parts[self.n_even :], 1))
        return results

    def _channel_products(
        self, first: Tensor, second: Tensor, third: Tensor, rows: TripleRows
    ) -> Tensor:
        """``(row, path, channel)``; compiled on a CPU, unless scripted."""
        if torch.jit.is_scripting():  # type: ignore[attr-defined]
            return channel_triple_products(first, second, third, rows, self.paths, self.tables)
        return self._dispatched(first, second, third, rows)

    @torch.jit.unused
    def _dispatched(self, first: Tensor, second: Tensor, third: Tensor, rows: TripleRows) -> Tensor:
        op = channel_triple_products
        if first.device.type == "cpu":
            op = compiled_channel_triples
        return op(first, second, third, rows, self.paths, self.tables)

    def properties(self, sigma: int, channels: Tensor) -> Labels:
        """
        Names of the features of one parity.

        :param channels: ``(neighbor channel,)``, what they are called
        """
        paths = self.paths[: self.n_even] if sigma == 1 else self.paths[self.n_even :]
        numbers = [str(k + 1) for k in range(self.n_factors)]
        names = ["l_" + number for number in numbers]
        rows = [[l_1, l_2, l_3] for l_1, l_2, l_3 in paths]
        orders = torch.tensor(rows, dtype=torch.int64, device=channels.device)
        orders = orders[:, : self.n_factors]
        if self.contraction is not None:
            channel = torch.arange(self.n_channels, device=channels.device)
            names.append("channel")
            values = _products(orders, channel.unsqueeze(1))
            return Labels(names, values.to(torch.int32))
        parts: list[Tensor] = []
        for path, l in zip(orders.split(1), rows):  # noqa: B905 - scripted
            for k in range(self.n_factors):
                path = _products(path, self._functions(l[k], channels))
            parts.append(path)
        for number in numbers:
            names += ["neighbor_" + number + "_type", "n_" + number]
        return Labels(names, torch.cat(parts).to(torch.int32))

    def _functions(self, l: int, channels: Tensor) -> Tensor:
        """Neighbor channel and n of the functions at one l, ``(q, 2)``."""
        n = torch.arange(self.n_per_l[l], device=channels.device)
        return _products(channels.unsqueeze(1), n.unsqueeze(1))

    def _per_order(self, factor: Tensor) -> list[Tensor]:
        """Blocks ``(row, m, q)`` of the functions that exist at each l."""
        blocks: list[Tensor] = []
        for l, n in enumerate(self.n_per_l):
            blocks.append(factor[:, l * l : (l + 1) * (l + 1), :, :n].flatten(2))
        return blocks


def _ones(like: Tensor, n_channels: int) -> Tensor:
    """As many factors of l = 0 that change nothing, ``(_, 1, channel)``."""
    shape = [like.shape[0], 1, n_channels]
    return torch.ones(shape, dtype=like.dtype, device=like.device)


def _products(left: Tensor, right: Tensor) -> Tensor:
    """All rows of ``left`` followed by all rows of ``right``, the latter changing faster."""
    n_left, n_right = left.shape[0], right.shape[0]
    return torch.cat([left.repeat_interleave(n_right, 0), right.repeat(n_left, 1)], 1)
