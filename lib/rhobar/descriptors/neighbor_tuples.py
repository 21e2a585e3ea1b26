"""Sums over explicit pairs of neighbors: the power spectrum of points."""

import math
from typing import Optional

import torch
from metatensor.torch import Labels, TensorMap
from torch import Tensor

from rhobar.math import Cutoff, Dirac, RadialBasis
from rhobar.ops import Neighborhoods

from .atom_environments import AtomEnvironments
from .blocks import copied_into, without_gradients
from .neighbor_density import Centers, sample_values
from .neighborhood_descriptor import NeighborhoodDescriptor
from .spectrum_layout import (
    declared_spectrum_keys,
    flat_spectrum,
    spectrum_map,
    spectrum_properties,
    spectrum_rows,
    spectrum_scale,
)
from .tuple_gradients import add_tuple_gradients
from .tuples import Points, legendre, tuples_of_rows, with_centers


class NeighborTuples(NeighborhoodDescriptor):
    r"""
    Distances and angles of all pairs of neighbors, the limit of SOAP for point-like atoms (nu = 2).

    .. math:: p^{i}_{a_1 a_2, l n_1 n_2} = (-1)^l \frac{\sqrt{2l + 1}}{4\pi}
              \sum_{j \in a_1} \sum_{k \in a_2} F_j F_k R_{n_1 l}(r_j) R_{n_2 l}(r_k)
              P_l(\hat r_j \cdot \hat r_k), \qquad F = f_c u,

    times √2 for :math:`a_1 \neq a_2`, with the pairs j = k among them: the addition theorem applied
    to the power spectrum of a Dirac density, from which it differs by rounding only. Willatt,
    Musil, Ceriotti, J. Chem. Phys. 150, 154110 (2019), doi:10.1063/1.5090481. The center counts as
    a neighbor of its own type at r = 0, which has no direction and adds to l = 0 alone.

    Cost and memory grow with the square of the number of neighbors: a reference for small
    systems and for functions of two neighbors that need no basis. Labels are those of
    :class:`SoapPowerSpectrum`.
    """

    def __init__(
        self,
        cutoff: float | Cutoff,
        *,
        l_max: int,
        radial: RadialBasis,
        density: Dirac = Dirac(),  # noqa: B008 - frozen
        atomic_types: list[int] | None = None,
        spline_accuracy: float | None = 1e-10,
    ):
        if not isinstance(density, Dirac):
            raise TypeError(
                f"NeighborTuples(density={density!r}): tuples are made of points; give Dirac(...), "
                "or take SoapPowerSpectrum."
            )
        super().__init__(
            cutoff,
            l_max=l_max,
            radial=radial,
            density=density,
            atomic_types=atomic_types,
            spline_accuracy=spline_accuracy,
        )

    def described(
        self,
        neighborhoods: Neighborhoods,
        centers: Centers,
        types: Tensor,
        selected_keys: Optional[Labels],
    ) -> TensorMap:
        """Blocks ``(center, l * n_1 * n_2)``; see :meth:`NeighborhoodDescriptor.described`."""
        keys: Optional[Tensor] = None
        if selected_keys is not None:
            keys = selected_keys.values
        elif self.density.declares_types:
            keys = declared_spectrum_keys(self.density.types, self.density.channel_names())
        rows, first, second = spectrum_rows(
            neighborhoods.run_center, types[neighborhoods.run_channel], centers, keys
        )
        points = self.points(neighborhoods)
        row, j, k = tuples_of_rows(points.run_ptr, first, second)
        cosines = (points.directions[j] * points.directions[k]).sum(1)
        angular = legendre(cosines, self.density.l_max) * self.prefactors(cosines)
        products = points.radial[j].unsqueeze(3) * points.radial[k].unsqueeze(2)
        sums = torch.zeros(
            [first.shape[0], products.shape[1], products.shape[2], products.shape[3]],
            dtype=products.dtype,
            device=products.device,
        )
        sums = sums.index_add(0, row, angular.unsqueeze(2).unsqueeze(3) * products)
        values = flat_spectrum(sums, self.density.n_per_l)
        values = spectrum_scale(first, second, values.dtype).unsqueeze(1) * values
        samples = sample_values(centers, neighborhoods.run_center[first])
        properties = spectrum_properties(self.density.n_per_l).to(values.device)
        return spectrum_map(values, rows, samples, properties)

    def points(self, neighborhoods: Neighborhoods) -> Points:
        """Neighbors of each run, and its center where that is one of them."""
        vectors = neighborhoods.vectors
        squares = vectors.square().sum(dim=1)
        distances = torch.where(squares > 0, squares, torch.ones_like(squares)).sqrt()
        radial = self.density.weight(distances).unsqueeze(1).unsqueeze(2)
        radial = radial * self.density.radial(distances)
        directions = vectors / distances.unsqueeze(1)
        return with_centers(neighborhoods, directions, radial, self.density.self_values)

    def prefactors(self, like: Tensor) -> Tensor:
        """(-1)^l √(2l + 1) / 4π, ``(l,)``."""
        l = torch.arange(self.density.l_max + 1, dtype=like.dtype, device=like.device)
        return (1 - 2 * (l % 2)) * torch.sqrt(2 * l + 1) / (4 * math.pi)

    @torch.jit.unused
    def computed(
        self,
        environments: AtomEnvironments,
        gradients: tuple[str, ...],
        selected_keys: Optional[Labels],
        out: Optional[TensorMap],
    ) -> TensorMap:
        """Values and stored gradients; see :meth:`Descriptor.compute`."""
        neighborhoods = environments.neighborhoods_in(self.density.self_values.dtype)
        result = self.described(
            neighborhoods, environments.centers, environments.types, selected_keys
        )
        if gradients:
            blocks = [without_gradients(block) for block in result.blocks()]
            for parameter in gradients:
                add_tuple_gradients(self, environments, parameter, result.keys, blocks)
            result = TensorMap(result.keys, blocks)
        return result if out is None else copied_into(out, result)
