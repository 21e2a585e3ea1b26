"""Triplets encoded so that high correlations can be told from their sum."""

from __future__ import annotations

import torch
from torch import Tensor


class TripletEncoderDecoder(torch.nn.Module):
    r"""
    A few numbers per structure, summed over its triplets, and what can be told from them.

    .. math:: \tilde \xi(A) = \frac{1}{z} \sum_{i_1 i_2} \psi \big( \rho_{i i_1 i_2} \big), \qquad
              \hat y(A) = D \big( \tilde \xi(A) \big)

    Trained to give correlations of up to seven neighbors, the encoding is as good as complete when
    ψ is nonlinear; Nigam, Pozdnyakov, Huguenin-Dumittan, Ceriotti, APL Mach. Learn. 2, 016110
    (2024), doi:10.1063/5.0160740, where ψ is ``Linear`` or ``n_features -> width -> width ->
    n_encoded`` with layer normalisation and SiLU after each inner layer, and D is like the latter.

    :param n_features: features of a triplet
    :param n_outputs: what is to be told of a structure
    :param linear: whether ψ is linear; then it is taken of the summed triplets, which is the same
    :param n_neighbors: z, a typical number of neighbors, that keeps the sum of order 1
    :param n_encoded: numbers per structure between ψ and D
    :param width: functions of an inner layer
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        linear: bool,
        n_neighbors: float,
        n_encoded: int = 128,
        width: int = 512,
    ) -> None:
        super().__init__()
        self.linear = linear
        self.n_neighbors = n_neighbors
        nonlinear = _perceptron(n_features, width, n_encoded)
        self.encoder = torch.nn.Linear(n_features, n_encoded) if linear else nonlinear
        self.decoder = _perceptron(n_encoded, width, n_outputs)

    def encode(self, features: Tensor) -> Tensor:
        """
        The sum over triplets.

        :param features: ``(structure, triplet, feature)``
        :returns: ``(structure, n_encoded)``
        """
        if self.linear:
            values: Tensor = self.encoder(features.sum(1) / self.n_neighbors)
            return values
        triplets: Tensor = self.encoder(features.flatten(0, 1))
        return triplets.reshape(features.shape[0], features.shape[1], -1).sum(1) / self.n_neighbors

    def forward(self, features: Tensor) -> Tensor:
        """
        What is told from the encoding.

        :param features: ``(structure, triplet, feature)``
        :returns: ``(structure, n_outputs)``
        """
        values: Tensor = self.decoder(self.encode(features))
        return values


def _perceptron(n_inputs: int, width: int, n_outputs: int) -> torch.nn.Sequential:
    return torch.nn.Sequential(
        torch.nn.Linear(n_inputs, width),
        torch.nn.LayerNorm(width),
        torch.nn.SiLU(),
        torch.nn.Linear(width, width),
        torch.nn.LayerNorm(width),
        torch.nn.SiLU(),
        torch.nn.Linear(width, n_outputs),
    )
