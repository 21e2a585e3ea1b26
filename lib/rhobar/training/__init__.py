"""Training of networks: one small loop, what it writes down, and how fast it learns."""

from .hypers import TrainingHypers
from .loop import train
from .record import History
from .schedule import Cosine, Plateau

__all__ = ["Cosine", "History", "Plateau", "TrainingHypers", "train"]
