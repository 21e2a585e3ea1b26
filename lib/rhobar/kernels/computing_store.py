"""A store of kernels with what its chunks are computed from."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Self

import ase
import numpy as np
import torch

from .chunk_files import ChunkFiles
from .kernel_store import KernelStore
from .long_run import LongRun
from .pair_sums import PairSums, kernel_device
from .structure_lists import (
    all_types,
    center_counts,
    center_pair_count,
    check_frames,
    frames_digest,
)
from .wigner_kernel import WignerKernel
from .wigner_pairs import BESIDE, center_pairs

LOGGER = logging.getLogger(__name__)

_SAMPLE = 64  # structures, the pairs of which show how long others take


class ComputingStore(KernelStore):
    """
    The store of ``frames``, new or begun before, which computes what it lacks.

    :param chunk: structures on each side of a chunk
    :param target: ``(o3_lambda, o3_sigma)``; shapes are those of :meth:`WignerKernel.matrices`
    :raises ValueError: if the folder holds kernels of another kind or of other structures, or is
        damaged
    """

    def __init__(
        self,
        folder: str | Path,
        kernel: WignerKernel,
        frames: Sequence[ase.Atoms],
        *,
        chunk: int,
        target: tuple[int, int],
    ):
        if not isinstance(chunk, int | np.integer) or chunk < 1:
            raise ValueError(
                f"KernelStore.of(chunk={chunk!r}): give the number of structures on each side of "
                "a chunk, a whole number, at least 1."
            )
        check_frames(frames)
        self.kernel, self.frames, self.pair_kernel = kernel, frames, kernel.pair_kernel(target)
        parts = range(0, len(frames), chunk)
        settings = {
            "kernel": asdict(kernel),
            "target": list(self.pair_kernel.target),
            "n_systems": len(frames),
            "chunk": int(chunk),
            "neighbor_types": list(all_types(frames)),
            "frames": [frames_digest(frames[first : first + chunk]) for first in parts],
        }
        super().__init__(ChunkFiles.of(folder, settings).folder)
        size = self._bytes(self.chunks())
        LOGGER.info("%s: %d chunks, %.3g GB", folder, len(self.chunks()), size / 1e9)

    def compute(
        self,
        i: int,
        j: int,
        *,
        num_threads: int | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        """
        Compute chunk (i, j), i ≤ j, unless it is there.

        Says what it will take if that is more than a minute, as :meth:`WignerKernel.matrices`.

        :param device: see :meth:`WignerKernel.matrices`; the last digits of a GPU are others
        :raises ValueError: for a chunk that does not exist, or structures that were changed since
        """
        if (i, j) not in self.chunks():
            raise ValueError(
                f"{self.folder} has no chunk ({i}, {j}), only i <= j <= {self.chunks()[-1][1]}."
            )
        if (i, j) not in self:
            self._compute(i, j, PairSums(self.pair_kernel, num_threads, kernel_device(device)))

    def compute_missing(
        self, *, num_threads: int | None = None, device: str | torch.device = "cpu"
    ) -> Self:
        """Compute all chunks that are not there, and return the store; see :meth:`compute`."""
        sums = PairSums(self.pair_kernel, num_threads, kernel_device(device))
        missing = self.missing()
        with self._run(missing, sums) as run:
            for i, j in missing:
                if (i, j) not in self:  # by another job meanwhile
                    self._compute(i, j, sums, run)
        return self

    def _compute(self, i: int, j: int, sums: PairSums, run: LongRun | None = None) -> None:
        """Compute a chunk and write it."""
        start = time.perf_counter()
        left, right = self._frames_of(i), None if i == j else self._frames_of(j)
        types = tuple(self.settings["neighbor_types"])
        kernel, n_threads = self.kernel, sums.num_threads
        pairs = center_pairs(kernel.density, left, right, kernel.center_types, n_threads, types)
        values = pairs.matrices(sums, per_atom=False, run=run)
        rows, columns = self.part(i), self.part(j)
        note = {
            "rows": [rows.start, rows.stop],
            "columns": [columns.start, columns.stop],
            "engine": kernel.engine,
            "device": sums.device.type,
        }
        self._files.save(i, j, values, note)
        LOGGER.info(
            "chunk (%d, %d): %.3g pairs of centers in %.0f s; %d chunks to go",
            i,
            j,
            pairs.n_pairs / (2 if i == j else 1),
            time.perf_counter() - start,
            len(self.missing()),
        )

    def _frames_of(self, number: int) -> Sequence[ase.Atoms]:
        """The structures of one part of the list, which are still those that the store is of."""
        part = self.part(number)
        frames = self.frames[part.start : part.stop]
        if frames_digest(frames) != self.settings["frames"][number]:
            raise ValueError(
                f"{self.folder}: structures {part.start} … {part.stop - 1} were changed after "
                "KernelStore.of had seen them. Give them as they were, or another folder."
            )
        return frames

    def _run(self, chunks: Sequence[tuple[int, int]], sums: PairSums) -> LongRun:
        """What some chunks will take."""
        types, density = self.kernel.center_types, self.kernel.density
        numbers = {number for chunk in chunks for number in chunk}
        counts = {k: center_counts(self._frames_of(k), types) for k in numbers}
        n_pairs = sum(
            center_pair_count(counts[i], counts[j]) / (2 if i == j else 1) for i, j in chunks
        )
        seconds, beside = 0.0, BESIDE
        if n_pairs >= sums.few:
            sample = self.frames[:: -(-len(self.frames) // _SAMPLE)]
            all_types = tuple(self.settings["neighbor_types"])
            pairs = center_pairs(density, sample, None, types, sums.num_threads, all_types)
            seconds = pairs.expected_seconds(sums, n_pairs)
            n_systems = min(len(self.frames), 2 * int(self.settings["chunk"]))
            beside += pairs.density_bytes * n_systems / len(sample)
            beside += max((self._bytes([chunk]) for chunk in chunks), default=0.0)
        what = f"{len(chunks)} chunks of {self.folder}"
        return LongRun(what, n_pairs, seconds, result=self._bytes(chunks), beside=beside)

    def _bytes(self, chunks: Sequence[tuple[int, int]]) -> float:
        """What some chunks take on disk."""
        numbers = (self.kernel.nu_max + 1) * (2 * self.pair_kernel.target[0] + 1) ** 2
        return 8.0 * numbers * sum(len(self.part(i)) * len(self.part(j)) for i, j in chunks)
