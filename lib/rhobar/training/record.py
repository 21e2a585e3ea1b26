"""What a training writes down: rows of metrics for the reader, a checkpoint to go on from."""

from __future__ import annotations

import csv
import pickle
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from rhobar.data import written_beside

from .hypers import TrainingHypers

_FORMAT, _VERSION = "rhobar training", 1

State = dict[str, torch.Tensor]


@dataclass
class History:
    """
    How a training went.

    :param rows: metrics, one mapping for each recorded epoch: ``epoch`` (from 1),
        ``learning_rate``, ``loss`` (mean over the items of the epoch, each before the step it led
        to), and what the caller's validation says after the epoch
    :param best_epoch: the one whose weights the model holds in the end
    """

    rows: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0

    def column(self, name: str) -> list[float]:
        """
        One metric of all rows.

        :raises ValueError: if the rows have no such column
        """
        if self.rows and name not in self.rows[0]:
            raise ValueError(f"no metric {name!r} was recorded, only {list(self.rows[0])}.")
        return [row[name] for row in self.rows]

    def write_csv(self, path: str | Path) -> None:
        """Write all rows below one line of names; the file appears complete or not at all."""
        with (
            written_beside(path) as temporary,
            temporary.open("w", newline="", encoding="utf-8") as stream,
        ):
            writer = csv.DictWriter(stream, fieldnames=list(self.rows[0]))
            writer.writeheader()
            writer.writerows(self.rows)


class Checkpoint:
    """
    A file from which a killed training goes on with the same numbers.

    Weights, moments of the optimizer, the generator of random numbers, the best weights so far and
    the rows of metrics; nothing is pickled beyond tensors and plain values.

    :param path: of the file
    :param model: whose class and shapes of weights the file has to have
    :param hypers: how it is trained, which a file must agree with
    :param n_items: what it is trained on, likewise
    """

    def __init__(
        self, path: Path, model: torch.nn.Module, hypers: TrainingHypers, n_items: int
    ) -> None:
        self.path = path
        settings = {**asdict(hypers), "n_items": n_items}
        settings["schedule"] = repr(hypers.schedule)
        self.settings: dict[str, Any] = settings
        self.model: dict[str, Any] = {"class": type(model).__name__}
        for name, value in model.state_dict().items():
            self.model[name] = [str(value.dtype), *value.shape]

    def save(self, content: Mapping[str, Any]) -> None:
        """Write ``content`` with what it belongs to; complete or not at all."""
        header = {
            "format": _FORMAT,
            "version": _VERSION,
            "settings": self.settings,
            "model": self.model,
        }
        with written_beside(self.path) as temporary:
            torch.save({**header, **content}, temporary)

    def load(self) -> dict[str, Any]:
        """
        What :meth:`save` was given.

        :raises ValueError: for a file that is damaged, or of another model or other settings,
            naming what differs
        """
        try:
            found = torch.load(self.path, map_location="cpu", weights_only=True)
            known = found["format"], found["version"]
        except (RuntimeError, pickle.UnpicklingError, EOFError, KeyError, TypeError) as error:
            raise ValueError(
                f"{self.path} is no checkpoint of a training, or is damaged ({error}); remove it "
                "to start over."
            ) from error
        if known != (_FORMAT, _VERSION):
            raise ValueError(
                f"{self.path} is {known[0]!r} of version {known[1]}; this rhobar reads "
                f"{_FORMAT!r} of version {_VERSION}. Remove it to start over."
            )
        self._refuse_other(found["model"], self.model, "another model")
        self._refuse_other(found["settings"], self.settings, "another training")
        return found

    def _refuse_other(self, found: dict[str, Any], wanted: dict[str, Any], what: str) -> None:
        for name in [*wanted, *found]:
            if found.get(name) != wanted.get(name):
                raise ValueError(
                    f"{self.path} is the checkpoint of {what}: {name} is {found.get(name)} there "
                    f"and {wanted.get(name)} here. Give another folder, or remove the file to "
                    "start over."
                )
