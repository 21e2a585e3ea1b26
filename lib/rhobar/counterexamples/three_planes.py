"""Pairs of opposite atoms in three planes, alone or repeated in space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import ase
import numpy as np
from numpy.typing import NDArray

from .family import Family, check_sign, closest

_CLOSEST_SAMPLED = 0.7  # Å
_LEAST_COORDINATE = 0.25  # Å, from the symmetric places 0 and half a period


@dataclass(frozen=True)
class ThreePlanes(Family):
    r"""
    Opposite atoms in the planes xy, xz and yz; s mirrors those in the last.

    .. math:: \pm (x_1, y_1, 0), \quad \pm (x_2, 0, z_2), \quad \pm (0, y_3, s z_3)

    Without periods this is :class:`ThreeAxes` in other words. In an orthorhombic lattice of one to
    three periods the distances from either atom of a pair to all images of another pair do not
    depend on s either: z → -z maps the lattice and the first pair onto themselves, and a sign of
    y₃ is absorbed by the lattice along y. So messages along distances see one structure, at every
    cutoff, with all images. Pozdnyakov, Ceriotti, Mach. Learn.: Sci. Technol. 3, 045020 (2022),
    doi:10.1088/2632-2153/aca1f8. The cell has to be exactly orthorhombic: shear lifts the
    degeneracy.

    Atoms: both of the first pair, the second, the third, then the center if there is one.

    :param first: x₁, y₁, Å
    :param second: x₂, z₂
    :param third: y₃, z₃
    :param periods: of the lattice along x, y, z, Å; 0: not periodic along it
    :param halfway: whether the 0 of pair 1 (its z), 2 (its y) and 3 (its x) is half a period
    :param symbols: chemical symbols of the three pairs
    :param center: chemical symbol of an atom at the origin; empty: none
    :raises ValueError: for a coordinate of 0 or half a period, where the members are congruent, or
        half of a period that is 0

    >>> first, second = ThreePlanes(periods=(0.0, 0.0, 5.0)).pair()
    >>> print(first.pbc, first.positions[4], second.positions[4])
    [False False  True] [ 0.   1.3 -0.7] [0.  1.3 0.7]
    """

    first: tuple[float, float] = (0.9, 1.1)
    second: tuple[float, float] = (1.2, 0.8)
    third: tuple[float, float] = (1.3, 0.7)
    periods: tuple[float, float, float] = (0.0, 0.0, 0.0)
    halfway: tuple[bool, bool, bool] = (False, False, False)
    symbols: tuple[str, str, str] = ("C", "C", "C")
    center: str = ""

    name: ClassVar[str] = "planes"
    equal_for: ClassVar[str] = "wl1"
    nu_equal: ClassVar[int] = -1
    resolved_by: ClassVar[tuple[str, ...]] = ("nu=2", "triplets", "fwl2", "node-marked wl")

    def __post_init__(self) -> None:
        if _symmetric_distance(self) == 0:
            raise ValueError(
                f"ThreePlanes: coordinates {self.first}, {self.second}, {self.third} with the "
                f"periods {self.periods}; one that is 0 or half a period makes the members "
                "congruent."
            )
        if any(
            half and period == 0
            for half, period in zip(self.halfway, reversed(self.periods), strict=True)
        ):
            raise ValueError(
                f"ThreePlanes: halfway = {self.halfway} (along z, y, x) needs a period along the "
                f"same axis, and periods = {self.periods} (along x, y, z)."
            )

    def structure(self, sign: int) -> ase.Atoms:
        """One member; see :class:`Family`."""
        check_sign("ThreePlanes", sign)
        half_x, half_y, half_z = (
            0.5 * period * half
            for period, half in zip(self.periods, reversed(self.halfway), strict=True)
        )
        (x1, y1), (x2, z2), (y3, z3) = self.first, self.second, self.third
        pairs = np.array(
            [
                [[x1, y1, half_z], [-x1, -y1, half_z]],
                [[x2, half_y, z2], [-x2, half_y, -z2]],
                [[half_x, y3, sign * z3], [half_x, -y3, -sign * z3]],
            ]
        )
        positions = pairs.reshape(6, 3)
        symbols = [symbol for symbol in self.symbols for _ in range(2)]
        if self.center:
            symbols, positions = [*symbols, self.center], np.vstack([positions, np.zeros(3)])
        return ase.Atoms(symbols, positions, cell=self.periods, pbc=np.array(self.periods) > 0)

    @classmethod
    def sample(cls, rng: np.random.Generator, *, periodic: str = "") -> Self:
        """
        Coordinates of 0.3 to 1.6 Å, periods of 3.5 to 5.5 Å, three types.

        :param periodic: the axes with a period, such as ``"xy"``
        """
        while True:
            one, two, three, four, five, six = rng.uniform(0.3, 1.6, 6).tolist()
            a, b, c = (float(rng.uniform(3.5, 5.5)) if axis in periodic else 0.0 for axis in "xyz")
            drawn = cls((one, two), (three, four), (five, six), (a, b, c), symbols=("B", "C", "N"))
            if _symmetric_distance(drawn) < _LEAST_COORDINATE or _nearly_alike(drawn.periods):
                continue
            shortest = min(_closest_image(drawn.structure(sign)) for sign in (-1, 1))
            if shortest > _CLOSEST_SAMPLED:
                return drawn


def _symmetric_distance(drawn: ThreePlanes) -> float:
    """How far the nearest coordinate is from 0 or half a period, Å."""
    a, b, c = drawn.periods
    coordinates = np.array([*drawn.first, *drawn.second, *drawn.third])
    halves = 0.5 * np.array([a, b, a, c, b, c])
    folded = np.abs(coordinates)
    inside = np.remainder(folded, halves, out=folded.copy(), where=halves > 0)
    return float(np.minimum(inside, np.where(halves > 0, halves - inside, np.inf)).min())


def _nearly_alike(periods: tuple[float, float, float]) -> bool:
    """Two equal periods may make the members congruent."""
    given = np.sort([period for period in periods if period > 0])
    return bool((np.diff(given) < 0.1).any())


def _closest_image(atoms: ase.Atoms) -> float:
    """Shortest distance between atoms, over the nearest images too."""
    shifts: list[NDArray[np.float64]] = [
        np.array([-1.0, 0.0, 1.0]) if periodic else np.zeros(1) for periodic in atoms.pbc
    ]
    lattice = np.stack(np.meshgrid(*shifts), axis=-1).reshape(-1, 3) @ atoms.cell.array
    images = (atoms.positions[None, :] + lattice[:, None]).reshape(-1, 3)
    return closest(images)
