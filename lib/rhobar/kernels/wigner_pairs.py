"""All pairs of centers of one type between two lists of structures, and sums over them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import ase
import numpy as np
import torch
from torch import Tensor

from rhobar.ops import (
    CgIteration,
    PairKernel,
    RotationPowers,
    available_memory,
    summed_kernels,
)

from .wigner_density import CenterDensities, WignerDensity

_SYSTEMS = 512
"""systems on each side of a tile: a result of 10 MB for invariants of ν ≤ 4"""


@dataclass(frozen=True)
class Side:
    """The centers of some structures, by type."""

    densities: dict[int, CenterDensities]
    system_ptr: Tensor
    """``(system + 1,)`` int64, where the atoms of each begin"""

    @property
    def n_systems(self) -> int:
        """How many structures there are."""
        return len(self.system_ptr) - 1

    def counts(self, center_type: int) -> Tensor:
        """Number of centers of one type in each structure, ``(system,)`` float64."""
        if center_type not in self.densities:
            return torch.zeros(self.n_systems, dtype=torch.float64)
        system = self.densities[center_type].system
        return torch.bincount(system, minlength=self.n_systems).to(torch.float64)

    def part(self, center_type: int, systems: range) -> CenterDensities:
        """The centers of one type in consecutive structures."""
        densities = self.densities[center_type]
        limits = torch.tensor([systems.start, systems.stop])
        start, stop = torch.searchsorted(densities.system, limits).tolist()
        return CenterDensities(*(column[start:stop] for column in densities))


@dataclass(frozen=True)
class CenterPairs:
    """Two lists of structures; ``columns`` is ``rows`` itself where they are the same."""

    rows: Side
    columns: Side

    @property
    def symmetric(self) -> bool:
        """Whether both sides are the same."""
        return self.rows is self.columns

    def sums(self, kernel: PairKernel, *, per_atom: bool, num_threads: int | None) -> Tensor:
        """
        Kernels summed over the pairs of centers of each pair of structures, tile by tile.

        Memory: the result, and 250 MB. Says at level INFO how large it will be and, after the
        first tile, how long it will take.

        :param per_atom: a row for each atom, of that atom alone
        :returns: ``(row, n_columns, nu_max, 2 o3_lambda + 1, 2 o3_lambda + 1)`` float64
        :raises MemoryError: if the result cannot fit
        """
        rows, columns = self.rows, self.columns
        row_ptr = rows.system_ptr if per_atom else torch.arange(rows.n_systems + 1)
        size = 2 * kernel.target[0] + 1
        shape = (int(row_ptr[-1]), columns.n_systems, kernel.nu_max, size, size)
        result = _zeros(shape)
        mirrored = self.symmetric and not per_atom
        progress = _Progress(self._pairs() / (2 if mirrored else 1))
        for some in _tiles(rows.n_systems):
            first = int(row_ptr[some.start])
            stop = int(row_ptr[some.stop])
            for others in _tiles(columns.n_systems):
                if mirrored and others.start < some.start:
                    continue
                same = mirrored and others.start == some.start
                place = result[first:stop, others.start : others.stop]
                for center_type in sorted(rows.densities.keys() & columns.densities.keys()):
                    left = rows.part(center_type, some)
                    right = columns.part(center_type, others)
                    row = row_ptr[left.system] + left.atom if per_atom else left.system
                    place += _summed(
                        kernel,
                        left.values,
                        row - first,
                        right.values,
                        right.system - others.start,
                        (len(place), len(others)),
                        symmetric=same,
                        num_threads=num_threads,
                    )
                    progress.add(len(left.system) * len(right.system) / (2 if same else 1))
                if mirrored and not same:
                    mirror = result[others.start : others.stop, first:stop]
                    mirror += place.transpose(0, 1).transpose(3, 4)
        return result

    def composition(self, *, per_atom: bool) -> Tensor:
        """Number of pairs of centers of one type, ``(row, n_columns)``; see :meth:`sums`."""
        rows, columns = self.rows, self.columns
        n_rows = int(rows.system_ptr[-1]) if per_atom else rows.n_systems
        result = torch.zeros(n_rows, columns.n_systems, dtype=torch.float64)
        for center_type in rows.densities.keys() & columns.densities.keys():
            counts = columns.counts(center_type)
            if per_atom:
                centers = rows.densities[center_type]
                result[rows.system_ptr[centers.system] + centers.atom] = counts
            else:
                result += rows.counts(center_type)[:, None] * counts
        return result

    def largest_overlap(self) -> float:
        """No overlap of two centers, however rotated, is larger (inequality of Schwarz)."""
        both = self.rows.densities.keys() & self.columns.densities.keys()
        norms = [
            [side.densities[a].values.flatten(1).norm(dim=1).max() for a in sorted(both)]
            for side in (self.rows, self.columns)
        ]
        return max((float(x * y) for x, y in zip(*norms, strict=True)), default=0.0)

    def _pairs(self) -> float:
        """How many pairs of centers there are."""
        both = self.rows.densities.keys() & self.columns.densities.keys()
        return float(
            sum(
                len(self.rows.densities[a].system) * len(self.columns.densities[a].system)
                for a in both
            )
        )


def center_pairs(
    density: WignerDensity,
    frames: Sequence[ase.Atoms],
    other: Sequence[ase.Atoms] | None,
    center_types: Sequence[int] | None,
    num_threads: int | None,
) -> CenterPairs:
    """
    Expand the densities of both sides in the same channels, the types of all atoms.

    :param other: None: ``frames`` again
    :param center_types: atoms of other types are no centers; None: all are
    :raises ValueError: for bad structures, or none
    """
    both = [*frames, *(other or [])]
    if not both or (other is not None and not (len(frames) and len(other))):
        raise ValueError("the list of frames is empty; give at least one.")
    types = sorted({int(a) for frame in both for a in np.unique(frame.numbers)})

    def side(part: Sequence[ase.Atoms]) -> Side:
        densities = density.of_frames(part, types, num_threads=num_threads)
        if center_types is not None:
            densities = {a: found for a, found in densities.items() if a in center_types}
        sizes = torch.tensor([0, *map(len, part)], dtype=torch.int64)
        return Side(densities, torch.cumsum(sizes, 0))

    rows = side(frames)
    return CenterPairs(rows, rows if other is None else side(other))


def _summed(
    kernel: PairKernel,
    left: Tensor,
    rows: Tensor,
    right: Tensor,
    columns: Tensor,
    shape: tuple[int, int],
    *,
    symmetric: bool,
    num_threads: int | None,
) -> Tensor:
    """Sums of one type of centers, see :func:`rhobar.ops.summed_kernels`; compiled if it can be."""
    if not isinstance(kernel, CgIteration | RotationPowers):
        return summed_kernels(kernel, left, rows, right, columns, *shape, symmetric=symmetric)
    from rhobar.ops import cpu

    size = 2 * kernel.target[0] + 1
    out = left.new_zeros(*shape, kernel.nu_max, size, size)
    threads = torch.get_num_threads() if num_threads is None else num_threads
    cpu.summed_kernels(
        kernel, left, rows, right, columns, out, symmetric=symmetric, num_threads=threads
    )
    return out


def _tiles(n_systems: int) -> Iterator[range]:
    """Consecutive systems, up to ``_SYSTEMS`` together."""
    for start in range(0, n_systems, _SYSTEMS):
        yield range(start, min(start + _SYSTEMS, n_systems))


def _zeros(shape: tuple[int, ...]) -> Tensor:
    """Memory for a result, refused where there is none."""
    size, available = 8 * int(np.prod(shape)), available_memory()
    logging.getLogger(__name__).info("Wigner kernels %s: %.3g GB", shape, size / 1e9)
    if size > available:
        raise MemoryError(
            f"Wigner kernels {shape} take {size / 1e9:.3g} GB and {available / 1e9:.3g} GB are "
            "available. Compute fewer structures at a time; rhobar.kernels.KernelStore keeps the "
            "parts on disk."
        )
    return torch.zeros(shape, dtype=torch.float64)


class _Progress:
    """Says once how long a long computation will take."""

    def __init__(self, pairs: float):
        self.pairs, self.done = pairs, 0.0
        self.start = time.perf_counter()
        self.silent = True

    def add(self, pairs: float) -> None:
        """Note that ``pairs`` more are done."""
        self.done += pairs
        spent = time.perf_counter() - self.start
        if self.silent and spent > 2.0:
            self.silent = False
            logging.getLogger(__name__).info(
                "%.3g of %.3g pairs of centers in %.0f s, %.0f s to go",
                self.done,
                self.pairs,
                spent,
                spent * (self.pairs / self.done - 1),
            )
