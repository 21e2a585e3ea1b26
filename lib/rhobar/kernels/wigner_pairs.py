"""All pairs of centers of one type between two lists of structures, and sums over them."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import ase
import torch
from metatensor.torch import Labels
from metatomic.torch import System
from torch import Tensor

from rhobar.ops import PairKernel, available_memory, summed_kernels

from .long_run import LongRun
from .pair_sums import PairSums
from .structure_lists import all_types, check_frames, check_lists, check_systems
from .wigner_density import CenterDensities, WignerDensity

_SYSTEMS = 512
"""systems on each side of a tile: 8 MB of invariants of ν ≤ 4"""

_ATOMS = 4096
"""atoms on each side of a tile, of large systems: 66 MB of densities in 125 channels"""

BESIDE = 250e6
"""bytes that tiles and what makes their kernels take"""


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

    def labels(self, center_type: int) -> Labels:
        """System and atom of each center of one type."""
        centers = self.densities[center_type]
        return Labels(["system", "atom"], torch.stack([centers.system, centers.atom], dim=1))

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
    neighbor_types: tuple[int, ...]
    """the channels of both, sorted"""

    @property
    def symmetric(self) -> bool:
        """Whether both sides are the same."""
        return self.rows is self.columns

    @property
    def center_types(self) -> list[int]:
        """Types of centers that both sides have, sorted."""
        return sorted(self.rows.densities.keys() & self.columns.densities.keys())

    def matrices(self, sums: PairSums, *, per_atom: bool, run: LongRun | None = None) -> Tensor:
        """
        Kernels between structures, ν = 0 included, see :meth:`WignerKernel.matrices`.

        Memory: the result, and 250 MB.

        :param run: a longer one of which this is a part
        :raises MemoryError: if the result cannot fit
        """
        kernel = sums.kernel
        n_rows = int(self.rows.system_ptr[-1]) if per_atom else self.rows.n_systems
        result = zeros(matrix_shape(kernel, n_rows, self.columns.n_systems), "Wigner kernels")
        if kernel.target != (0, 1):
            out = result.permute(0, 2, 4, 1, 3)
        else:
            out = result[:, :, :, None, None]
            self.add_composition(result[:, :, 0], per_atom=per_atom)
        self.add_sums(out[:, :, 1:], sums, per_atom=per_atom, run=run)
        return result

    def add_sums(
        self, out: Tensor, sums: PairSums, *, per_atom: bool, run: LongRun | None = None
    ) -> None:
        """
        Add kernels summed over the pairs of centers of each pair of structures, tile by tile.

        :param out: ``(row, n_columns, nu_max, 2 o3_lambda + 1, 2 o3_lambda + 1)`` float64
        :param per_atom: a row for each atom, of that atom alone
        """
        numbers = out.numel() + out[:, :, 0].numel()  # and ν = 0
        with nullcontext(run) if run else self._run(sums, numbers, per_atom=per_atom) as run:
            for rows, columns, part in self._tiles(sums, run, per_atom=per_atom):
                out[rows, columns] += part

    def mixed(self, sums: PairSums, nu_weights: Tensor) -> Tensor:
        r"""
        All orders of invariants in one, :math:`\sum_{\nu \ge 1} b_\nu K^\nu`, ``(row, column)``.

        Memory: the result, and 250 MB.
        """
        result = zeros((self.rows.n_systems, self.columns.n_systems), "mixed Wigner kernels")
        with self._run(sums, result.numel(), per_atom=False) as run:
            for rows, columns, part in self._tiles(sums, run, per_atom=False):
                result[rows, columns] += part[..., 0, 0] @ nu_weights
        return result

    def _run(self, sums: PairSums, n_numbers: int, *, per_atom: bool) -> LongRun:
        """What :meth:`_tiles` will take; ``n_numbers`` are those of the result."""
        n_pairs = self.n_pairs / (2 if self.symmetric and not per_atom else 1)
        seconds = self.expected_seconds(sums, n_pairs)
        beside = self.density_bytes + BESIDE
        return LongRun("Wigner kernels", n_pairs, seconds, result=8 * n_numbers, beside=beside)

    def expected_seconds(self, sums: PairSums, n_pairs: float) -> float:
        """
        Time for ``n_pairs`` such as these, from that of one in 1000 of them or less.

        Nothing is measured, and the time is 0, where they surely take less than a minute.
        """
        if n_pairs < sums.few or not self.center_types:
            return 0.0
        counts = {a: len(self.rows.densities[a].system) for a in self.center_types}
        center_type = max(counts, key=lambda a: counts[a] * len(self.columns.densities[a].system))
        left, right = (side.densities[center_type].values for side in (self.rows, self.columns))
        wanted = max(1, int(min(n_pairs / 1000, sums.sample)))
        right = right[:: -(-len(right) // math.isqrt(wanted))]
        left = left[:: -(-len(left) // (wanted // len(right)))]
        groups = [torch.zeros(len(side), dtype=torch.int64) for side in (left, right)]
        spent = 0.0
        for _ in range(2):  # the first time compiles
            start = time.perf_counter()
            sums.of(left, groups[0], right, groups[1], (1, 1), symmetric=False)
            spent = time.perf_counter() - start
        return spent * n_pairs / (len(left) * len(right))

    def _tiles(
        self, sums: PairSums, run: LongRun, *, per_atom: bool
    ) -> Iterator[tuple[slice, slice, Tensor]]:
        """Rows, columns and sums ``(row, column, nu_max, mu, mu')`` of each part of the result."""
        rows, columns = self.rows, self.columns
        row_ptr = rows.system_ptr if per_atom else torch.arange(rows.n_systems + 1)
        mirrored = self.symmetric and not per_atom
        size = 2 * sums.kernel.target[0] + 1
        at_once = _SYSTEMS if sums.is_compiled else _SYSTEMS // 8
        for some in _parts(rows.system_ptr, at_once):
            place = slice(int(row_ptr[some.start]), int(row_ptr[some.stop]))
            for others in _parts(columns.system_ptr, at_once):
                if mirrored and others.start < some.start:
                    continue
                same = mirrored and others.start == some.start
                shape = place.stop - place.start, len(others)
                part = torch.zeros(*shape, sums.kernel.nu_max, size, size, dtype=torch.float64)
                for center_type in self.center_types:
                    left = rows.part(center_type, some)
                    right = columns.part(center_type, others)
                    row = row_ptr[left.system] + left.atom if per_atom else left.system
                    part += sums.of(
                        left.values,
                        row - place.start,
                        right.values,
                        right.system - others.start,
                        shape,
                        symmetric=same,
                    )
                    run.add(len(left.system) * len(right.system) / (2 if same else 1))
                column = slice(others.start, others.stop)
                yield place, column, part
                if mirrored and not same:
                    yield column, place, part.transpose(0, 1).transpose(3, 4)

    def differentiable_sums(self, kernel: PairKernel) -> Tensor:
        """The sums of :meth:`add_sums` by the reference, with history for autograd."""
        n_rows, n_columns = self.rows.n_systems, self.columns.n_systems
        size = 2 * kernel.target[0] + 1
        result = torch.zeros(n_rows, n_columns, kernel.nu_max, size, size, dtype=torch.float64)
        for center_type in self.center_types:
            left = self.rows.densities[center_type]
            right = self.columns.densities[center_type]
            result = result + summed_kernels(
                kernel, left.values, left.system, right.values, right.system, n_rows, n_columns
            )
        return result

    def each(self, sums: PairSums, center_type: int) -> Tensor:
        """
        Kernels of the single pairs of centers of one type, of any two structures.

        :returns: ``(center, other center, nu_max, 2 o3_lambda + 1, 2 o3_lambda + 1)`` float64
        :raises MemoryError: if the result cannot fit
        """
        left = self.rows.densities[center_type].values
        right = self.columns.densities[center_type].values
        size = 2 * sums.kernel.target[0] + 1
        result = zeros((len(left), len(right), sums.kernel.nu_max, size, size), "Wigner kernels")
        for rows in torch.arange(len(left)).split(_SYSTEMS):
            for columns in torch.arange(len(right)).split(_SYSTEMS):
                result[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = sums.of(
                    left[rows],
                    rows - rows[0],
                    right[columns],
                    columns - columns[0],
                    (len(rows), len(columns)),
                    symmetric=False,
                )
        return result

    def add_composition(self, out: Tensor, *, per_atom: bool) -> None:
        """Add the number of pairs of centers of one type; ``out`` is ``(row, n_columns)``."""
        rows, columns = self.rows, self.columns
        for center_type in self.center_types:
            counts, others = rows.counts(center_type), columns.counts(center_type)
            if per_atom:
                centers = rows.densities[center_type]
                counts = torch.zeros(len(out), dtype=torch.float64)
                counts[rows.system_ptr[centers.system] + centers.atom] = 1.0
            for some in torch.arange(len(out)).split(_SYSTEMS):
                out[some[0] : some[-1] + 1] += counts[some, None] * others

    @property
    def density_bytes(self) -> int:
        """Memory of the densities of both sides."""
        sides = [self.rows] if self.symmetric else [self.rows, self.columns]
        return sum(8 * found.values.numel() for side in sides for found in side.densities.values())

    def largest_overlap(self) -> float:
        """No overlap of two centers, however rotated, is larger (inequality of Schwarz)."""
        norms = [
            [side.densities[a].values.flatten(1).norm(dim=1).max() for a in self.center_types]
            for side in (self.rows, self.columns)
        ]
        return max((float(x * y) for x, y in zip(*norms, strict=True)), default=0.0)

    @property
    def n_pairs(self) -> float:
        """How many pairs of centers there are."""
        rows, columns = self.rows.densities, self.columns.densities
        return float(sum(len(rows[a].system) * len(columns[a].system) for a in self.center_types))


def center_pairs(
    density: WignerDensity,
    frames: Sequence[ase.Atoms],
    other: Sequence[ase.Atoms] | None,
    center_types: Sequence[int] | None,
    num_threads: int | None,
    neighbor_types: tuple[int, ...] | None = None,
) -> CenterPairs:
    """
    Expand the densities of both sides in the same channels.

    :param other: None: ``frames`` again
    :param neighbor_types: the channels, sorted; None: the types of all atoms
    :param center_types: atoms of other types are no centers; None: all are
    :raises ValueError: for bad structures, or none
    """
    check_lists(frames, other)
    types = neighbor_types or all_types([*frames, *(other or [])])

    def side(part: Sequence[ase.Atoms]) -> Side:
        densities = density.of_frames(part, types, num_threads=num_threads)
        return _side(densities, map(len, part), center_types)

    rows = side(frames)
    return CenterPairs(rows, rows if other is None else side(other), types)


def system_pairs(
    density: WignerDensity,
    systems: list[System],
    other: Sequence[ase.Atoms],
    center_types: Sequence[int] | None,
) -> CenterPairs:
    """The same for systems with their neighbor lists, the densities of which record gradients."""
    check_systems(systems)
    check_frames(other)
    found = {int(a) for system in systems for a in system.types.unique()}
    types = tuple(sorted(found.union(all_types(other))))
    rows = _side(density.of_systems(systems, types), map(len, systems), center_types)
    columns = _side(density.of_frames(other, types), map(len, other), center_types)
    return CenterPairs(rows, columns, types)


def _side(
    densities: dict[int, CenterDensities],
    sizes: Iterable[int],
    center_types: Sequence[int] | None,
) -> Side:
    """The centers of structures of some sizes, those of ``center_types`` if not None."""
    if center_types is not None:
        densities = {a: found for a, found in densities.items() if a in center_types}
    return Side(densities, torch.cumsum(torch.tensor([0, *sizes], dtype=torch.int64), 0))


def _parts(system_ptr: Tensor, at_once: int) -> Iterator[range]:
    """Consecutive systems, up to ``at_once`` with up to ``_ATOMS`` together, at least one."""
    start, n_systems = 0, len(system_ptr) - 1
    while start < n_systems:
        inside = torch.searchsorted(system_ptr, system_ptr[start] + _ATOMS, right=True) - 1
        stop = max(start + 1, min(int(inside), start + at_once, n_systems))
        yield range(start, stop)
        start = stop


def matrix_shape(kernel: PairKernel, n_rows: int, n_columns: int) -> tuple[int, ...]:
    """Of the kernels between structures, ν = 0 included."""
    if kernel.target == (0, 1):
        return n_rows, n_columns, kernel.nu_max + 1
    size = 2 * kernel.target[0] + 1
    return n_rows, size, n_columns, size, kernel.nu_max + 1


def zeros(shape: tuple[int, ...], what: str) -> Tensor:
    """Memory for a result, refused where there is none."""
    logging.getLogger(__name__).info("%s %s: %.3g GB", what, shape, 8e-9 * math.prod(shape))
    refuse_what_cannot_fit(shape, what)
    return torch.zeros(shape, dtype=torch.float64)


_FEWER = "Take fewer structures at a time; rhobar.kernels.KernelStore keeps the parts on disk."


def refuse_what_cannot_fit(shape: tuple[int, ...], what: str, way_out: str = _FEWER) -> None:
    """
    Nothing, if there is memory for an array.

    :param way_out: what to do if there is none
    :raises MemoryError: if there is none
    """
    size, available = 8 * math.prod(shape), available_memory()
    if size > available:
        raise MemoryError(
            f"{what} {shape} take {size / 1e9:.3g} GB and {available / 1e9:.3g} GB are available. "
            f"{way_out}"
        )
