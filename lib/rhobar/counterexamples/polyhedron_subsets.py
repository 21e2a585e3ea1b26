"""Subsets of the vertices of polyhedra that distances do not tell apart."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import ClassVar, Self

import ase
import numpy as np
from numpy.typing import NDArray

from .family import Family, check_sign

Members = tuple[tuple[int, ...], tuple[int, ...]]

_GOLDEN = (1.0 + math.sqrt(5.0)) / 2.0

# Found by enumeration; vertices as numbered by `polyhedron_vertices`.
_SUBSETS: dict[str, Members] = {
    "co-6": ((1, 3, 5, 6, 10, 11), (1, 3, 5, 6, 12, 13)),
    "co-8": ((0, 2, 4, 7, 8, 9, 12, 13), (0, 2, 4, 7, 8, 9, 10, 11)),
    "cc-8": ((1, 3, 5, 6, 12, 13, 14, 15), (2, 3, 4, 6, 12, 13, 14, 15)),
    "do-6": ((0, 1, 2, 3, 8, 10), (0, 1, 2, 3, 4, 6)),
    "do-8": ((0, 1, 2, 3, 4, 6, 12, 19), (0, 1, 2, 3, 8, 10, 12, 19)),
    "do-10a": ((5, 7, 8, 9, 10, 11, 13, 15, 17, 18), (4, 5, 6, 7, 9, 11, 14, 15, 16, 18)),
    "do-10b": ((0, 1, 2, 3, 4, 6, 8, 10, 13, 17), (0, 1, 2, 3, 4, 6, 8, 10, 14, 16)),
    "do-12": (
        (5, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18),
        (4, 5, 6, 7, 9, 11, 13, 14, 15, 16, 17, 18),
    ),
    "do-14": (
        (4, 5, 6, 7, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19),
        (5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19),
    ),
}


@dataclass(frozen=True)
class PolyhedronSubsets(Family):
    """
    Two subsets of the vertices of a polyhedron, alone or in shells with more of the vertices.

    Both are unions of opposite vertices, and every vertex sees the same distances to each class of
    others, as in :class:`ThreeAxes`. Polyhedra: ``do``, the dodecahedron; ``co``, a cube with the
    corners (±1, ±1, ±1) and an octahedron with the corners (±b, 0, 0) …; ``cc``, that cube and a
    second one, turned by 45° about z, of half edge b. Pozdnyakov, Ceriotti, Mach. Learn.: Sci.
    Technol. 3, 045020 (2022), doi:10.1088/2632-2153/aca1f8.

    :param subsets: which two: co-6, co-8, cc-8, do-6, do-8, do-10a, do-10b, do-12 or do-14
    :param b: size of the octahedron or second cube beside the first cube
    :param shells: for each shell, its scale in Å and whether it holds the ``subset``, its
        ``complement`` or ``all`` vertices
    :param symbol: chemical symbol of all atoms
    :raises ValueError: for other subsets or shells, or a b that is not positive

    >>> [len(family.structure(+1)) for family in (PolyhedronSubsets(), PolyhedronSubsets("do-14"))]
    [6, 14]
    """

    subsets: str = "do-6"
    b: float = 1.3
    shells: tuple[tuple[float, str], ...] = ((1.0, "subset"),)
    symbol: str = "C"

    name: ClassVar[str] = "polyhedra"
    equal_for: ClassVar[str] = "wl1"
    nu_equal: ClassVar[int] = -1
    resolved_by: ClassVar[tuple[str, ...]] = ("nu=2", "triplets", "fwl2", "node-marked wl")

    def __post_init__(self) -> None:
        kinds = {kind for _, kind in self.shells}
        if self.subsets not in _SUBSETS or not kinds <= {"subset", "complement", "all"}:
            raise ValueError(
                f"PolyhedronSubsets: subsets = {self.subsets!r}, shells = {self.shells}; subsets "
                f"are {', '.join(_SUBSETS)}, and a shell holds the 'subset', 'complement' or 'all'."
            )
        if not any(kind == "subset" or kind == "complement" for kind in kinds) or self.b <= 0:
            raise ValueError(
                f"PolyhedronSubsets: shells = {self.shells}, b = {self.b}; b has to be positive, "
                "and shells of all vertices alone make the members equal."
            )

    def structure(self, sign: int) -> ase.Atoms:
        """One member; see :class:`Family`."""
        check_sign("PolyhedronSubsets", sign)
        vertices = polyhedron_vertices(self.subsets[:2], self.b)
        chosen = np.zeros(len(vertices), dtype=bool)
        chosen[list(_SUBSETS[self.subsets][(sign + 1) // 2])] = True
        masks = {"subset": chosen, "complement": ~chosen, "all": chosen | ~chosen}
        positions = np.vstack([scale * vertices[masks[kind]] for scale, kind in self.shells])
        return ase.Atoms([self.symbol] * len(positions), positions)

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """Any of the subsets, scaled by 1 to 2, b of 0.5 to 0.8 or 1.2 to 1.5."""
        subsets = str(rng.choice(list(_SUBSETS)))
        b = float(rng.uniform(0.5, 0.8) + 0.7 * rng.integers(2))
        return cls(subsets, b, ((float(rng.uniform(1.0, 2.0)), "subset"),))


def polyhedron_subsets() -> list[str]:
    """The names of all pairs of subsets."""
    return list(_SUBSETS)


def polyhedron_vertices(polyhedron: str, b: float) -> NDArray[np.float64]:
    """Of ``do``, ``co`` or ``cc``, a row each."""
    cube = [(1, 1, 1), (1, 1, -1), (1, -1, 1), (-1, 1, 1)]
    cube += [(-1, 1, -1), (-1, -1, 1), (1, -1, -1), (-1, -1, -1)]
    if polyhedron == "co":
        octahedron = [sign * b * axis for axis in np.eye(3) for sign in (1, -1)]
        return np.vstack([cube, octahedron])
    if polyhedron == "cc":
        c = math.sqrt(2.0) * b
        ends = list(itertools.product((c, -c), (b, -b)))
        return np.vstack([cube, [(x, 0, z) for x, z in ends], [(0, y, z) for y, z in ends]])
    signs = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    long, short = _GOLDEN, 1.0 / _GOLDEN
    rectangles = [
        *[(0.0, one * long, two * short) for one, two in signs],
        *[(one * short, 0.0, two * long) for one, two in signs],
        *[(one * long, two * short, 0.0) for one, two in signs],
    ]
    return np.vstack([rectangles, cube])
