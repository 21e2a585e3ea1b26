"""Networks of distances, trained on energies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import ase
import torch
from numpy.typing import ArrayLike

from rhobar.models import (
    Composition,
    DistanceGnn,
    DistanceGraphs,
    checked_energies,
    selected_graphs,
)
from rhobar.systems import from_ase, neighbors_added

from .hypers import TrainingHypers
from .loop import train
from .record import History


def train_energies(
    model: DistanceGnn,
    frames: Sequence[ase.Atoms],
    energies: ArrayLike,
    hypers: TrainingHypers,
    *,
    held_out: tuple[Sequence[ase.Atoms], ArrayLike] | None = None,
    folder: str | Path | None = None,
) -> History:
    """
    Fit ``model`` to energies of whole structures, by their mean squared error.

    The model counts from the :class:`~rhobar.models.Composition` of the training energies, in
    units of the standard deviation of what that leaves. Graphs and the features of a descriptor
    are made once, so that a descriptor's own parameters do not learn.

    :param frames: structures; an item of the loop is one of them
    :param energies: ``(structure,)`` eV
    :param hypers: ``best_by`` may be ``loss`` (eV²), or ``held_out_rmse`` (eV) where there is one
    :param held_out: structures and energies that choose the best weights but are not fitted
    :param folder: of the checkpoint, see :func:`train`
    :raises ValueError: for energies that are not finite or of another number, and see :func:`train`
    """
    targets = checked_energies(energies, len(frames))
    composition = Composition.fit(frames, targets)
    rest = targets - torch.from_numpy(composition.predict(frames))
    spread = float(rest.std(correction=0))
    model.set_baseline(composition, spread if spread > 0 else 1.0)
    graphs = _graphs(model, frames)
    targets = targets.to(model.scale)

    def loss(_: torch.nn.Module, batch: torch.Tensor) -> torch.Tensor:
        chosen = graphs if len(batch) == graphs.n_systems else selected_graphs(graphs, batch)
        return (model.energies(chosen) - targets[batch]).square().mean()

    if held_out is None:
        return train(model, loss, len(frames), hypers, folder=folder)
    held_graphs = _graphs(model, held_out[0])
    held_targets = checked_energies(held_out[1], len(held_out[0])).to(model.scale)

    def validation(_: torch.nn.Module) -> Mapping[str, float]:
        with torch.no_grad():
            errors = model.energies(held_graphs) - held_targets
        return {"held_out_rmse": float(errors.square().mean().sqrt())}

    return train(model, loss, len(frames), hypers, validation=validation, folder=folder)


def _graphs(model: DistanceGnn, frames: Sequence[ase.Atoms]) -> DistanceGraphs:
    """Graphs of all frames in the dtype and on the device of the model, without history."""
    systems = [from_ase(one, dtype=model.scale.dtype, device=model.scale.device) for one in frames]
    for cutoff in {options.cutoff for options in model.requested_neighbor_lists()}:
        neighbors_added(systems, cutoff)
    with torch.no_grad():
        return model.graphs(systems)
