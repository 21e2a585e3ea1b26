"""One style, one function per figure; figures are made from saved numbers only."""

from rhobar.plotting.body_order import body_order
from rhobar.plotting.learning_curves import learning_curves
from rhobar.plotting.parity import parity
from rhobar.plotting.style import (
    COLUMN_WIDTH,
    PAGE_WIDTH,
    figure_style,
    new_figure,
    save_figure,
)

__all__ = [
    "COLUMN_WIDTH",
    "PAGE_WIDTH",
    "body_order",
    "figure_style",
    "learning_curves",
    "new_figure",
    "parity",
    "save_figure",
]
