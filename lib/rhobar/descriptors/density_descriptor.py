"""Features that are functions of density coefficients."""

import abc
from typing import Optional

from metatensor.torch import Labels, TensorBlock, TensorMap
from torch import Tensor

from rhobar.ops import Neighborhoods

from .atom_environments import AtomEnvironments
from .blocks import copied_into, without_gradients
from .jacobian import Jacobian
from .neighbor_density import Centers, Coefficients
from .neighborhood_descriptor import NeighborhoodDescriptor


class DensityDescriptor(NeighborhoodDescriptor):
    """Features of centers made from the density of their neighbors; see :class:`Descriptor`."""

    def described(
        self,
        neighborhoods: Neighborhoods,
        centers: Centers,
        types: Tensor,
        selected_keys: Optional[Labels],
    ) -> TensorMap:
        """Features of densities; see :meth:`NeighborhoodDescriptor.described`."""
        values = self.density(neighborhoods)
        named = self.density.named(values, neighborhoods, types, centers.atom.shape[0])
        return self.features(named, centers, selected_keys)

    @abc.abstractmethod
    def features(
        self, coefficients: Coefficients, centers: Centers, selected_keys: Optional[Labels]
    ) -> TensorMap:
        """Blocks from density coefficients."""

    @abc.abstractmethod
    def add_gradients(
        self,
        keys: Labels,
        blocks: list[TensorBlock],
        coefficients: Coefficients,
        centers: Centers,
        jacobian: Jacobian,
    ) -> None:
        """Store the derivatives of the features ``keys`` in their ``blocks``."""

    def computed(
        self,
        environments: AtomEnvironments,
        gradients: tuple[str, ...],
        selected_keys: Optional[Labels],
        out: Optional[TensorMap],
    ) -> TensorMap:
        """Values and stored gradients; see :meth:`compute`."""
        coefficients = environments.coefficients()
        result = self.features(coefficients, environments.centers, selected_keys)
        if gradients:
            blocks = [without_gradients(block) for block in result.blocks()]
            for parameter in gradients:
                jacobian = environments.jacobian(parameter)
                self.add_gradients(
                    result.keys, blocks, coefficients, environments.centers, jacobian
                )
            result = TensorMap(result.keys, blocks)
        return result if out is None else copied_into(out, result)
