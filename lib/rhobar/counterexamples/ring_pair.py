"""Two environments of two rings and a cap with equal four-body correlations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import ase
import numpy as np
from numpy.typing import NDArray

from .family import Family, check_sign, closest

_CLOSEST_BORON = 1.2  # Å, between any two atoms
_BORON_BONDS = (1.5, 1.8)  # Å, from the center to any atom
_LEAST_ARC_DIFFERENCE = 5.0  # degrees; below, a ring is nearly its own mirror image
_LEAST_SINE = 0.1  # of psi; below, the cluster without its cap is nearly symmetric


@dataclass(frozen=True)
class RingPair(Family):
    r"""
    A center between two equal rings turned by ψ, whose cap may sit above or below.

    .. math:: U_k = (r \cos φ_k, r \sin φ_k, z), \quad
              L_k = (r \cos(φ_k + ψ), r \sin(φ_k + ψ), -z), \quad C_s = (0, 0, s z_C)

    The center is the origin. Reflection by z shows that s → -s is ψ → -ψ. Triples of a cap and one
    atom of each ring see ±ψ only in a double sum over both rings, the same for both signs, and
    others do not see it at all: every correlation of three neighbors (ν ≤ 3), of either parity,
    is equal, in any basis. Those of two atoms of one ring, one of the other and a cap (ν = 4)
    differ. Pozdnyakov, Willatt, Bartok, Ortner, Csanyi, Ceriotti, Phys. Rev. Lett. 125, 166001
    (2020), doi:10.1103/PhysRevLett.125.166001. The members are congruent where the rings have a
    mirror line (two equal arcs of three) or where sin ψ = 0.

    Lengths in Å, angles in degrees; the defaults are the published CH6O pair. Atoms: center, U, L,
    caps.

    :param r: radius of the rings
    :param z: height of the upper ring
    :param angles: φ of the atoms of a ring, three or more
    :param psi: turn of the lower ring
    :param caps: z of the atoms on the axis; all change their sign together
    :param symbols: chemical symbols of the center, the rings, and the caps
    :raises ValueError: for rings of fewer than three, or where sin ψ = 0

    >>> first, second = RingPair().pair()
    >>> print(first.symbols, first.positions[7], second.positions[7])
    CH6O [ 0.  0. -1.] [0. 0. 1.]
    """

    r: float = 1.0
    z: float = 0.25
    angles: tuple[float, ...] = (0.0, 109.189, 209.913)
    psi: float = 22.221
    caps: tuple[float, ...] = (1.0,)
    symbols: tuple[str, str, str] = ("C", "H", "O")

    name: ClassVar[str] = "env4b_rings"
    equal_for: ClassVar[str] = "env-3"
    nu_equal: ClassVar[int] = 3
    resolved_by: ClassVar[tuple[str, ...]] = ("nu=4", "triplets", "wl1 of all atoms")
    centers: ClassVar[tuple[int, ...]] = (0,)

    def __post_init__(self) -> None:
        if len(self.angles) < 3 or self.psi % 180.0 == 0:
            raise ValueError(
                f"RingPair: angles = {self.angles}, psi = {self.psi}; rings of fewer than three "
                "atoms and a psi of 0 or 180 degrees make the two members congruent."
            )

    def structure(self, sign: int) -> ase.Atoms:
        """One member; see :class:`Family`."""
        check_sign("RingPair", sign)
        center, ring, cap = self.symbols
        upper, lower = np.deg2rad(self.angles), np.deg2rad(np.add(self.angles, self.psi))
        positions = np.zeros((1 + 2 * len(upper) + len(self.caps), 3))
        for height, angles, rows in (
            (self.z, upper, slice(1, 1 + len(upper))),
            (-self.z, lower, slice(1 + len(upper), 1 + 2 * len(upper))),
        ):
            positions[rows, 0] = self.r * np.cos(angles)
            positions[rows, 1] = self.r * np.sin(angles)
            positions[rows, 2] = height
        positions[1 + 2 * len(upper) :, 2] = sign * np.array(self.caps)
        return ase.Atoms([center, *[ring] * (2 * len(upper)), *[cap] * len(self.caps)], positions)

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """
        A random B8 cluster, far from congruence: Nigam et al., APL Mach. Learn. 2, 016110 (2024).

        r and z are drawn from 0.5 … 2 Å, the cap from 1.5 … 1.8 Å, ψ from 0 … 180°, two arcs of the
        rings from 30 … 180°; kept where the center is 1.5 … 1.8 Å from all others and no distance
        is below 1.2 Å (doi:10.1063/5.0160740). Beyond the paper, the three arcs differ by 5° or
        more and sin ψ is 0.1 or more: what is nearly congruent is no test.
        """
        while True:
            r, z = rng.uniform(0.5, 2.0, 2).tolist()
            cap = float(rng.uniform(1.5, 1.8))
            psi = float(rng.uniform(0.0, 180.0))
            arcs = rng.uniform(30.0, 180.0, 2)
            drawn = cls(r, z, (0.0, float(arcs[0]), float(arcs.sum())), psi, (cap,), ("B",) * 3)
            if _is_boron_cluster(drawn):
                return drawn


def sample_boron8(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """
    Random pairs of B8 clusters that correlations of three neighbors cannot tell apart.

    :return: ``(count, 2, 8, 3)``, Å: pair, member (-1, then +1), atom
    """
    pairs = [RingPair.sample(rng) for _ in range(count)]
    return np.array([[pair.structure(sign).positions for sign in (-1, 1)] for pair in pairs])


def _is_boron_cluster(drawn: RingPair) -> bool:
    shortest, longest = _BORON_BONDS
    first, second = np.diff(drawn.angles)
    arcs = np.array([first, second, 360.0 - first - second])
    differences = np.abs(arcs - np.roll(arcs, 1))
    return bool(
        shortest < np.hypot(drawn.r, drawn.z) < longest
        and differences.min() > _LEAST_ARC_DIFFERENCE
        and np.sin(np.deg2rad(drawn.psi)) > _LEAST_SINE
        and min(closest(drawn.structure(sign).positions) for sign in (-1, 1)) > _CLOSEST_BORON
    )
