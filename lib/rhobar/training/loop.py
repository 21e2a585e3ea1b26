"""The loop: batches, steps, metrics, checkpoints."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from rhobar.data import ProgressBar

from .hypers import TrainingHypers
from .record import Checkpoint, History, State

Loss = Callable[[torch.nn.Module, torch.Tensor], torch.Tensor]
Validation = Callable[[torch.nn.Module], Mapping[str, float]]


def train(
    model: torch.nn.Module,
    loss: Loss,
    n_items: int,
    hypers: TrainingHypers,
    *,
    validation: Validation | None = None,
    folder: str | Path | None = None,
) -> History:
    """
    Change the weights of ``model`` until ``loss`` is small, and leave it with the best ones.

    What an item is (a row, a structure, a pair) only ``loss`` knows. Numbers depend on the
    arguments alone: a run that was killed and is started again with the same ones goes on from its
    last checkpoint and ends with the same weights. Torch's global generator is as before in the
    end. A bar on the terminal shows how far it is.

    :param model: parameters that require gradients are changed
    :param loss: of the model and the numbers of a batch's items ``(item,)`` int64, a mean over
        these
    :param n_items: how many items there are to train on
    :param validation: further metrics by name, of the model in evaluation mode
    :param folder: for ``checkpoint.pt`` and ``metrics.csv``; None: nothing is written
    :raises FloatingPointError: for a loss that is not finite, naming epoch and batch, or a score
        that is not
    :raises ValueError: for a checkpoint of another model or of other ``hypers``, for no items, and
        where ``hypers.best_by`` is no metric
    """
    if n_items < 1:
        raise ValueError(f"train: n_items = {n_items}; there is nothing to train on.")
    run = _Run(model, loss, n_items, hypers, validation)
    with torch.random.fork_rng(devices=[]), ProgressBar("training", hypers.n_epochs) as bar:
        torch.default_generator.manual_seed(hypers.seed)
        checkpoint = None
        if folder is not None:
            checkpoint = Checkpoint(Path(folder) / "checkpoint.pt", model, hypers, n_items)
            if checkpoint.path.exists():
                run.restore(checkpoint.load())
        while run.epoch < hypers.n_epochs:
            mean = run.one_epoch()
            if run.epoch % hypers.period == 0 or run.epoch == hypers.n_epochs:
                run.record(mean)
                if checkpoint is not None:  # last, so that what it says done is written
                    run.history.write_csv(checkpoint.path.with_name("metrics.csv"))
                    checkpoint.save(run.content())
            bar.show(run.epoch, f"{hypers.best_by} {run.best:.3g}, loss {mean:.3g}")
    model.load_state_dict(run.best_state)
    return run.history


class _Run:
    """What changes from step to step."""

    def __init__(
        self,
        model: torch.nn.Module,
        loss: Loss,
        n_items: int,
        hypers: TrainingHypers,
        validation: Validation | None,
    ) -> None:
        self.model, self.loss, self.n_items = model, loss, n_items
        self.hypers, self.validation = hypers, validation
        learned = [weights for weights in model.parameters() if weights.requires_grad]
        self.optimizer = torch.optim.Adam(learned, lr=hypers.learning_rate)
        self.history = History()
        self.epoch = 0
        self.best, self.best_state = math.inf, _copied(model)

    def one_epoch(self) -> float:
        """One step for each batch; the mean loss over items."""
        self.model.train()
        size = self.hypers.batch_size or self.n_items
        # one batch of all items needs no other order, and its sums stay as they are
        order = torch.randperm(self.n_items) if size < self.n_items else torch.arange(self.n_items)
        batches = order.split(size)
        total = 0.0
        for number, batch in enumerate(batches):
            self._set_learning_rate((self.epoch + number / len(batches)) / self.hypers.n_epochs)
            self.optimizer.zero_grad()
            value = self.loss(self.model, batch)
            if not torch.isfinite(value):
                raise FloatingPointError(
                    f"the loss is {value.item()} in epoch {self.epoch + 1}, batch {number + 1} of "
                    f"{len(batches)}. Check the targets, or give a learning rate below "
                    f"{self.hypers.learning_rate}."
                )
            value.backward()
            self.optimizer.step()
            total += value.item() * len(batch)
        self.epoch += 1
        return total / self.n_items

    def record(self, mean: float) -> None:
        """Add a row of metrics, and keep the weights if they are the best so far."""
        rate = self.optimizer.param_groups[0]["lr"]
        row: dict[str, float] = {"epoch": self.epoch, "learning_rate": rate, "loss": mean}
        if self.validation is not None:
            self.model.eval()
            row.update({name: float(value) for name, value in self.validation(self.model).items()})
        self.history.rows.append(row)
        score = self.history.column(self.hypers.best_by)[-1]
        if not math.isfinite(score):
            raise FloatingPointError(
                f"{self.hypers.best_by} is {score} after epoch {self.epoch}; check what it is "
                "computed from, or give a lower learning rate."
            )
        if score < self.best:
            self.best, self.best_state = score, _copied(self.model)
            self.history.best_epoch = self.epoch

    def content(self) -> dict[str, Any]:
        """What a checkpoint has to hold."""
        return {
            "epoch": self.epoch,
            "weights": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": torch.get_rng_state(),
            "best": self.best,
            "best_epoch": self.history.best_epoch,
            "best_weights": self.best_state,
            "rows": self.history.rows,
        }

    def restore(self, content: Mapping[str, Any]) -> None:
        """Take over what :meth:`content` gave."""
        self.epoch = content["epoch"]
        self.model.load_state_dict(content["weights"])
        self.optimizer.load_state_dict(content["optimizer"])
        torch.set_rng_state(content["generator"])
        self.best, self.best_state = content["best"], content["best_weights"]
        self.history = History(content["rows"], content["best_epoch"])

    def _set_learning_rate(self, progress: float) -> None:
        factor = 1.0
        if self.hypers.schedule is not None:
            scores = self.history.column(self.hypers.best_by)
            factor = self.hypers.schedule.factor(progress, scores)
        for group in self.optimizer.param_groups:
            group["lr"] = factor * self.hypers.learning_rate


def _copied(model: torch.nn.Module) -> State:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}
