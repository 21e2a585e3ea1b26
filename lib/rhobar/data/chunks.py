"""Long computations in chunks that are kept on disk, so that a kill loses at most those begun."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhobar.data.atomic import written_beside
from rhobar.data.npz import read_npz

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Chunk = dict[str, NDArray[Any]]


class ChunkStore:
    """
    A folder of numbered chunks, each a complete npz file or absent, all of the same settings.

    :param folder: made when missing
    :param settings: everything a chunk depends on beside its number (seed, sizes, method, …),
        written to ``settings.json``; a folder of other settings is refused, so that two different
        computations cannot be mixed
    :raises ValueError: if the folder holds chunks of other settings
    """

    def __init__(self, folder: str | Path, settings: Mapping[str, Any]) -> None:
        self.folder = Path(folder)
        note = self.folder / "settings.json"
        text = json.dumps(dict(settings), indent=1, sort_keys=True) + "\n"
        if not note.exists():
            with written_beside(note) as temporary:
                temporary.write_text(text, encoding="utf-8")
        found = note.read_text(encoding="utf-8")
        if found != text:
            raise ValueError(
                f"{self.folder} holds chunks of other settings, {json.loads(found)}, and these are "
                f"{dict(settings)}. Give another folder, or remove this one to start over."
            )

    def path(self, index: int) -> Path:
        """Where chunk ``index`` is or will be."""
        return self.folder / f"{index:05d}.npz"

    def __contains__(self, index: int) -> bool:
        return self.path(index).exists()

    def save(self, index: int, chunk: Mapping[str, NDArray[Any]]) -> None:
        """Write chunk ``index`` beside its place and rename it."""
        with written_beside(self.path(index)) as temporary, temporary.open("wb") as stream:
            np.savez_compressed(stream, allow_pickle=False, **chunk)

    def load(self, index: int) -> Chunk:
        """
        Read chunk ``index``.

        :raises FileNotFoundError: if it has not been computed
        """
        if index not in self:
            raise FileNotFoundError(f"{self.path(index)} is missing; compute this chunk first.")
        return read_npz(self.path(index))

    def leading(self, first: int = 0) -> Iterator[Chunk]:
        """Chunks ``first``, ``first + 1``, … up to the first that is missing."""
        index = first
        while index in self:
            yield self.load(index)
            index += 1


def compute_chunks(
    job: Callable[[int], Chunk],
    store: ChunkStore,
    *,
    first: int,
    needed: Callable[[int], bool],
    processes: int,
    done: Callable[[int, Chunk], None],
) -> None:
    """
    Compute the chunks that ``store`` lacks, in order from ``first``, ``processes`` at a time.

    :param job: makes a chunk from its number alone; picklable where ``processes`` > 1
    :param needed: whether chunk k is still wanted; asked in order just before k is begun, so it
        may look at what ``done`` has reported; the first no ends the computation
    :param done: called in this process with the number and content of each chunk, computed now or
        found in the store; chunks of several processes arrive in any order
    :raises ValueError: if ``processes`` < 1
    """
    if processes < 1:
        raise ValueError(f"processes is {processes}; give a number of at least 1.")
    index = first
    if processes == 1:
        while needed(index):
            if index not in store:
                store.save(index, job(index))
            done(index, store.load(index))
            index += 1
        return
    running: dict[Future[None], int] = {}
    with _pool(processes) as pool:
        while True:
            while len(running) < processes and needed(index):
                if index in store:
                    done(index, store.load(index))
                else:
                    running[pool.submit(_compute, job, store, index)] = index
                index += 1
            if not running:
                return
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                number = running.pop(future)
                future.result()
                done(number, store.load(number))


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Processes of one thread each, which end when this one does, even by a kill."""
    # spawned, not forked: a fork copies the locks of threads that do not exist in the copy
    spawn = multiprocessing.get_context("spawn")
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))  # read when the libraries are loaded
    try:
        with ProcessPoolExecutor(processes, mp_context=spawn, initializer=_end_with_parent) as pool:
            yield pool
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _end_with_parent() -> None:
    """Watch for the end of the parent: a pool whose parent was killed would wait for ever."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _compute(job: Callable[[int], Chunk], store: ChunkStore, index: int) -> None:
    """One chunk, computed and written by the process that this runs in."""
    store.save(index, job(index))
