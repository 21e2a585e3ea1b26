"""Two cages C20H20 whose bonds alone look alike from every atom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import ase
import numpy as np
from numpy.typing import NDArray

from .family import Family, check_sign
from .polyhedron_subsets import polyhedron_vertices

_CH = 1.09  # Å


@dataclass(frozen=True)
class CageIsomers(Family):
    """
    Decaprismane and dodecahedrane, C20H20.

    Each carbon has three carbon neighbors and each graph looks alike from all, so that refinement
    by bonds (Weisfeiler-Lehman, one-dimensional) finds one color in both; with lengths as well,
    since all bonds are equal. The graphs are not isomorphic: one has ten rings of four, the other
    none. Distances of second neighbors differ. Pozdnyakov, Ceriotti, Mach. Learn.: Sci. Technol. 3,
    045020 (2022), doi:10.1088/2632-2153/aca1f8.

    Members: -1 the prism, of two regular decagons, +1 the dodecahedron; 20 C, then 20 H at 1.09 Å.

    :param bond: length of all C-C bonds, Å
    :param hydrogens: whether to add H
    :raises ValueError: for a bond that is not positive

    >>> print(*(member.symbols for member in CageIsomers().pair()))
    C20H20 C20H20
    """

    bond: float = 1.55
    hydrogens: bool = True

    name: ClassVar[str] = "prism20"
    equal_for: ClassVar[str] = "wl1-discrete"
    nu_equal: ClassVar[int] = -1
    resolved_by: ClassVar[tuple[str, ...]] = ("distances beyond the bonds",)

    def __post_init__(self) -> None:
        if self.bond <= 0:
            raise ValueError(f"CageIsomers: bond = {self.bond}; a length in Å has to be positive.")

    def structure(self, sign: int) -> ase.Atoms:
        """One member; see :class:`Family`."""
        check_sign("CageIsomers", sign)
        carbons = self.bond * (_prism() if sign == -1 else _dodecahedron())
        if not self.hydrogens:
            return ase.Atoms("C20", carbons)
        return ase.Atoms("C20H20", np.vstack([carbons, carbons + _CH * _outward(carbons)]))

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """Bonds of 1.5 to 1.6 Å."""
        return cls(bond=float(rng.uniform(1.5, 1.6)))


def _prism() -> NDArray[np.float64]:
    """Of edges of length 1."""
    angles = np.arange(10) * np.pi / 5.0
    radius = 0.5 / np.sin(np.pi / 10.0)
    ring = np.stack([radius * np.cos(angles), radius * np.sin(angles), np.full(10, 0.5)], axis=1)
    return np.vstack([ring, ring * [1.0, 1.0, -1.0]])


def _dodecahedron() -> NDArray[np.float64]:
    """Of edges of length 1; those of the vertices with golden ratios are √5 - 1."""
    return polyhedron_vertices("do", 1.0) / (np.sqrt(5.0) - 1.0)


def _outward(carbons: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each atom the unit vector away from its three neighbors."""
    vectors = carbons[None, :] - carbons[:, None]
    lengths = np.linalg.norm(vectors, axis=-1)
    nearest = np.argsort(lengths, axis=1)[:, 1:4]
    away = -np.take_along_axis(vectors, nearest[..., None], axis=1).sum(axis=1)
    return np.asarray(away / np.linalg.norm(away, axis=1, keepdims=True))
