"""What every family of degenerate structures offers."""

from __future__ import annotations

import abc
import dataclasses
import json
from typing import Any, ClassVar, Self

import ase
import numpy as np
from numpy.typing import NDArray


class Family(abc.ABC):
    """
    Pairs of structures that are not congruent while some descriptors cannot tell them apart.

    A family is a frozen dataclass: its fields are the continuous parameters and the types of the
    atoms, an instance is one pair. Both members have the same atoms in the same order.
    """

    name: ClassVar[str]
    """what the family is called in catalogues and files"""
    equal_for: ClassVar[str]
    """
    what is equal: ``global-2b`` the list of all distances; ``env-2`` the invariants of the centers
    up to ν = 2, other orders alike; ``wl1`` all that messages along distances can see, at every
    cutoff; ``wl1-discrete`` the same along bonds without their lengths; ``everything``
    """
    nu_equal: ClassVar[int]
    """highest order ν whose invariants of the centers are equal; -1: not of this kind"""
    resolved_by: ClassVar[tuple[str, ...]]
    """what tells the members apart"""
    centers: ClassVar[tuple[int, ...] | None] = None
    """the atoms whose environments are degenerate; None: the structures are, with all atoms"""

    def pair(self) -> tuple[ase.Atoms, ase.Atoms]:
        """The two members, labels 0 and 1; ``info`` says what is known of them."""
        return self._labelled(0), self._labelled(1)

    @classmethod
    @abc.abstractmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        """A random member of the family, far from where its pair would be congruent."""

    @abc.abstractmethod
    def structure(self, sign: int) -> ase.Atoms:
        """
        One member.

        :param sign: -1 or +1, the members 0 and 1 of the pair
        """

    def _labelled(self, label: int) -> ase.Atoms:
        atoms = self.structure(2 * label - 1)
        fields: dict[str, Any] = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)  # type: ignore[arg-type]
        }
        atoms.info.update(
            family=self.name,
            label=label,
            equal_for=self.equal_for,
            nu_equal=self.nu_equal,
            resolved_by=list(self.resolved_by),
            centers=list(range(len(atoms)) if self.centers is None else self.centers),
            params=json.dumps(fields),
        )
        return atoms


def check_sign(name: str, sign: int) -> None:
    """
    Refuse what names no member.

    :raises ValueError: for anything but -1 and +1
    """
    if sign not in (-1, 1):
        raise ValueError(f"{name}: sign is -1 or +1, one for each member of a pair, got {sign!r}.")


def closest(positions: NDArray[np.float64]) -> float:
    """The shortest distance between two of ``positions`` ``(atom, 3)``."""
    vectors = positions[:, None] - positions[None, :]
    above = np.triu_indices(len(positions), k=1)
    return float(np.linalg.norm(vectors, axis=-1)[above].min())
