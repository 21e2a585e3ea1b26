"""The loss of targets that come in pairs, whose differences may count by themselves."""

from __future__ import annotations

import torch
from torch import Tensor


class PairLoss:
    r"""
    Mean square error of structures in pairs, and of the differences within pairs.

    .. math:: L = \Big\langle \tfrac12 \sum_\pm (\hat y_\pm - y_\pm)^2
              + w \, \big[ (\hat y_+ - \hat y_-) - (y_+ - y_-) \big]^2 \Big\rangle_\mathrm{pairs}

    The differences of degenerate pairs are a small part of all differences, so that a network
    learns them last; a weight brings them forward. Items of :func:`train` are pairs.

    :param features: ``(structure, …)``, structures 2k and 2k + 1 are a pair
    :param targets: ``(structure,)`` or ``(structure, target)``
    :param difference_weight: w
    :raises ValueError: for an odd number of structures, or a weight below 0
    """

    def __init__(self, features: Tensor, targets: Tensor, *, difference_weight: float = 0.0):
        if len(features) != len(targets) or len(features) % 2:
            raise ValueError(
                f"PairLoss: {len(features)} rows of features and {len(targets)} of targets are no "
                "pairs; give one of each for every structure, the members of a pair in turn."
            )
        if not difference_weight >= 0:
            raise ValueError(f"PairLoss: difference_weight = {difference_weight} is below 0.")
        self.features = features.unflatten(0, (-1, 2))
        self.targets = targets.unflatten(0, (-1, 2))
        self.difference_weight = difference_weight

    @property
    def n_pairs(self) -> int:
        """How many items there are."""
        return len(self.features)

    def __call__(self, model: torch.nn.Module, pairs: Tensor) -> Tensor:
        """The mean over ``pairs`` ``(item,)`` int64."""
        predicted = model(self.features[pairs].flatten(0, 1)).unflatten(0, (-1, 2))
        errors = predicted - self.targets[pairs]  # (pair, member, …)
        loss: Tensor = errors.square().mean()
        if self.difference_weight > 0:
            loss = loss + self.difference_weight * (errors[:, 0] - errors[:, 1]).square().mean()
        return loss
