"""Threads over static portions of centers, each of about equal cost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray


def in_portions(
    loop: Callable[[int, int], object], cost_ptr: NDArray[np.int64], num_threads: int
) -> None:
    """
    Call ``loop(first, last)`` on portions that cover all centers, one thread each.

    Portions write to separate memory, so results do not depend on their number.

    :param cost_ptr: ``(center + 1,)``, cost of all centers before each one
    """
    n_centers = len(cost_ptr) - 1
    if n_centers == 0:
        return
    parts = min(num_threads, n_centers)
    if parts == 1:
        loop(0, n_centers)
        return
    shares = cost_ptr[-1] * np.arange(1, parts) / parts
    inner = np.searchsorted(cost_ptr, shares).tolist()
    bounds = [0, *inner, n_centers]
    with ThreadPoolExecutor(parts) as pool:
        list(pool.map(loop, bounds[:-1], bounds[1:]))
