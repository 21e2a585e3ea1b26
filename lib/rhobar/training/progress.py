"""A bar on the terminal."""

from __future__ import annotations

import sys


class ProgressBar:
    """
    Epochs done, time left and a note, on one line of the terminal; silence where there is none.

    It is seen where a rule's errors go to its log as well.

    :param total: number of epochs
    """

    def __init__(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        columns = [
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
        ]
        console = Console(file=sys.__stderr__, stderr=True)
        self._bar = Progress(*columns, console=console, disable=not console.is_terminal)
        self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> ProgressBar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, completed: int, note: str) -> None:
        """Say how many epochs are done."""
        self._bar.update(self._task, completed=completed, description=note)
