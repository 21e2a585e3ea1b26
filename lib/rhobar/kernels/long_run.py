"""What a long computation of kernels will take, said before it, and how far it is."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Self

from rhobar.data import ProgressBar

LOGGER = logging.getLogger(__name__)

LONG = 60.0
"""seconds from which on a computation is announced"""


class LongRun:
    """
    A computation of many pairs of centers, announced and with a bar if it takes over a minute.

    The announcement goes to the log, at level INFO, and to the terminal if there is one.

    :param name: of what is computed
    :param n_pairs: of centers, to be done
    :param seconds: that all of them are expected to take
    :param result: bytes of the result
    :param beside: bytes of memory beside it
    """

    def __init__(self, name: str, n_pairs: float, seconds: float, *, result: float, beside: float):
        self._n_pairs, self._done = n_pairs, 0.0
        self._bar: ProgressBar | None = None
        if seconds < LONG:
            return
        announcement = (
            f"{name}: {n_pairs:.3g} pairs of centers, about {_duration(seconds)}; "
            f"{result / 1e9:.3g} GB of results, {beside / 1e9:.3g} GB of memory beside them"
        )
        LOGGER.info("%s", announcement)
        self._bar = ProgressBar(name, 100)
        self._bar.say(announcement)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.__exit__(kind, error, trace)

    def add(self, n_pairs: float) -> None:
        """Note that more pairs are done."""
        self._done += n_pairs
        if self._bar is not None:
            self._bar.show(int(100 * self._done / self._n_pairs))


def _duration(seconds: float) -> str:
    """In the unit that is read best."""
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.2g} {unit}"
    return f"{seconds:.2g} s"
