"""Networks from the invariants of a structure, or of each of its triplets, to one number."""

from __future__ import annotations

import torch
from torch import Tensor


class SingleEnergy(torch.nn.Module):
    """
    One number from the features of each structure.

    Linear, ``n_features -> width -> 1`` without anything between; otherwise ``n_features -> width
    -> width -> 1`` with group normalisation and SiLU after each inner layer, as in Nigam,
    Pozdnyakov, Huguenin-Dumittan, Ceriotti, APL Mach. Learn. 2, 016110 (2024),
    doi:10.1063/5.0160740. The linear one is overparametrised on purpose, since that is how it was
    trained there.

    >>> SingleEnergy(5, linear=False)(torch.zeros(3, 5)).shape
    torch.Size([3])

    :param n_features: features of a structure
    :param linear: whether the number is a linear function of them
    :param width: functions of an inner layer, a multiple of 4
    :raises ValueError: for a width that is no multiple of 4
    """

    def __init__(self, n_features: int, *, linear: bool, width: int = 128) -> None:
        super().__init__()
        self.linear = linear
        first = torch.nn.Linear(n_features, width)
        last = torch.nn.Linear(width, 1)
        inner: list[torch.nn.Module] = []
        if not linear:
            inner = [*_activated(width), torch.nn.Linear(width, width), *_activated(width)]
        self.layers = torch.nn.Sequential(first, *inner, last)

    def forward(self, features: Tensor) -> Tensor:
        """
        One number each.

        :param features: ``(structure, feature)``
        :returns: ``(structure,)``
        """
        values: Tensor = self.layers(features)
        return values.squeeze(-1)


class TripletEnergy(torch.nn.Module):
    r"""
    The sum of a :class:`SingleEnergy` over the triplets of each structure.

    .. math:: E(A) = \frac{1}{z} \sum_{i_1 i_2} \psi \big( \rho_{i i_1 i_2} \big)

    A nonlinear ψ tells any two environments apart; a linear one has what correlations of three
    neighbors have, since it may be taken of the summed triplets, which is what is done.

    Mirror images differ by the sign of their pseudoscalars alone. Where these are the last
    features, E is the mean over both signs, the same for both images; otherwise it learns that from
    examples.

    :param n_features: features of a triplet
    :param linear: whether ψ is linear
    :param n_neighbors: z, a typical number of neighbors, that keeps the sum of order 1
    :param width: functions of an inner layer, a multiple of 4
    :param n_pseudoscalars: how many features, the last ones, change sign under inversion; 0: E may
        differ between mirror images
    :raises ValueError: for more pseudoscalars than features
    """

    signs: Tensor

    def __init__(
        self,
        n_features: int,
        *,
        linear: bool,
        n_neighbors: float,
        width: int = 128,
        n_pseudoscalars: int = 0,
    ) -> None:
        super().__init__()
        if not 0 <= n_pseudoscalars <= n_features:
            raise ValueError(
                f"TripletEnergy: n_pseudoscalars = {n_pseudoscalars} of {n_features} features; "
                "count those that change sign under inversion, which come last."
            )
        self.n_neighbors = n_neighbors
        self.n_pseudoscalars = n_pseudoscalars
        self.energy = SingleEnergy(n_features, linear=linear, width=width)
        signs = torch.ones(n_features)
        signs[n_features - n_pseudoscalars :] = -1.0
        self.register_buffer("signs", signs, persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """
        One number each.

        :param features: ``(structure, triplet, feature)``
        :returns: ``(structure,)``
        """
        values = self._summed(features)
        if self.n_pseudoscalars > 0:
            values = 0.5 * (values + self._summed(features * self.signs))
        return values

    def _summed(self, features: Tensor) -> Tensor:
        """The sum over triplets of these features as they are, ``(structure,)``."""
        if self.energy.linear:
            values: Tensor = self.energy(features.sum(1) / self.n_neighbors)
            return values
        triplets: Tensor = self.energy(features.flatten(0, 1))
        return triplets.reshape(features.shape[:2]).sum(1) / self.n_neighbors


def _activated(width: int) -> list[torch.nn.Module]:
    return [torch.nn.GroupNorm(4, width), torch.nn.SiLU()]
