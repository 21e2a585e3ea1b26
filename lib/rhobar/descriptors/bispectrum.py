"""Products of three neighbor densities, summed over directions."""

from typing import Optional

import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from torch import Tensor

from rhobar.math import AtomicDensity, Cutoff, RadialBasis

from .correlated_products import CorrelatedProducts
from .dense_coefficients import dense_coefficients, dense_slopes
from .density_descriptor import DensityDescriptor
from .jacobian import Jacobian
from .neighbor_density import Centers, Coefficients, sample_values


class Bispectrum(DensityDescriptor):
    r"""
    Invariant products of three neighbor densities around one center, without redundancy (nu = 3).

    .. math:: B^i_{l_1 q_1, l_2 q_2, l_3 q_3} = \frac{(-1)^{l_3}}{\sqrt{2 l_3 + 1}}
              \sum_{m_1 m_2 m_3} C^{l_1 l_2 l_3}_{m_1 m_2 m_3}
              c^i_{q_1 l_1 m_1} c^i_{q_2 l_2 m_2} c^i_{q_3 l_3 m_3}

    with even :math:`l_1 + l_2 + l_3` and q standing for a neighbor type and a radial function.
    Bartok, Payne, Kondor, Csanyi, Phys. Rev. Lett. 104, 136403 (2010),
    doi:10.1103/PhysRevLett.104.136403, on the unit sphere instead of the 3-sphere. The
    ``o3_lambda = 0, o3_sigma = 1`` part of :class:`DensityCorrelations` with ``nu = 3``, with its
    set of factors and its norm: each set of factors occurs once, times the root of the number
    of orders it can be written in.

    Out: key ``center_type``; values ``(center, property)`` with properties ``l_1, l_2, l_3,
    neighbor_1_type, n_1, neighbor_2_type, n_2, neighbor_3_type, n_3``; unchanged by rotation and
    inversion. Neighbor types are those that any center of the type sees; a center without them
    has zeros there.

    >>> import ase.build
    >>> from rhobar.descriptors import Bispectrum, Gaussian, Gto
    >>> bispectrum = Bispectrum(cutoff=4.0, l_max=2, radial=Gto(2), density=Gaussian(0.3))
    >>> bispectrum.compute(ase.build.molecule("CH4")).block({"center_type": 6}).values.shape
    torch.Size([1, 160])
    """

    def __init__(
        self,
        cutoff: float | Cutoff,
        *,
        l_max: int,
        radial: RadialBasis,
        density: AtomicDensity,
        atomic_types: list[int] | None = None,
        pseudo_species: Tensor | None = None,
        spline_accuracy: float | None = 1e-10,
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
        self.products = CorrelatedProducts(
            nu=3,
            n_per_l=self.density.n_per_l,
            o3_lambda_max=0,
            k_max=None,
            pseudotensors=False,
        )

    def features(
        self, coefficients: Coefficients, centers: Centers, selected_keys: Optional[Labels]
    ) -> TensorMap:
        """Blocks ``(center, property)``."""
        types = self.density.center_types(centers).to(torch.int32).unsqueeze(1)
        keys = Labels(["center_type"], types) if selected_keys is None else selected_keys
        blocks: list[TensorBlock] = []
        center_types: list[int] = keys.values[:, 0].to(torch.int64).tolist()
        for center_type in center_types:
            rows = torch.where(centers.type == center_type)[0]
            channels = self.density.channels_of(coefficients, centers, center_type)
            dense = dense_coefficients(coefficients, rows, channels, centers.type.shape[0])
            samples = Labels(["system", "atom"], sample_values(centers, rows))
            (block,) = self.products.blocks(dense, channels, [0], samples)
            properties = block.properties
            names = list(properties.names)
            names.remove("k_2")  # equals l_3
            kept = torch.tensor([0, 1, 3, 4, 5, 6, 7, 8, 9], device=rows.device)
            blocks.append(
                TensorBlock(
                    values=block.values[:, 0],
                    samples=samples,
                    components=[],
                    properties=Labels(names, properties.values[:, kept]),
                )
            )
        return TensorMap(keys, blocks)

    @torch.jit.unused
    def add_gradients(
        self,
        keys: Labels,
        blocks: list[TensorBlock],
        coefficients: Coefficients,
        centers: Centers,
        jacobian: Jacobian,
    ) -> None:
        """Store the derivatives of the products, by the product rule."""
        center_types: list[int] = keys.values[:, 0].tolist()
        for center_type, block in zip(center_types, blocks, strict=True):
            rows = torch.where(centers.type == center_type)[0]
            channels = self.density.channels_of(coefficients, centers, center_type)
            dense = dense_coefficients(coefficients, rows, channels, len(centers.type))
            row, moved, slopes = dense_slopes(coefficients, rows, channels, jacobian)
            (values,) = self.products.gradients(dense, row, slopes, [0], jacobian.parameter)
            jacobian.add_to(block, values, row, moved)
