"""Tetrahedra of the same six distances."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from typing import ClassVar, Self

import ase
import numpy as np
from numpy.typing import NDArray

from .family import Family, check_sign

Order = tuple[int, int, int, int, int, int]
"""which distance each edge 12, 13, 14, 23, 24, 34 has"""

_FIRST, _SECOND = np.triu_indices(4, 1)  # the atoms of the edges
_LEAST_EIGENVALUE = 1e-3  # Å², of the matrix of scalar products


@dataclass(frozen=True)
class DistanceTetrahedra(Family):
    """
    Four atoms with six distances, on other edges in each member.

    The sorted list of all distances is equal, and with it the energy of every pair potential.
    Distances from single atoms differ, so that nonlinear functions of the neighbors of each atom
    tell the members apart. Boutin, Kemper, Adv. Appl. Math. 32, 709 (2004),
    doi:10.1016/S0196-8858(03)00101-5.

    :param distances: six distances, Å
    :param orders: for each member, which distance the edges 12, 13, 14, 23, 24, 34 have
    :param symbol: chemical symbol of all atoms
    :raises ValueError: for distances of no tetrahedron, or orders that are one and the same
        tetrahedron with its atoms renumbered

    >>> for member in DistanceTetrahedra().pair():
    ...     print(*member.get_distances(1, [0, 2, 3]).round(6))
    1.0 1.3 1.4
    1.0 1.3 1.5
    """

    distances: tuple[float, float, float, float, float, float] = (1.0, 1.1, 1.2, 1.3, 1.4, 1.5)
    orders: tuple[Order, Order] = ((0, 1, 2, 3, 4, 5), (0, 1, 2, 3, 5, 4))
    symbol: str = "C"

    name: ClassVar[str] = "bk_tetra"
    equal_for: ClassVar[str] = "global-2b"
    nu_equal: ClassVar[int] = -1
    resolved_by: ClassVar[tuple[str, ...]] = ("distances of each atom", "nu=2", "wl1")

    def __post_init__(self) -> None:
        first, second = (_canonical(order) for order in self.orders)
        if first == second:
            raise ValueError(
                f"DistanceTetrahedra: orders {self.orders} are one tetrahedron with its atoms "
                "renumbered; take two of tetrahedron_orders(distances)."
            )
        for order in self.orders:
            if not _exists(self.distances, order):
                raise ValueError(
                    f"DistanceTetrahedra: no tetrahedron has the distances {self.distances} in "
                    f"the order {order}; take two of tetrahedron_orders(distances)."
                )

    def structure(self, sign: int) -> ase.Atoms:
        """One member; see :class:`Family`."""
        check_sign("DistanceTetrahedra", sign)
        products = _scalar_products(self.distances, self.orders[(sign + 1) // 2])
        values, vectors = np.linalg.eigh(products)  # the smallest is zero: four points span space
        return ase.Atoms([self.symbol] * 4, vectors[:, 1:] * np.sqrt(values[1:]))

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """Six distances of 1 to 1.6 Å, 0.02 Å or more apart, and two tetrahedra of them."""
        while True:
            drawn = np.sort(rng.uniform(1.0, 1.6, 6))
            one, two, three, four, five, six = drawn.tolist()
            distances = (one, two, three, four, five, six)
            orders = tetrahedron_orders(distances)
            if np.diff(drawn).min() > 0.02 and len(orders) > 1:
                first, second = rng.choice(len(orders), 2, replace=False)
                return cls(distances, (orders[first], orders[second]))


def tetrahedron_orders(distances: tuple[float, ...]) -> list[Order]:
    """
    The ways to put six distances on the edges of a tetrahedron, different beyond renumbering.

    There are up to 6! / 4! = 30 if all six differ.
    """
    return [order for order in _orders() if _exists(distances, order)]


@functools.cache
def _orders() -> list[Order]:
    """The 30 of six edges."""
    return sorted({_canonical(order) for order in itertools.permutations(range(6))})


def _exists(distances: tuple[float, ...], order: tuple[int, ...]) -> bool:
    values = np.linalg.eigvalsh(_scalar_products(distances, order))
    return bool(values[1] > _LEAST_EIGENVALUE)


def _scalar_products(distances: tuple[float, ...], order: tuple[int, ...]) -> NDArray[np.float64]:
    """Of the four positions from their mean: -J D J / 2 of the squared distances D."""
    squares = np.zeros((4, 4))
    squares[_FIRST, _SECOND] = np.array(distances)[list(order)] ** 2
    squares += squares.T
    centering = np.eye(4) - 0.25
    return np.asarray(-0.5 * centering @ squares @ centering)


def _canonical(order: tuple[int, ...]) -> Order:
    """The first in alphabetical order that renumbering of the four atoms makes of it."""
    edges = np.zeros((4, 4), dtype=int)
    edges[_FIRST, _SECOND] = order
    edges += edges.T
    renumbered = (edges[np.ix_(atoms, atoms)] for atoms in itertools.permutations(range(4)))
    a, b, c, d, e, f = min(matrix[_FIRST, _SECOND].tolist() for matrix in renumbered)
    return a, b, c, d, e, f
