"""Three pairs of like atoms on axes that all include one angle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Self

import ase
import numpy as np

from .family import Family, check_sign
from .three_axes import unit_axes


@dataclass(frozen=True)
class EquiangularAxes(Family):
    r"""
    Six like atoms at ±p₁, ±p₂, ±p₃ of one radius whose axes include one angle: a two-graph.

    As :class:`ThreeAxes`, with all atoms alike by symmetry, so that refinement by distances finds
    a single color in both members. At c = 1/√5 the axes are three of the six of the icosahedron:
    s = +1 are two opposite faces, s = -1 is a rectangle and two opposite corners. At c = 1/2, where
    s = -1 is a flat hexagon, the family ends. Pozdnyakov, Ceriotti, Mach. Learn.: Sci. Technol. 3,
    045020 (2022), doi:10.1088/2632-2153/aca1f8.

    :param radius: Å
    :param cosine: \|cos\| of the angle between any two axes
    :param symbol: chemical symbol of all atoms
    :raises ValueError: for a cosine outside 0 … 1/2

    >>> [member.symbols.get_chemical_formula() for member in EquiangularAxes().pair()]
    ['C6', 'C6']
    """

    radius: float = math.sqrt((5.0 + math.sqrt(5.0)) / 2.0)
    cosine: float = 1.0 / math.sqrt(5.0)
    symbol: str = "C"

    name: ClassVar[str] = "twograph"
    equal_for: ClassVar[str] = "wl1"
    nu_equal: ClassVar[int] = -1
    resolved_by: ClassVar[tuple[str, ...]] = ("nu=2", "triplets", "fwl2", "node-marked wl")

    def __post_init__(self) -> None:
        if not 0.0 < self.cosine <= 0.5:
            raise ValueError(
                f"EquiangularAxes: cosine = {self.cosine}; both members exist and differ from "
                "above 0 to 1/2."
            )

    def structure(self, sign: int) -> ase.Atoms:
        """One member; see :class:`Family`."""
        check_sign("EquiangularAxes", sign)
        axes = self.radius * unit_axes((self.cosine, self.cosine, self.cosine), sign)
        return ase.Atoms([self.symbol] * 6, np.vstack([axes, -axes]))

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """Radii of 1 to 2 Å, cosines of 0.2 to 0.48."""
        return cls(float(rng.uniform(1.0, 2.0)), float(rng.uniform(0.2, 0.48)))
