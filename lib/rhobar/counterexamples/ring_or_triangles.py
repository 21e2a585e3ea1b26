"""A flat ring of six and two triangles, one above the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import ase
import numpy as np
from numpy.typing import NDArray

from .family import Family, check_sign


@dataclass(frozen=True)
class RingOrTriangles(Family):
    """
    Shells of six like atoms: a regular hexagon, or two parallel triangles turned by 60°.

    In both, each atom of radius R has others of its shell at R, R, √3 R, √3 R and 2 R, and the
    shells see each other alike as well: :class:`ThreeAxes` with cosines of 1/2. Messages along
    distances cannot decide whether a molecule is flat, nor tell C6H6 from two C3H3. Pozdnyakov,
    Ceriotti, Mach. Learn.: Sci. Technol. 3, 045020 (2022), doi:10.1088/2632-2153/aca1f8.

    Members: -1 the ring, +1 the triangles. The defaults are benzene.

    :param radii: of the shells, Å
    :param symbols: chemical symbols of the shells
    :raises ValueError: for radii and symbols of different number

    >>> print(*RingOrTriangles().structure(-1).get_distances(0, [1, 2, 3]).round(2))
    1.39 2.41 2.78
    """

    radii: tuple[float, ...] = (1.39, 2.48)
    symbols: tuple[str, ...] = ("C", "H")

    name: ClassVar[str] = "hexagon"
    equal_for: ClassVar[str] = "wl1"
    nu_equal: ClassVar[int] = -1
    resolved_by: ClassVar[tuple[str, ...]] = ("nu=2", "triplets", "fwl2", "node-marked wl")

    def __post_init__(self) -> None:
        if not self.radii or len(self.radii) != len(self.symbols):
            raise ValueError(
                f"RingOrTriangles: radii = {self.radii}, symbols = {self.symbols}; give one "
                "symbol for each radius."
            )

    def structure(self, sign: int) -> ase.Atoms:
        """One member; see :class:`Family`."""
        check_sign("RingOrTriangles", sign)
        directions = _hexagon() if sign == -1 else _triangles()
        positions = np.vstack([radius * directions for radius in self.radii])
        return ase.Atoms([symbol for symbol in self.symbols for _ in range(6)], positions)

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """One to three shells, 0.8 to 1.5 Å apart, of different types."""
        count = int(rng.integers(1, 4))
        radii = np.cumsum(rng.uniform(0.8, 1.5, count))
        return cls(tuple(radii.tolist()), ("B", "C", "N")[:count])


def _hexagon() -> NDArray[np.float64]:
    angles = np.arange(6) * np.pi / 3.0
    return np.stack([np.cos(angles), np.sin(angles), np.zeros(6)], axis=1)


def _triangles() -> NDArray[np.float64]:
    """Unit vectors ±u_k with scalar products of 1/2 between the three u."""
    angles = np.arange(3) * 2.0 * np.pi / 3.0
    height = np.full(3, np.sqrt(2.0 / 3.0))
    upper = np.stack([np.cos(angles) / np.sqrt(3.0), np.sin(angles) / np.sqrt(3.0), height], axis=1)
    return np.vstack([upper, -upper])
