"""Training of networks: one small loop, what it writes down, and how fast it learns."""

from .energies import train_energies
from .hypers import TrainingHypers
from .loop import train
from .pair_loss import PairLoss
from .record import History
from .schedule import Cosine, Plateau

__all__ = ["Cosine", "History", "PairLoss", "Plateau", "TrainingHypers", "train", "train_energies"]
