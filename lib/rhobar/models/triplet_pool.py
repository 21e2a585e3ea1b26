"""Nonlinear functions of triplets, summed over the triplets of a center."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Optional

import ase
import numpy as np
import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import NeighborListOptions, System
from torch import Tensor

from rhobar.descriptors import Triplets
from rhobar.systems import from_ase, neighbors_added

_GAIN = 10.0
"""of the first layer: neighbors at half the cutoff then reach where tanh is curved"""
_AT_ONCE = 2**24  # features of triplets computed at once, 128 MiB in float64


class TripletPool(torch.nn.Module):
    r"""
    Invariants of centers that tell all environments apart: nonlinear functions of triplets.

    .. math:: \xi_p(A_i) = \sum_{i_1 i_2} f_c(r_{i i_1}) f_c(r_{i i_2}) \tfrac12 [\psi_p(x_+, x_-)
              + \psi_p(x_+, -x_-)]

    with :math:`x_\pm` the features of :class:`rhobar.descriptors.Triplets` with σ = ±1, and ψ a
    perceptron, :math:`\psi = \tanh(W_2 \tanh(W_1 x + b_1) + \dots)`. Nigam, Pozdnyakov,
    Huguenin-Dumittan, Ceriotti, APL Mach. Learn. 2, 016110 (2024), doi:10.1063/5.0160740. The sum
    of both signs makes them blind to inversion, the factors :math:`f_c`, which the paper's
    clusters do not need, make them vanish smoothly at the cutoff. With one layer these are
    functions of random projections: complete without any training.

    Weights are parameters, drawn in float64, the same in each process; they are scaled by the
    size of the features of a made-up environment, so that no data are needed.

    Out: key ``center_type``; samples ``system, atom``; values ``(center, feature)``. Cost: that of
    the triplets, and ``triplet * property * widths[0]``. Memory is bounded where no gradients are
    recorded.

    >>> import ase.build
    >>> from rhobar.descriptors import Gaussian, Gto, Triplets
    >>> triplets = Triplets(cutoff=3.0, l_max=2, radial=Gto(3), density=Gaussian(0.3, 0.0),
    ...     channels=16, atomic_types=[1, 6])
    >>> pool = TripletPool(triplets, widths=(32,))
    >>> pool.compute(ase.build.molecule("CH4")).block({"center_type": 1}).values.shape
    torch.Size([4, 32])

    :param descriptor: has declared ``atomic_types``, which fixes its number of features
    :param widths: number of components after each layer; the last are the features
    :param o3_symmetrize: whether inversion leaves features as they are
    :param smooth_pool: whether a triplet counts less as one of its neighbors leaves
    :raises ValueError: for a descriptor without ``atomic_types`` or no widths
    """

    size: Tensor

    def __init__(
        self,
        descriptor: Triplets,
        widths: Sequence[int] = (128, 128),
        *,
        o3_symmetrize: bool = True,
        smooth_pool: bool = True,
    ):
        super().__init__()
        if not descriptor.density.declares_types:
            raise ValueError("TripletPool needs Triplets(atomic_types=[...]): weights follow them.")
        if len(widths) == 0 or min(widths) < 1:
            raise ValueError(
                f"widths={widths!r}: give a number above 0 for each layer, one or more."
            )
        self.descriptor = descriptor
        self.o3_symmetrize = o3_symmetrize
        self.smooth_pool = smooth_pool
        dtype = descriptor.density.self_values.dtype
        features = _typical_features(descriptor)
        self.register_buffer("size", features.square().sum(1).mean().sqrt().to(dtype))
        self.perceptron = _perceptron([features.shape[1], *widths]).to(dtype)
        self.n_properties = int(features.shape[1])
        self.at_once = _AT_ONCE
        self.n_features = int(widths[-1])

    def requested_neighbor_lists(self) -> list[NeighborListOptions]:
        """The list that ``forward`` wants; :func:`rhobar.systems.neighbors_added` makes it."""
        return self.descriptor.requested_neighbor_lists()

    def forward(
        self,
        systems: list[System],
        selected_samples: Optional[Labels] = None,  # noqa: UP045 - scripted
    ) -> TensorMap:
        """
        Features of the centers of ``systems``; differentiable.

        :param selected_samples: names among ``system, atom``: the centers to describe
        :raises ValueError: as the descriptor
        """
        tagged = self.descriptor.tagged(systems, selected_samples)
        centers = tagged.centers
        channels = self.descriptor.channels_of(tagged, tagged.wanted)
        bodies = self.descriptor.bodies(tagged, channels)
        weights = self._weights(tagged.tags.neighborhoods.vectors, tagged.tags.pair)
        counts = torch.bincount(tagged.tags.center, minlength=tagged.wanted.shape[0])
        center_types: list[int] = self.descriptor.center_types(tagged)
        blocks: list[TensorBlock] = []
        for center_type in center_types:
            members = torch.where(tagged.wanted & (centers.type == center_type))[0]
            pooled = torch.zeros(
                [tagged.wanted.shape[0], self.n_features], dtype=bodies.dtype, device=bodies.device
            )
            for part in self._portions(members, counts):
                chosen = torch.zeros_like(tagged.wanted)
                chosen[part] = True
                tuples = self.descriptor.tuples(tagged, chosen)
                values = self._pooled(self.descriptor.features(bodies, tuples))
                first, second = tuples.first[tuples.rows.first], tuples.second[tuples.rows.second]
                values = (weights[first] * weights[second]).unsqueeze(1) * values
                pooled = pooled.index_add(0, tagged.tags.center[first], values)
            samples = torch.stack([centers.system[members], centers.atom[members]], 1)
            feature = torch.arange(self.n_features, dtype=torch.int32, device=bodies.device)
            blocks.append(
                TensorBlock(
                    values=pooled[members],
                    samples=Labels(["system", "atom"], samples.to(torch.int32)),
                    components=[],
                    properties=Labels(["feature"], feature.unsqueeze(1)),
                )
            )
        device = bodies.device
        keys = torch.tensor(center_types, dtype=torch.int32, device=device).reshape(-1, 1)
        return TensorMap(Labels(["center_type"], keys), blocks)

    @torch.no_grad()
    def compute(
        self,
        frames: ase.Atoms | Sequence[ase.Atoms],
        *,
        selected_samples: Optional[Labels] = None,  # noqa: UP045 - metatensor has no types
    ) -> TensorMap:
        """
        Features of ``frames`` (Å), without history for autograd; in portions.

        :param selected_samples: names among ``system, atom``: the centers to describe
        """
        frames = [frames] if isinstance(frames, ase.Atoms) else list(frames)
        systems = [from_ase(frame, dtype=self.size.dtype) for frame in frames]
        cutoff = float(self.requested_neighbor_lists()[0].cutoff)
        result: TensorMap = self(neighbors_added(systems, cutoff), selected_samples)
        return result

    def _weights(self, vectors: Tensor, pair: Tensor) -> Tensor:
        """What each tag counts in the sum, ``(tag,)``; a center has no vector and counts fully."""
        weights = torch.ones(pair.shape[0], dtype=vectors.dtype, device=vectors.device)
        if not self.smooth_pool:
            return weights
        tag = torch.where(pair >= 0)[0]
        # vectors are in the order of tags
        distances = vectors.square().sum(1).sqrt()
        return weights.index_copy(0, tag, self.descriptor.density.cutoff(distances))

    def _pooled(self, features: list[Tensor]) -> Tensor:
        """ψ of the features of each triplet, ``(triplet, feature)``."""
        scaled = [feature / self.size for feature in features]
        values: Tensor = self.perceptron(torch.cat(scaled, 1))
        if self.o3_symmetrize and len(scaled) == 2:
            mirrored: Tensor = self.perceptron(torch.cat([scaled[0], -scaled[1]], 1))
            values = 0.5 * (values + mirrored)
        return values

    def _portions(self, members: Tensor, counts: Tensor) -> list[Tensor]:
        """Centers whose triplets fit in memory together."""
        if members.shape[0] == 0:
            return []
        costs = counts[members].square() * self.n_properties
        portion = torch.div(torch.cumsum(costs, 0), self.at_once, rounding_mode="floor")
        _, sizes = torch.unique_consecutive(portion, return_counts=True)
        lengths: list[int] = sizes.to(torch.int64).tolist()
        return members.split(lengths)


def _perceptron(widths: list[int]) -> torch.nn.Sequential:
    """Layers with tanh; for inputs of length one each sum that enters a tanh is of order one."""
    generator = torch.Generator().manual_seed(0)
    layers: list[torch.nn.Module] = []
    for number, (n_in, n_out) in enumerate(pairwise(widths)):
        layer = torch.nn.Linear(n_in, n_out, dtype=torch.float64)
        scale = _GAIN if number == 0 else n_in**-0.5
        torch.nn.init.normal_(layer.weight, std=scale, generator=generator)
        torch.nn.init.uniform_(layer.bias, -1.0, 1.0, generator=generator)
        layers += [layer, torch.nn.Tanh()]
    return torch.nn.Sequential(*layers)


@torch.no_grad()
def _typical_features(descriptor: Triplets) -> Tensor:
    """Features ``(triplet, property)`` of a center with four neighbors around half the cutoff."""
    directions = np.array(
        [[1.0, 1.0, 1.0], [1.0, -1.0, -0.8], [-1.0, 1.1, -1.0], [-1.0, -1.0, 1.2]]
    )
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    lengths = descriptor.density.cutoff.radius * np.array([[0.3], [0.4], [0.5], [0.6]])
    positions = np.vstack([np.zeros(3), lengths * directions])
    center_type = int(descriptor.density.types[0])
    frame = ase.Atoms([center_type] * len(positions), positions)
    center = Labels(["atom"], torch.tensor([[0]]))
    blocks = descriptor.compute(frame, selected_samples=center).blocks({"center_type": center_type})
    return torch.cat([block.values[:, 0] for block in blocks], 1)
