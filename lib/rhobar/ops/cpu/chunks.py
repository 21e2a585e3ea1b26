"""Threads over portions of centers of about equal cost."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


def in_portions(
    loop: Callable[[int, int], object],
    cost_ptr: NDArray[np.int64],
    num_threads: int,
    *,
    even: bool = False,
    meanwhile: Callable[[], object] | None = None,
) -> None:
    """
    Call ``loop(first, last)`` on portions that cover all centers.

    Portions write to separate memory, so results do not depend on their number.

    :param cost_ptr: ``(center + 1,)``, cost of all centers before each one
    :param even: one portion a thread, for loops so short that more of them would take longer to
        hand out than to compute
    :param meanwhile: called once by the calling thread, while the others compute if there are any
    :raises ValueError: without a thread
    """
    if num_threads < 1:
        raise ValueError(f"num_threads={num_threads}: at least one thread is needed.")
    n_centers = len(cost_ptr) - 1
    if num_threads == 1 or n_centers == 0:
        if n_centers:
            loop(0, n_centers)
        if meanwhile is not None:
            meanwhile()
        return
    bounds = _even_bounds if even else _bounds
    portions = iter(list(pairwise(bounds(cost_ptr, num_threads))))

    def work() -> None:
        for first, last in portions:  # shared: each portion goes to whoever asks next
            loop(first, last)

    pool = _threads(num_threads - 1)
    others = [pool.submit(work) for _ in range(num_threads - 1)]
    try:
        if meanwhile is not None:
            meanwhile()
        work()
    finally:
        wait(others)  # they write to memory of the caller
    for other in others:
        other.result()


@functools.cache
def _threads(count: int) -> ThreadPoolExecutor:
    """Threads that wait for work; to start them takes as long as to describe a few molecules."""
    return ThreadPoolExecutor(count, thread_name_prefix="rhobar")


os.register_at_fork(after_in_child=_threads.cache_clear)  # a fork has no threads but its own


def _even_bounds(cost_ptr: NDArray[np.int64], num_threads: int) -> list[int]:
    """Ends of as many portions as there are threads."""
    shares = int(cost_ptr[-1]) * np.arange(1, num_threads) / num_threads
    return [0, *np.searchsorted(cost_ptr, shares).tolist(), len(cost_ptr) - 1]


def _bounds(cost_ptr: NDArray[np.int64], num_threads: int) -> list[int]:
    """
    Ends of portions that shrink, each a share of what the ones before it left.

    The last are small, since costs are only estimates and threads come late; the first are large,
    since between two portions a thread has to wait for the interpreter.
    """
    total, n_centers = int(cost_ptr[-1]), len(cost_ptr) - 1
    left = (1 - 1 / (2 * num_threads)) ** np.arange(1, 8 * num_threads)
    inner = np.searchsorted(cost_ptr, total * (1 - left[left > 1 / 64])).tolist()
    return [0, *inner, n_centers]
