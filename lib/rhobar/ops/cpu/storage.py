"""How rows of (l, n_1, n_2) are stored: their type, their packing, through the caches or past."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from .addresses import write
from .compilation import compiled_part
from .outputs import streams
from .products import contract, contract_streaming
from .radial import Radial

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


class Storage(NamedTuple):
    """What the loops need to know about their results."""

    kind: Array
    """an empty array of the type of the results"""
    sizes: Integers
    """``(l,)``, number of radial functions of each l"""
    truncated: bool
    """whether these differ, so that features are packed without gaps"""
    streamed: bool
    """whether rows are stored past the caches"""
    width: int
    """number of features: of (l, n_1, n_2)"""
    orders: tuple[int, ...]
    functions: tuple[int, ...]


def storage(radial: Radial, n_per_l: Sequence[int] | None, tensors: Sequence[Tensor]) -> Storage:
    """
    How to store features of ``radial`` in ``tensors``.

    :param n_per_l: number of radial functions of each l; None if all have the same
    :raises ValueError: if ``n_per_l`` does not fit to the radial functions
    """
    n_orders, n_radial = len(radial.orders), len(radial.functions)
    if n_per_l is not None and (len(n_per_l) != n_orders or max(n_per_l) > n_radial):
        raise ValueError(
            f"n_per_l={list(n_per_l)} needs one number for each of the {n_orders} orders l, none "
            f"above n_radial={n_radial}."
        )
    sizes = np.array([n_radial] * n_orders if n_per_l is None else n_per_l, dtype=np.int64)
    truncated = bool(np.any(sizes < n_radial))
    return Storage(
        kind=np.empty(0, dtype=tensors[0].detach().numpy().dtype if tensors else np.float64),
        sizes=sizes,
        truncated=truncated,
        streamed=not truncated and streams(tensors, n_radial),
        width=int(np.sum(sizes * sizes)),
        orders=radial.orders,
        functions=radial.functions,
    )


@compiled_part
def new_whole_row(target: Storage) -> Array:
    """Scratch memory for :func:`store_row`."""
    n_radial = len(target.functions)
    return np.empty(len(target.orders) * n_radial * n_radial, target.kind.dtype)


@compiled_part
def store_row(
    target: Storage,
    whole: Array,
    address: int,
    densities: Array,
    lefts: tuple[int, ...],
    rights: tuple[int, ...],
    scale: float,
) -> None:
    """
    Write the sum of some products of densities, see :func:`~.products.contract`, as one row.

    :param whole: from :func:`new_whole_row`
    :param lefts: tuple of offsets in ``densities``, ``rights`` likewise
    """
    if target.streamed:
        contract_streaming(
            densities, lefts, rights, address, scale, target.orders, target.functions
        )
        return
    place = np.int64(whole.ctypes.data) if target.truncated else address
    contract(densities, lefts, rights, place, scale, target.orders, target.functions)
    if target.truncated:
        _pack(whole, target.sizes, len(target.functions), address)


@compiled_part
def _pack(whole: Array, sizes: Integers, n_radial: int, address: int) -> None:
    """Copy from ``whole`` ``(l, n_radial, n_radial)`` what is in the basis to ``address``."""
    place = 0
    for l in range(len(sizes)):
        for n_1 in range(sizes[l]):
            for n_2 in range(sizes[l]):
                write(whole, address, place, whole[(l * n_radial + n_1) * n_radial + n_2])
                place += 1
