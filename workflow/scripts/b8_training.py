"""What the networks on B8 clusters share: where they run, how they are trained."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from rhobar.training import Cosine, History, PairLoss, TrainingHypers, train

N_NEIGHBORS = 7  # of the first atom
_ROWS = 100  # of metrics
_PAIRS_PER_CHUNK = 50


def best_device() -> torch.device:
    """A GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def hypers_of(protocol: Mapping[str, Any]) -> TrainingHypers:
    """Hyperparameters of one training in the configuration."""
    names = ("n_epochs", "batch_size", "learning_rate", "seed")
    chosen = {name: protocol[name] for name in names}
    period = max(1, protocol["n_epochs"] // _ROWS)
    return TrainingHypers(**chosen, schedule=Cosine(), period=period, best_by="validation")


def trained(
    model: torch.nn.Module, loss: PairLoss, held_out: PairLoss, hypers: TrainingHypers, folder: Path
) -> History:
    """
    Train ``model`` on the pairs of ``loss``; its weights are those best on ``held_out``.

    :param folder: from which a training that was killed goes on
    """
    chunks = torch.arange(held_out.n_pairs).split(_PAIRS_PER_CHUNK)

    @torch.no_grad()
    def validation(model: torch.nn.Module) -> dict[str, float]:
        total = sum(float(held_out(model, chunk)) * len(chunk) for chunk in chunks)
        return {"validation": total / held_out.n_pairs}

    history = train(model, loss, loss.n_pairs, hypers, validation=validation, folder=folder)
    model.eval()
    return history
