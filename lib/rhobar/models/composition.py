"""Energy by composition: what the numbers of atoms of each type explain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ase
import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray


def type_counts(frames: Sequence[ase.Atoms], atomic_types: Sequence[int]) -> torch.Tensor:
    """
    Number of atoms of each type in each structure.

    :param atomic_types: the types that are counted, one column each
    :return: ``(structure, type)`` float64
    :raises ValueError: naming the frame, if it holds an atom of another type
    """
    known = np.asarray(atomic_types, dtype=np.int64)
    counts = np.zeros((len(frames), len(known)))
    for row, frame in enumerate(frames):
        found = frame.numbers[:, None] == known[None, :]
        unknown = np.flatnonzero(~found.any(axis=1))
        if unknown.size:
            raise ValueError(
                f"Frame {row}, atom {unknown[0]} has type {frame.numbers[unknown[0]]}, but the "
                f"model knows only {known.tolist()}; fit it on structures with that type."
            )
        counts[row] = found.sum(axis=0)
    return torch.from_numpy(counts)


@dataclass(frozen=True)
class Composition:
    r"""
    Least squares of energies on the numbers of atoms of each type, without an intercept.

    .. math:: E(A) \approx \sum_a N_a(A)\, e_a

    Where the training structures have too few compositions to tell the types apart, as for the
    conformers of one molecule, the solution of least norm is taken: exact for these compositions
    and arbitrary for others.

    :param atomic_types: the types ``a``, in increasing order
    :param energies: ``e_a`` ``(type,)`` in eV
    """

    atomic_types: tuple[int, ...]
    energies: torch.Tensor

    @classmethod
    def fit(cls, frames: Sequence[ase.Atoms], energies: ArrayLike) -> Composition:
        """
        Fit on structures and their energies ``(structure,)`` in eV.

        :raises ValueError: if the numbers of structures and energies differ, or are zero, or an
            energy is not finite
        """
        types = tuple(sorted({int(number) for frame in frames for number in frame.numbers}))
        targets = checked_energies(energies, len(frames))
        return cls.from_counts(type_counts(frames, types), targets, types)

    @classmethod
    def from_counts(
        cls, counts: torch.Tensor, energies: torch.Tensor, atomic_types: Sequence[int]
    ) -> Composition:
        """The same fit from ``counts`` ``(structure, type)``, see :func:`type_counts`."""
        solution = torch.linalg.lstsq(counts, energies[:, None], driver="gelsd").solution
        return cls(tuple(int(number) for number in atomic_types), solution[:, 0])

    def predict(self, frames: Sequence[ase.Atoms]) -> NDArray[np.float64]:
        """
        Energies ``(structure,)`` in eV.

        :raises ValueError: naming the frame that holds a type that was not in the fit
        """
        return (type_counts(frames, self.atomic_types) @ self.energies).numpy()

    def atomic_energies(self, numbers: NDArray[np.integer]) -> NDArray[np.float64]:
        """:math:`e_a` ``(atom,)`` in eV of atoms of types ``numbers``, all of which are known."""
        rows = np.searchsorted(self.atomic_types, numbers)
        return self.energies.numpy()[rows]


def checked_energies(energies: ArrayLike, n_structures: int) -> torch.Tensor:
    """``energies`` as a float64 tensor, one finite number for each of at least one structure."""
    values = torch.as_tensor(np.asarray(energies, dtype=np.float64))
    if values.shape != (n_structures,) or n_structures == 0:
        raise ValueError(
            f"Got {n_structures} structures and energies of shape {tuple(values.shape)}; give one "
            "energy in eV for each structure, and at least one of them."
        )
    wrong = torch.nonzero(~torch.isfinite(values))
    if len(wrong):
        raise ValueError(
            f"The energy of structure {int(wrong[0])} is {float(values[int(wrong[0])])}; leave "
            "structures without a finite energy out."
        )
    return values
