"""What is audited, whatever it is made of: numbers for structures or for single atoms."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from dataclasses import dataclass

import ase
import numpy as np
from numpy.typing import NDArray

from .placement import boxed

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TargetTraits:
    """What an audit has to know of a target to choose structures and to judge numbers."""

    name: str
    """what reports call it"""
    cutoff: float | None = None
    """Å, beyond which atoms do not see each other; None: unknown, or none"""
    atomic_types: tuple[int, ...] | None = None
    """the types it knows; None: all"""
    dtype: str = "float64"
    """``float64`` or ``float32``, which bounds rounding"""
    box: bool = False
    """whether finite structures have to be put in a periodic box"""
    is_energy: bool = False
    """whether rows are energies in eV, one column"""
    by_center: bool = False
    """whether it has rows for single atoms, else only for structures"""


class AuditTarget(abc.ABC):
    """
    A descriptor or model as an audit asks it; :func:`audit_target` makes one.

    :param traits: what is known of it
    """

    def __init__(self, traits: TargetTraits) -> None:
        self.traits = traits

    @abc.abstractmethod
    def structure_rows(self, frames: Sequence[ase.Atoms]) -> Array:
        """``(frame, feature)`` of whole structures."""

    @abc.abstractmethod
    def center_rows(self, frames: Sequence[ase.Atoms], centers: Sequence[int]) -> Array:
        """``(frame, feature)``, of one atom of each frame; asked for if ``traits.by_center``."""

    def rows(self, frames: Sequence[ase.Atoms], centers: Sequence[int] | None) -> Array:
        """
        ``(frame, feature)``, of one center of each frame or of structures.

        :raises ValueError: if the target fails, or gives what is no number
        """
        if self.traits.box:
            frames = [boxed(atoms) for atoms in frames]
        try:
            if centers is None:
                found = self.structure_rows(frames)
            else:
                found = self.center_rows(frames, centers)
        except Exception as error:
            types = sorted({int(number) for atoms in frames for number in atoms.numbers})
            unknown = self.traits.is_energy and not self.traits.atomic_types
            hint = "; if it does not know them, give those it knows (atomic_types)" * unknown
            raise ValueError(
                f"{self.traits.name} failed for atomic types {types}: {said(error)}{hint}."
            ) from error
        bad = np.flatnonzero(~np.isfinite(found).all(axis=1))
        if len(bad):
            atoms = frames[bad[0]]
            raise ValueError(
                f"{self.traits.name} gave {found[bad[0]][~np.isfinite(found[bad[0]])][0]} for "
                f"{atoms.symbols} with positions {atoms.positions.round(3).tolist()} Å; a model "
                "that gives no numbers cannot be audited."
            )
        return found


def said(error: Exception) -> str:
    """The message of an error in one line, without the stack that TorchScript puts before it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    message = lines[-1] if lines[0].startswith("The following operation") else lines[0]
    return f"{type(error).__name__}: {message.rstrip('.')}"
