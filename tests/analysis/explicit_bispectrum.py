"""The bispectrum of centers written out as its sum: a descriptor without a stored Jacobian."""

from __future__ import annotations

import itertools
import math

import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import NeighborListOptions, System

from rhobar.descriptors import Gaussian, Gto, SphericalExpansion
from rhobar.math import clebsch_gordan


class ExplicitBispectrum(torch.nn.Module):
    r"""
    All products of three densities of hydrogens around carbons that no rotation changes (nu = 3).

    .. math:: B = \frac{(-1)^{l_3}}{\sqrt{2 l_3 + 1}} \sum_{m_1 m_2 m_3}
              C^{l_1 l_2 l_3}_{m_1 m_2 m_3} c_{n_1 l_1 m_1} c_{n_2 l_2 m_2} c_{n_3 l_3 m_3}

    for all n and all l with an even sum, in any order.
    """

    def __init__(self, cutoff: float, *, l_max: int, n_radial: int):
        super().__init__()
        self.l_max = l_max
        self.expansion = SphericalExpansion(
            cutoff,
            l_max=l_max,
            radial=Gto(n_radial),
            density=Gaussian(0.3, center_weight=0.0),
            atomic_types=[1, 6],
        )

    def requested_neighbor_lists(self) -> list[NeighborListOptions]:
        return self.expansion.requested_neighbor_lists()

    def forward(self, systems: list[System]) -> TensorMap:
        key = {"o3_sigma": 1, "center_type": 6, "neighbor_type": 1}
        expansion = self.expansion(systems)
        blocks = [expansion.block({"o3_lambda": l, **key}) for l in range(self.l_max + 1)]
        c = [block.values for block in blocks]  # (center, m, n)
        features = []
        for l1, l2, l3 in itertools.product(range(self.l_max + 1), repeat=3):
            if abs(l1 - l2) <= l3 <= l1 + l2 and (l1 + l2 + l3) % 2 == 0:
                coupling = clebsch_gordan(l1, l2, l3) * (-1) ** l3 / math.sqrt(2 * l3 + 1)
                product = torch.einsum("abc,ian,ibp,icq->inpq", coupling, c[l1], c[l2], c[l3])
                features.append(product.flatten(1))
        values = torch.cat(features, dim=1)
        properties = Labels.range("path", values.shape[1])
        block = TensorBlock(values, blocks[0].samples, [], properties)
        return TensorMap(Labels("center_type", torch.tensor([[6]])), [block])
