"""Two sheets of methane structures that cross where the power spectrum loses a direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import ase
import numpy as np

from .family import Family, check_sign

_RADII = np.array([1.05, 1.1, 1.1, 1.15])  # Å, of A, B₊, B₋, C


@dataclass(frozen=True)
class MethaneManifold(Family):
    r"""
    Methane X^±(u, v): pairs that the power spectrum cannot tell apart, meeting at v = 0.

    .. math:: A = (1, 0, 0.5), \quad B_\pm = (\pm 0.8, \pm u, -0.4), \quad
              C = (0, \pm v, 0.9)

    This is :class:`ThreeBodyPair` around a carbon, with c = v. On the manifold the correlations
    of two neighbors are even in v, so at v = 0 their derivative by y_C vanishes although nothing
    about the structure is symmetric: a spurious singularity, where every smooth function of them
    has no force on C along y. Pozdnyakov, Zhang, Ortner, Csanyi, Ceriotti, Open Res. Europe 1,
    126 (2021), doi:10.12688/openreseurope.14156.1.

    Atoms: carbon, A, B₊, B₋, C; lengths in Å.

    :param u: y of B₊
    :param v: separation of the two sheets, not negative
    :param plausible: hydrogens moved along their directions to 1.05 (A), 1.1 (B) and 1.15 Å (C),
        which keeps the degeneracy
    :raises ValueError: for a u of zero, where the members are congruent, or a negative v

    >>> MethaneManifold(v=0.2).structure(+1).positions[4]
    array([0. , 0.2, 0.9])
    """

    u: float = 0.6
    v: float = 0.3
    plausible: bool = False

    name: ClassVar[str] = "ch4_manifold"
    equal_for: ClassVar[str] = "env-2"
    nu_equal: ClassVar[int] = 2
    resolved_by: ClassVar[tuple[str, ...]] = ("nu=3", "triplets", "wl1 of all atoms")
    centers: ClassVar[tuple[int, ...]] = (0,)

    def __post_init__(self) -> None:
        if self.u == 0 or self.v < 0:
            raise ValueError(
                f"MethaneManifold: u = {self.u}, v = {self.v}; u = 0 makes the members congruent, "
                "and v is their separation, 0 or more."
            )

    def structure(self, sign: int) -> ase.Atoms:
        """One member; see :class:`Family`."""
        check_sign("MethaneManifold", sign)
        hydrogens = np.array(
            [
                [1.0, 0.0, 0.5],
                [0.8, self.u, -0.4],
                [-0.8, -self.u, -0.4],
                [0.0, sign * self.v, 0.9],
            ]
        )
        if self.plausible:
            hydrogens *= (_RADII / np.linalg.norm(hydrogens, axis=1))[:, None]
        return ase.Atoms("CH4", np.vstack([np.zeros(3), hydrogens]))

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """u between 0.4 and 1 Å, v between 0.2 and 0.6 Å."""
        return cls(u=float(rng.uniform(0.4, 1.0)), v=float(rng.uniform(0.2, 0.6)))
