"""Two environments of four neighbors with equal three-body correlations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import ase
import numpy as np

from .family import Family, check_sign, closest

_CLOSEST_SAMPLED = 0.7  # Å


@dataclass(frozen=True)
class ThreeBodyPair(Family):
    r"""
    A center with four neighbors, whose distances and angles do not tell s = -1 from s = +1.

    .. math:: A = (a, 0, z_A), \quad B_\pm = (\pm b_x, \pm b_y, z_B), \quad
              C_s = (0, s c, z_C)

    The center is the origin. A·C and \|C\| do not depend on s, A·B does not involve C, and the
    two numbers C·B₊, C·B₋ are exchanged by s → -s while B₊ and B₋ are alike. So every
    correlation of two neighbors (ν ≤ 2) is equal for both signs, in any basis. Pozdnyakov,
    Willatt, Bartok, Ortner, Csanyi, Ceriotti, Phys. Rev. Lett. 125, 166001 (2020),
    doi:10.1103/PhysRevLett.125.166001. The members are congruent where a, b_x, b_y or c vanishes.

    Lengths in Å; all seven at 5 Å are the pair in the paper's files. Atoms: center, A, B₊, B₋, C.

    :param symbols: chemical symbols of the center, A, both B, and C
    :raises ValueError: where a, b_x, b_y or c is zero

    >>> first, second = ThreeBodyPair().pair()
    >>> print(first.symbols, first.positions[4], second.positions[4])
    CH4 [ 0.  -0.5  0.9] [0.  0.5 0.9]
    """

    a: float = 1.0
    z_a: float = 0.5
    b_x: float = 0.8
    b_y: float = 0.6
    z_b: float = -0.4
    c: float = 0.5
    z_c: float = 0.9
    symbols: tuple[str, str, str, str] = ("C", "H", "H", "H")

    name: ClassVar[str] = "env3b"
    equal_for: ClassVar[str] = "env-2"
    nu_equal: ClassVar[int] = 2
    resolved_by: ClassVar[tuple[str, ...]] = ("nu=3", "triplets", "wl1 of all atoms")
    centers: ClassVar[tuple[int, ...]] = (0,)

    def __post_init__(self) -> None:
        zero = [name for name in ("a", "b_x", "b_y", "c") if getattr(self, name) == 0]
        if zero:
            raise ValueError(
                f"ThreeBodyPair: {', '.join(zero)} = 0 makes the two members congruent; give "
                "another length."
            )

    def structure(self, sign: int) -> ase.Atoms:
        """One member; see :class:`Family`."""
        check_sign("ThreeBodyPair", sign)
        center, a, b, c = self.symbols
        positions = [
            [0.0, 0.0, 0.0],
            [self.a, 0.0, self.z_a],
            [self.b_x, self.b_y, self.z_b],
            [-self.b_x, -self.b_y, self.z_b],
            [0.0, sign * self.c, self.z_c],
        ]
        return ase.Atoms([center, a, b, b, c], positions)

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """
        Random lengths of about 1 Å, three types of neighbors (N, H, O) around a carbon.

        a, b_x, b_y and c are at least 0.4 Å, and no two atoms are closer than 0.7 Å.
        """
        while True:
            a, b_x, b_y, c = rng.uniform(0.4, 1.4, 4).tolist()
            z_a, z_b, z_c = rng.uniform(-1.2, 1.2, 3).tolist()
            drawn = cls(a, z_a, b_x, b_y, z_b, c, z_c, symbols=("C", "N", "H", "O"))
            if min(closest(drawn.structure(sign).positions) for sign in (-1, 1)) > _CLOSEST_SAMPLED:
                return drawn
