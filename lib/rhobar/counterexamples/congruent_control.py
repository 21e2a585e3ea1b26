"""A structure and itself, moved: what nothing may tell apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import ase
import numpy as np

from .family import Family, check_sign, closest


@dataclass(frozen=True)
class CongruentControl(Family):
    """
    Random environments of four neighbors, turned, shifted and renumbered: the negative control.

    A descriptor that tells these members apart breaks a symmetry. The center stays atom 0; its
    neighbors change their order.

    :param seed: of the environment and the motion
    :param mirror: whether the second member is a mirror image, which invariants of reflection must
        not separate either
    :param symbols: chemical symbols of the center and the neighbors

    >>> first, second = CongruentControl().pair()
    >>> bool(abs(first.positions - second.positions).max() > 1.0)
    True
    """

    seed: int = 0
    mirror: bool = False
    symbols: tuple[str, str, str, str, str] = ("C", "N", "H", "H", "O")

    name: ClassVar[str] = "congruent_control"
    equal_for: ClassVar[str] = "everything"
    nu_equal: ClassVar[int] = -1
    resolved_by: ClassVar[tuple[str, ...]] = ()
    centers: ClassVar[tuple[int, ...] | None] = (0,)

    def structure(self, sign: int) -> ase.Atoms:
        """One member; see :class:`Family`."""
        check_sign("CongruentControl", sign)
        rng = np.random.default_rng(self.seed)
        positions = np.zeros((5, 3))
        while closest(positions) < 0.7:  # Å
            positions[1:] = rng.uniform(-1.2, 1.2, (4, 3))
        atoms = ase.Atoms(list(self.symbols), positions)
        if sign == -1:
            return atoms
        matrix, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        matrix *= np.linalg.det(matrix) * (-1.0 if self.mirror else 1.0)
        atoms = atoms[[0, *(1 + rng.permutation(4)).tolist()]]
        atoms.positions = atoms.positions @ matrix.T + rng.normal(size=3)
        return atoms

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """Another seed."""
        return cls(seed=int(rng.integers(2**31)))
