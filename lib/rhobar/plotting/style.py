"""The look of all figures, and files of them whose bytes depend on the numbers only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib.style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rhobar.data import written_beside

COLUMN_WIDTH = 3.4  # inches, one column of a two-column page
PAGE_WIDTH = 7.0  # inches, both columns

_STYLE = Path(__file__).with_name("rhobar.mplstyle")
# What matplotlib would write into a file by itself: its version and the time of day.
_NO_METADATA: dict[str, dict[str, None]] = {
    ".pdf": {"CreationDate": None, "ModDate": None, "Producer": None, "Creator": None},
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
}


@contextmanager
def figure_style() -> Iterator[None]:
    """Settings of ``rhobar.mplstyle`` on top of matplotlib's own, not of the user's."""
    with matplotlib.style.context(["default", str(_STYLE)]):
        yield


def new_figure(width: float, height: float) -> Figure:
    """
    An empty figure on the Agg canvas, which needs no display; sizes in inches.

    Call it inside :func:`figure_style`: a figure keeps the settings it was made with.
    """
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Figure, path: str | Path) -> None:
    """
    Write ``figure`` to ``path`` (.pdf, .png or .svg), complete or not at all.

    :raises ValueError: for another ending
    """
    path = Path(path)
    if path.suffix not in _NO_METADATA:
        raise ValueError(
            f"Figures are written as {', '.join(sorted(_NO_METADATA))}, not as {path.suffix!r} "
            f"({path}); choose one of these endings."
        )
    with figure_style(), written_beside(path) as temporary:
        figure.savefig(temporary, metadata=_NO_METADATA[path.suffix])
