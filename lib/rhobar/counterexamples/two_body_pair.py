"""Two neighbors at equal distances and another angle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import ase
import numpy as np

from .family import Family, check_sign


@dataclass(frozen=True)
class TwoBodyPair(Family):
    r"""
    A center with two neighbors, whose angle the distances from the center do not tell.

    .. math:: A = (r, 0, 0), \quad B_s = (r \cos θ_s, 0, r \sin θ_s)

    Atoms: center, A, B. The defaults are water as it is, and bent open.

    :param r: distance of both neighbors, Å
    :param angles: θ of the two members, degrees
    :param symbols: chemical symbols of the center and of both neighbors
    :raises ValueError: for equal angles, where the members are congruent

    >>> print(*(member.get_angle(1, 0, 2).round(1) for member in TwoBodyPair().pair()))
    104.5 150.0
    """

    r: float = 0.96
    angles: tuple[float, float] = (104.5, 150.0)
    symbols: tuple[str, str] = ("O", "H")

    name: ClassVar[str] = "env2b"
    equal_for: ClassVar[str] = "env-1"
    nu_equal: ClassVar[int] = 1
    resolved_by: ClassVar[tuple[str, ...]] = ("nu=2", "triplets", "wl1 of all atoms")
    centers: ClassVar[tuple[int, ...] | None] = (0,)

    def __post_init__(self) -> None:
        cosines = np.cos(np.deg2rad(self.angles))
        if cosines[0] == cosines[1]:
            raise ValueError(
                f"TwoBodyPair: angles = {self.angles} make the two members congruent; give two "
                "of different cosine."
            )

    def structure(self, sign: int) -> ase.Atoms:
        """One member; see :class:`Family`."""
        check_sign("TwoBodyPair", sign)
        center, neighbor = self.symbols
        angle = np.deg2rad(self.angles[(sign + 1) // 2])
        second = [self.r * np.cos(angle), 0.0, self.r * np.sin(angle)]
        return ase.Atoms([center, neighbor, neighbor], [[0.0, 0.0, 0.0], [self.r, 0, 0], second])

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """Neighbors at 0.8 to 1.5 Å, angles between 60° and 180° that differ by 10° or more."""
        first = float(rng.uniform(60.0, 170.0))
        return cls(
            r=float(rng.uniform(0.8, 1.5)),
            angles=(first, float(rng.uniform(first + 10.0, 180.0))),
        )
