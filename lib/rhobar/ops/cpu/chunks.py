"""Threads over portions of centers of about equal cost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


def in_portions(
    loop: Callable[[int, int], object], cost_ptr: NDArray[np.int64], num_threads: int
) -> None:
    """
    Call ``loop(first, last)`` on portions that cover all centers.

    Portions write to separate memory, so results do not depend on their number. There are several
    for each thread, since costs are only estimates.

    :param cost_ptr: ``(center + 1,)``, cost of all centers before each one
    """
    n_centers = len(cost_ptr) - 1
    if n_centers == 0:
        return
    if num_threads == 1:
        loop(0, n_centers)
        return
    parts = min(4 * num_threads, n_centers)
    shares = cost_ptr[-1] * np.arange(1, parts) / parts
    bounds = [0, *np.searchsorted(cost_ptr, shares).tolist(), n_centers]
    portions = iter(list(pairwise(bounds)))

    def work() -> None:
        for first, last in portions:  # shared: each portion goes to whoever asks next
            loop(first, last)

    with ThreadPoolExecutor(num_threads - 1) as pool:
        others = [pool.submit(work) for _ in range(num_threads - 1)]
        work()
        for other in others:
            other.result()
