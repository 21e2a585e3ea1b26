"""Three pairs of opposite atoms: messages along distances never tell how the axes lean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import ase
import numpy as np
from numpy.typing import NDArray

from .family import Family, check_sign, closest

_CLOSEST_SAMPLED = 0.7  # Å


@dataclass(frozen=True)
class ThreeAxes(Family):
    r"""
    Atoms at ±p₁, ±p₂, ±p₃ with given lengths and given sizes of the scalar products.

    .. math:: |p_i| = R_i, \quad |p_i \cdot p_j| = c_{ij} R_i R_j, \quad
              \mathrm{sign}\, (p_1 \cdot p_2) (p_1 \cdot p_3) (p_2 \cdot p_3) = s

    From either atom of a pair the distances to pair j are √(R_i² + R_j² ± 2 c_ij R_i R_j), whatever
    the signs. So colors that start equal in each pair stay equal: one-dimensional
    Weisfeiler-Lehman refinement, and every network that passes messages along distances, sees one
    structure, at every cutoff. Turning p_k around changes two signs at once, so the product of the
    three stays: the members are not congruent. Pozdnyakov, Ceriotti, Mach. Learn.: Sci. Technol. 3,
    045020 (2022), doi:10.1088/2632-2153/aca1f8. A center has equal correlations up to ν = 2.

    Atoms: +p₁, -p₁, +p₂, -p₂, +p₃, -p₃, and the center if there is one.

    :param radii: R of the three pairs, Å
    :param cosines: c₁₂, c₁₃, c₂₃, positive
    :param symbols: chemical symbols of the three pairs
    :param center: chemical symbol of an atom at the origin; empty: none
    :raises ValueError: for cosines that are not positive, or too large for both members to exist

    >>> first, second = ThreeAxes(center="S").pair()
    >>> print(first.symbols, round(first.get_angle(0, 6, 4)), round(second.get_angle(0, 6, 4)))
    F6S 73 73
    """

    radii: tuple[float, float, float] = (1.56, 1.56, 1.56)
    cosines: tuple[float, float, float] = (0.3, 0.3, 0.3)
    symbols: tuple[str, str, str] = ("F", "F", "F")
    center: str = ""

    name: ClassVar[str] = "axes3"
    equal_for: ClassVar[str] = "wl1"
    nu_equal: ClassVar[int] = -1
    resolved_by: ClassVar[tuple[str, ...]] = ("nu=2", "triplets", "fwl2", "node-marked wl")

    def __post_init__(self) -> None:
        if min(self.cosines) <= 0 or not axes_exist(self.cosines):
            raise ValueError(
                f"ThreeAxes: cosines = {self.cosines}; each has to be positive, or the members "
                "are congruent, and 1 - Σ c² - 2 c12 c13 c23 must not be negative, or one of them "
                "does not exist."
            )

    def structure(self, sign: int) -> ase.Atoms:
        """One member; see :class:`Family`."""
        check_sign("ThreeAxes", sign)
        axes = unit_axes(self.cosines, sign) * np.array(self.radii)[:, None]
        positions = np.stack([axes, -axes], axis=1).reshape(6, 3)
        symbols = [symbol for symbol in self.symbols for _ in range(2)]
        if self.center:
            symbols, positions = [*symbols, self.center], np.vstack([positions, np.zeros(3)])
        return ase.Atoms(symbols, positions)

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """
        Radii of 1 to 2 Å, cosines of 0.2 or more, three types.

        Below 0.2 the members come so close, by the cube of the cosine, that no model has to see it.
        """
        while True:
            one, two, three = rng.uniform(1.0, 2.0, 3).tolist()
            first, second, third = rng.uniform(0.2, 0.7, 3).tolist()
            cosines = (first, second, third)
            if not axes_exist(cosines):
                continue
            drawn = cls((one, two, three), cosines, ("B", "C", "N"))
            if min(closest(drawn.structure(sign).positions) for sign in (-1, 1)) > _CLOSEST_SAMPLED:
                return drawn


def axes_exist(cosines: tuple[float, float, float]) -> bool:
    """Whether three axes have these cosines with either sign of their product."""
    first, second, third = cosines
    squares = first**2 + second**2 + third**2
    return 1.0 - squares - 2.0 * first * second * third > -1e-12


def unit_axes(cosines: tuple[float, float, float], sign: int) -> NDArray[np.float64]:
    """Three unit vectors, rows, with scalar products c₁₂, c₁₃ and ``sign`` c₂₃."""
    first, second, third = cosines
    products = np.array(
        [[1.0, first, second], [first, 1.0, sign * third], [second, sign * third, 1.0]]
    )
    values, vectors = np.linalg.eigh(products)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))
