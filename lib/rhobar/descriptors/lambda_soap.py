"""Products of two neighbor densities that turn with the structure."""

from typing import Optional

import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from torch import Tensor

from rhobar.math import AtomicDensity, Cutoff, RadialBasis, clebsch_gordan

from .blocks import o3_mu
from .dense_coefficients import dense_coefficients, dense_slopes, of_order
from .density_descriptor import DensityDescriptor
from .jacobian import Jacobian, refuse_what_cannot_fit
from .neighbor_density import Centers, Coefficients, sample_values


class LambdaSoap(DensityDescriptor):
    r"""
    Equivariant products of two neighbor densities around one center: λ-SOAP (nu = 2).

    .. math:: p^{i,\lambda\mu}_{l_1 a_1 n_1, l_2 a_2 n_2} = \sigma \sum_{m_1 m_2}
              C^{l_1 l_2 \lambda}_{m_1 m_2 \mu} c^i_{a_1 n_1 l_1 m_1} c^i_{a_2 n_2 l_2 m_2}

    with real Clebsch-Gordan coefficients. Grisafi, Wilkins, Csanyi, Ceriotti, Phys. Rev. Lett.
    120, 036002 (2018), doi:10.1103/PhysRevLett.120.036002. Labels and redundancy are those of
    featomic's ``EquivariantPowerSpectrum`` with ``neighbors_to_properties=True``: orders with
    :math:`l_1 \le l_2`, all pairs of types and radial functions, no factor √2; so is the sign
    σ in front, which stands for coupling the second density with the first.

    Out: keys ``o3_lambda, o3_sigma, center_type``; values ``(center, o3_mu, property)`` with
    properties ``l_1, l_2, neighbor_1_type, n_1, neighbor_2_type, n_2``; λ runs to 2 ``l_max``;
    :math:`\sigma = (-1)^{l_1 + l_2 + \lambda}` is -1 for pseudotensors. Neighbor types are those
    that any center of the type sees; a center without them has zeros there.
    """

    couplings: list[tuple[int, int, int, int]]
    tables: list[Tensor]
    symmetries: list[tuple[int, int]]

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
        self.couplings = [
            (l_1, l_2, o3_lambda, 1 - 2 * ((l_1 + l_2 + o3_lambda) % 2))
            for l_1 in range(l_max + 1)
            for l_2 in range(l_1, l_max + 1)
            for o3_lambda in range(l_2 - l_1, l_1 + l_2 + 1)
        ]
        # the sign that featomic's products have where l_1 + l_2 + λ is odd
        self.tables = [
            sign * clebsch_gordan(l_1, l_2, coupled) for l_1, l_2, coupled, sign in self.couplings
        ]
        self.symmetries = list(
            dict.fromkeys((coupled, sign) for _, _, coupled, sign in self.couplings)
        )

    def features(
        self, coefficients: Coefficients, centers: Centers, selected_keys: Optional[Labels]
    ) -> TensorMap:
        """Blocks ``(center, o3_mu, property)``."""
        keys = self._keys(centers, selected_keys)
        blocks: list[TensorBlock] = []
        names: list[list[int]] = keys.to(torch.int64).tolist()
        for name in names:
            rows = torch.where(centers.type == name[2])[0]
            channels = self.density.channels_of(coefficients, centers, name[2])
            dense = dense_coefficients(coefficients, rows, channels, centers.type.shape[0])
            blocks.append(
                TensorBlock(
                    values=self._products(dense, dense, name[0], name[1]),
                    samples=Labels(["system", "atom"], sample_values(centers, rows)),
                    components=[o3_mu(name[0], dense.device)],
                    properties=self._properties(name[0], name[1], channels),
                )
            )
        return TensorMap(Labels(["o3_lambda", "o3_sigma", "center_type"], keys), blocks)

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
        for key, block in zip(keys, blocks, strict=True):
            o3_lambda, o3_sigma, center_type = (int(x) for x in key.values)
            rows = torch.where(centers.type == center_type)[0]
            channels = self.density.channels_of(coefficients, centers, center_type)
            dense = dense_coefficients(coefficients, rows, channels, len(centers.type))
            row, moved, slopes = dense_slopes(coefficients, rows, channels, jacobian)
            n_axes = slopes.shape[1]
            shape = (len(row), n_axes, *block.values.shape[1:])
            refuse_what_cannot_fit(
                torch.Size(shape).numel(), dense.dtype, f"{jacobian.parameter} gradients"
            )
            values = dense.new_empty(shape)
            for part in torch.arange(len(row)).split(512):
                there = dense[row[part]]
                for axis in range(n_axes):
                    slope = slopes[part, axis]
                    values[part, axis] = self._products(slope, there, o3_lambda, o3_sigma)
                    values[part, axis] += self._products(there, slope, o3_lambda, o3_sigma)
            jacobian.add_to(block, values, row, moved)

    def _keys(self, centers: Centers, selected: Optional[Labels]) -> Tensor:
        """Names of the blocks ``(block, 3)``: by center type, then as couplings first occur."""
        device = centers.type.device
        if selected is not None:
            return selected.values
        names: list[list[int]] = []
        center_types: list[int] = self.density.center_types(centers).tolist()
        for center_type in center_types:
            for o3_lambda, o3_sigma in self.symmetries:
                names.append([o3_lambda, o3_sigma, center_type])
        return torch.tensor(names, dtype=torch.int32, device=device).reshape(-1, 3)

    def _products(self, first: Tensor, second: Tensor, o3_lambda: int, o3_sigma: int) -> Tensor:
        """Couplings to one λ, σ of two ``(row, lm, channel, n)``: ``(row, mu, property)``."""
        parts: list[Tensor] = []
        for k, (l_1, l_2, coupled, sign) in enumerate(self.couplings):
            if coupled == o3_lambda and sign == o3_sigma:
                left = of_order(first, l_1, self.density.n_per_l[l_1])
                right = of_order(second, l_2, self.density.n_per_l[l_2])
                table = self.tables[k].to(right)
                # (row, m_1, mu * q_2), then the sum over m_1 as one product of matrices
                half = torch.einsum("mnk,inq->imkq", table, right).flatten(2)
                products = torch.matmul(left.transpose(1, 2), half)  # (row, q_1, mu * q_2)
                products = products.unflatten(2, [2 * coupled + 1, right.shape[2]])
                parts.append(products.transpose(1, 2).flatten(2))
        if len(parts) == 0:
            return first.new_zeros([first.shape[0], 2 * o3_lambda + 1, 0])
        return torch.cat(parts, dim=2)

    def _properties(self, o3_lambda: int, o3_sigma: int, channels: Tensor) -> Labels:
        """Names of the columns of :meth:`_products`."""
        types: list[int] = channels.tolist()
        values: list[list[int]] = []
        for l_1, l_2, coupled, sign in self.couplings:
            if coupled == o3_lambda and sign == o3_sigma:
                for type_1 in types:
                    for n_1 in range(self.density.n_per_l[l_1]):
                        for type_2 in types:
                            for n_2 in range(self.density.n_per_l[l_2]):
                                values.append([l_1, l_2, type_1, n_1, type_2, n_2])
        names = ["l_1", "l_2", "neighbor_1_type", "n_1", "neighbor_2_type", "n_2"]
        table = torch.tensor(values, dtype=torch.int32, device=channels.device)
        return Labels(names, table.reshape(-1, 6))
