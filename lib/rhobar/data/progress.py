"""A bar on the terminal."""

from __future__ import annotations

import sys


class ProgressBar:
    """
    What is done, time left and a note, on one line of the terminal; silence where there is none.

    It is seen where a rule's errors go to its log as well.

    >>> with ProgressBar("training", 2) as bar:
    ...     bar.show(1, "loss 0.5")
    ...     bar.advance()

    :param name: of what is done
    :param total: number of steps; None: not known
    :param completed: steps done before
    """

    def __init__(self, name: str, total: int | None, *, completed: int = 0) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        columns = [
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        ]
        console = Console(file=sys.__stderr__, stderr=True)
        self._bar = Progress(*columns, console=console, disable=not console.is_terminal)
        self._task = self._bar.add_task(name, total=total, completed=completed, note="")

    def __enter__(self) -> ProgressBar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def say(self, text: str) -> None:
        """Print a line that stays above the bar."""
        if self._bar.console.is_terminal:
            self._bar.console.print(text, markup=False, highlight=False)

    def show(self, completed: int, note: str = "") -> None:
        """Say how many steps are done."""
        self._bar.update(self._task, completed=completed, note=note)

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Say that more steps are done."""
        self._bar.update(self._task, advance=steps, note=note)
