"""Invariants of single neighbors and of the density around their center."""

import abc
from typing import NamedTuple, Optional

import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import System
from torch import Tensor

from rhobar.math import AtomicDensity, Cutoff, RadialBasis

from .atom_environments import AtomEnvironments
from .blocks import copied_into, o3_mu, tensor_map, without_gradients
from .descriptor import Descriptor
from .jacobian import Jacobian
from .neighbor_density import Centers, chosen_centers
from .tagged_gradients import body_slopes, tag_slopes, tuple_gradients
from .tagged_neighbors import TaggedNeighbors, tagged_neighbors
from .tuple_products import Factors, TupleProducts, Tuples


class Tagged(NamedTuple):
    """Centers, their tags, and the density of each tag."""

    tags: TaggedNeighbors
    values: Tensor
    """``(tag, lm, n)``"""
    centers: Centers
    types: Tensor
    """``(channel,)``, the type of each channel of the tags"""
    wanted: Tensor
    """``(center,)``, whether it is described or only seen by others"""


class TaggedDescriptor(Descriptor):
    """
    Invariants of tuples of a center and tagged neighbors; see :class:`Descriptor`.

    :param n_factors: how many factors are multiplied, 1 to 3
    :param channels: number of channels that each factor is contracted to; None: no contraction
    :param sample_names: what tuples are called
    :raises ValueError: for ``channels`` without ``atomic_types``
    """

    sample_names: list[str]

    def __init__(
        self,
        cutoff: float | Cutoff,
        *,
        n_factors: int,
        l_max: int,
        radial: RadialBasis,
        density: AtomicDensity,
        channels: int | None,
        sample_names: list[str],
        atomic_types: list[int] | None,
        pseudo_species: Tensor | None,
        spline_accuracy: float | None,
    ):
        super().__init__(
            cutoff,
            l_max=l_max,
            radial=radial,
            density=density,
            atomic_types=atomic_types,
            pseudo_species=pseudo_species,
            spline_accuracy=spline_accuracy,
        )
        if channels is not None and atomic_types is None:
            raise ValueError(
                f"channels={channels} needs atomic_types: the contraction has weights for each."
            )
        self.sample_names = sample_names
        self.products = TupleProducts(
            n_factors,
            n_per_l=self.density.n_per_l,
            n_functions=len(self.density.channel_names()) * radial.n_radial,
            channels=channels,
        )
        self._arguments |= {"channels": channels}

    def forward(
        self,
        systems: list[System],
        selected_samples: Optional[Labels] = None,
        selected_keys: Optional[Labels] = None,
    ) -> TensorMap:
        """Features of ``systems``; see :meth:`Descriptor.forward`."""
        return self.described(self.tagged(systems, selected_samples), selected_keys)

    def tagged(self, systems: list[System], selected_samples: Optional[Labels]) -> Tagged:
        """Tags of the centers of ``systems``; see :meth:`NeighborDensity.pairs` for errors."""
        needed = selected_samples
        if self.needs_all_centers():
            needed = None
        pairs, centers, types = self.density.pairs(systems, needed)
        tags = tagged_neighbors(pairs, centers, types)
        values: Tensor = self.density(tags.neighborhoods)
        wanted = chosen_centers(centers.system, centers.atom, selected_samples)
        return Tagged(tags, values, centers, types, wanted)

    def computed(
        self,
        environments: AtomEnvironments,
        gradients: tuple[str, ...],
        selected_keys: Optional[Labels],
        out: Optional[TensorMap],
    ) -> TensorMap:
        """Values; see :meth:`compute`."""
        pairs, centers, types = environments.pairs(), environments.centers, environments.types
        tags = tagged_neighbors(pairs, centers, types)
        values: Tensor = self.density(tags.neighborhoods)
        wanted = environments.wanted
        if wanted is None:
            wanted = torch.ones_like(centers.atom, dtype=torch.bool)
        tagged = Tagged(tags, values, centers, types, wanted)
        result = self.described(tagged, selected_keys)
        if gradients:
            blocks = [without_gradients(block) for block in result.blocks()]
            for parameter in gradients:
                slopes = tag_slopes(environments, tags, parameter)
                self._add_gradients(result.keys, blocks, tagged, slopes)
            result = TensorMap(result.keys, blocks)
        return result if out is None else copied_into(out, result)

    @torch.jit.unused
    def _add_gradients(
        self, keys: Labels, blocks: list[TensorBlock], tagged: Tagged, slopes: Jacobian
    ) -> None:
        """Store the derivatives of tuples, those of both parities at once."""
        names: list[list[int]] = keys.values.tolist()
        for center_type in sorted({name[2] for name in names}):
            members = tagged.wanted & (tagged.centers.type == center_type)
            own = [
                (block, name[1])
                for name, block in zip(names, blocks, strict=True)
                if name[2] == center_type
            ]
            if not bool(members.any()):
                self._add_none(slopes, [block for block, _ in own])
                continue
            channels = self.channels_of(tagged, members)
            row, moved, values = tuple_gradients(
                self.products,
                self.bodies(tagged, channels),
                self.tuples(tagged, members),
                body_slopes(slopes, tagged.tags.center, self._weights(tagged, channels)),
                len(slopes.atom),
            )
            for block, sigma in own:
                slopes.add_to(block, values[self.products.sigmas().index(sigma)], row, moved)

    @torch.jit.unused
    def _add_none(self, slopes: Jacobian, blocks: list[TensorBlock]) -> None:
        """Gradients of blocks without rows."""
        none = torch.zeros(0, dtype=torch.int64)
        for block in blocks:
            slopes.add_to(block, block.values.new_zeros(0), none, none)

    def described(self, tagged: Tagged, selected_keys: Optional[Labels]) -> TensorMap:
        """Blocks ``(tuple, o3_mu, property)``."""
        keys: list[list[int]] = []
        blocks: list[TensorBlock] = []
        device = tagged.types.device
        channels = self.channels_of(tagged, tagged.wanted)
        bodies = self.bodies(tagged, channels)
        for center_type in self.center_types(tagged):
            members = tagged.wanted & (tagged.centers.type == center_type)
            if not self.density.declares_types:
                channels = self.channels_of(tagged, members)
                bodies = self.bodies(tagged, channels)
            tuples = self.tuples(tagged, members)
            samples = Labels(self.sample_names, tuples.samples)
            features: list[Tensor] = []
            if len(samples) > 0:
                features = self.features(bodies, tuples)
            for k, sigma in enumerate(self.products.sigmas()):
                properties = self.products.properties(sigma, channels)
                values = bodies.flatten(1)[:0, :1].expand(0, len(properties))  # with history
                if len(samples) > 0:
                    values = features[k]
                components = [o3_mu(0, device)]
                keys.append([0, sigma, center_type])
                blocks.append(TensorBlock(values.unsqueeze(1), samples, components, properties))
        names = ["o3_lambda", "o3_sigma", "center_type"]
        return tensor_map(names, keys, blocks, selected_keys, device)

    def center_types(self, tagged: Tagged) -> list[int]:
        """Sorted types of the wanted centers; the declared ones, if they are."""
        centers, wanted = tagged.centers, tagged.wanted
        found = Centers(centers.system[wanted], centers.atom[wanted], centers.type[wanted])
        center_types: list[int] = self.density.center_types(found).to(torch.int64).tolist()
        return center_types

    def channels_of(self, tagged: Tagged, members: Tensor) -> Tensor:
        """Sorted neighbor channels that any of the centers sees; the declared ones, if they are."""
        if self.density.declares_types:
            return self.density.channel_names()
        seen = members[tagged.tags.center]
        return torch.unique(tagged.types[tagged.tags.neighborhoods.run_channel[seen]])

    def bodies(self, tagged: Tagged, channels: Tensor) -> Tensor:
        """
        Densities of tags, then of centers, ``(body, lm, channel, n)``.

        :param channels: ``(channel,)``, the neighbor types or pseudo-species wanted
        """
        weights = self._weights(tagged, channels)
        dense = tagged.values.unsqueeze(2) * weights.unsqueeze(1).unsqueeze(3)
        whole = torch.zeros(
            [tagged.wanted.shape[0], dense.shape[1], dense.shape[2], dense.shape[3]],
            dtype=dense.dtype,
            device=dense.device,
        )
        return torch.cat([dense, whole.index_add(0, tagged.tags.center, dense)])

    def features(self, bodies: Tensor, tuples: Tuples) -> list[Tensor]:
        """Features ``(tuple, property)`` with σ = 1 and, where there are any, with σ = -1."""
        factors = Factors(
            bodies[tuples.first], bodies[tuples.second], bodies[tuples.third], tuples.rows
        )
        features: list[Tensor] = self.products(factors)
        return features

    def _weights(self, tagged: Tagged, channels: Tensor) -> Tensor:
        """How much each tag belongs to each channel, ``(tag, channel)``."""
        channel = tagged.tags.neighborhoods.run_channel
        mixing = self.density.mixing
        if mixing is None:
            match = tagged.types[channel].unsqueeze(1) == channels
            return match.to(tagged.values.dtype)
        return mixing[:, channel].transpose(0, 1)

    @abc.abstractmethod
    def tuples(self, tagged: Tagged, members: Tensor) -> Tuples:
        """
        All tuples of some centers.

        :param members: ``(center,)``, whether its tuples are wanted
        """
