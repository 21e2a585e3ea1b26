"""What is chosen before a network is trained."""

from __future__ import annotations

from dataclasses import dataclass

from .schedule import Cosine, Plateau


@dataclass(frozen=True, kw_only=True)
class TrainingHypers:
    """
    Everything that decides how :func:`train` goes, beside model, loss and items.

    The optimizer is Adam (Kingma, Ba, ICLR 2015, arXiv:1412.6980) with its usual moments.

    :param n_epochs: how often every item is seen
    :param batch_size: items of one step, the last of an epoch may be smaller; None: all at once
    :param learning_rate: of Adam
    :param schedule: how the learning rate changes, step by step; None: it stays
    :param period: epochs between rows of metrics, which is also when the score is looked at and a
        checkpoint written; the last epoch always counts
    :param best_by: the column of metrics, less is better, whose best row gives the final weights
    :param seed: of the order of items, and of what model and loss draw from torch's generator of
        the CPU
    :raises ValueError: for numbers that are not positive
    """

    n_epochs: int
    batch_size: int | None = None
    learning_rate: float = 1e-3
    schedule: Cosine | Plateau | None = None
    period: int = 1
    best_by: str = "loss"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("n_epochs", "batch_size", "learning_rate", "period"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"TrainingHypers: {name} = {value} has to be positive.")
