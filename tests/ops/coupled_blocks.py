"""Blocks and couplings that take every branch: shared orders, several couplings to one block."""

from __future__ import annotations

import torch
from torch import Tensor

from rhobar.ops import Coupling, new_coupling

LEFT = [(0, 3), (2, 11), (1, 2)]  # (l, number of features) of each block
RIGHT = [(0, 2), (1, 3)]
N_OUT = 3
N_PRODUCTS = [6, 14, 5]


def _coupling(left: int, right: int, out: int, o3_lambda: int, *pairs: tuple[int, int]) -> Coupling:
    first, second = torch.tensor(pairs).T.contiguous()
    return new_coupling(
        left=left,
        right=right,
        out=out,
        l_left=LEFT[left][0],
        l_right=RIGHT[right][0],
        o3_lambda=o3_lambda,
        first=first,
        second=second,
    )


_ALL = [(q, p) for q in range(4) for p in range(3)]
COUPLINGS = [
    _coupling(0, 1, 0, 1, (0, 0), (2, 1)),
    _coupling(1, 1, 1, 2, *_ALL),
    _coupling(1, 1, 0, 1, (3, 2), (0, 1), (0, 0)),
    _coupling(1, 1, 2, 3, (3, 2), (0, 1), (0, 0), (1, 0), (2, 2)),
    _coupling(2, 1, 1, 2, (1, 1), (0, 2)),
    _coupling(2, 0, 0, 1, (1, 1)),
]


def blocks(
    *, seed: int, n_centers: int = 37, dtype: torch.dtype = torch.float64
) -> tuple[list[Tensor], list[Tensor]]:
    """Random left and right blocks."""
    generator = torch.Generator().manual_seed(seed)

    def random(l: int, n: int) -> Tensor:
        shape = (n_centers, 2 * l + 1, n)
        return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)

    return [random(*x) for x in LEFT], [random(*x) for x in RIGHT]


def matrices(*, seed: int, dtype: torch.dtype = torch.float64) -> list[Tensor]:
    """Random contractions of the products of :data:`COUPLINGS`, with 4, 1 and 7 components."""
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(n, width, generator=generator, dtype=torch.float64).to(dtype)
        for n, width in zip(N_PRODUCTS, (4, 1, 7), strict=True)
    ]


def chain_steps() -> list[list[Coupling]]:
    """Two steps on the left blocks: (l, features) are (0, 3), (2, 11), (1, 2)."""
    pairs = torch.cartesian_prod(torch.arange(4), torch.arange(2)).T.contiguous()
    again = torch.cartesian_prod(torch.arange(8), torch.arange(4)).T.contiguous()
    return [
        [
            new_coupling(
                left=1,
                right=2,
                out=0,
                l_left=2,
                l_right=1,
                o3_lambda=2,
                first=pairs[0],
                second=pairs[1],
            ),
            new_coupling(
                left=1,
                right=2,
                out=1,
                l_left=2,
                l_right=1,
                o3_lambda=1,
                first=pairs[0],
                second=pairs[1],
            ),
        ],
        [
            new_coupling(
                left=0,
                right=1,
                out=0,
                l_left=2,
                l_right=2,
                o3_lambda=0,
                first=again[0],
                second=again[1],
            )
        ],
    ]
