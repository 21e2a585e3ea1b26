"""Features of centers made from their neighbors channel by channel."""

import abc
from typing import Optional

from metatensor.torch import Labels, TensorMap
from metatomic.torch import System
from torch import Tensor

from rhobar.ops import Neighborhoods

from .descriptor import Descriptor
from .neighbor_density import Centers


class NeighborhoodDescriptor(Descriptor):
    """Features of centers, from pairs sorted by neighbor channel; see :class:`Descriptor`."""

    def forward(
        self,
        systems: list[System],
        selected_samples: Optional[Labels] = None,
        selected_keys: Optional[Labels] = None,
    ) -> TensorMap:
        """Features of ``systems``; see :meth:`Descriptor.forward`."""
        neighborhoods, centers, types = self.density.neighborhoods(systems, selected_samples)
        return self.described(neighborhoods, centers, types, selected_keys)

    @abc.abstractmethod
    def described(
        self,
        neighborhoods: Neighborhoods,
        centers: Centers,
        types: Tensor,
        selected_keys: Optional[Labels],
    ) -> TensorMap:
        """
        Differentiable blocks from pairs.

        :param types: ``(channel,)``, the type of each neighbor channel
        """
