"""Products of any number of neighbor densities that turn with the structure."""

from typing import Any, Optional

import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from torch import Tensor

from rhobar.math import AtomicDensity, Cutoff, RadialBasis

from .correlated_products import CorrelatedProducts
from .dense_coefficients import dense_coefficients, dense_slopes
from .density_descriptor import DensityDescriptor
from .jacobian import Jacobian
from .neighbor_density import Centers, Coefficients, sample_values


class DensityCorrelations(DensityDescriptor):
    r"""
    Equivariant correlations of ``nu`` neighbors around one center, without redundancy.

    .. math:: \langle l_1 q_1; \dots; l_{\nu} q_{\nu} k_{\nu - 1} | \rho_i^{\nu}; \lambda \mu
              \rangle = \sum_{q m} C^{k l \lambda}_{q m \mu} \langle \dots k_{\nu - 2} |
              \rho_i^{\nu - 1}; k q \rangle \, c^i_{q_\nu l m}, \quad
              k = k_{\nu - 1}, \; l = l_\nu

    with q standing for a neighbor type and a radial function. Nigam, Pozdnyakov, Ceriotti,
    J. Chem. Phys. 153, 121101 (2020), doi:10.1063/5.0021116. A set of factors occurs once, sorted
    by l, then by neighbor type and n. Where factors are equal, couplings depend on each other: of
    these a largest independent set is kept, and combined with the weights of
    :func:`rhobar.math.symmetrized_paths`. The features are as many as there are independent ones,
    and the sum of their squares is that over all orders of the factors and all couplings:
    without ``k_max``, for λ = 0 and both σ, it is :math:`\int dR \, [c \cdot D(R) c]^\nu`.

    Out: keys ``o3_lambda, o3_sigma, center_type``, sorted by center type, then by λ, then with
    σ = 1 first; values ``(center, o3_mu, property)`` with properties ``l_1, l_2, k_2, l_3, …,
    l_nu, neighbor_1_type, n_1, …``; :math:`\sigma = (-1)^{l_1 + \dots + l_\nu + \lambda}` is -1
    for pseudotensors. Neighbor types are those that any center of the type sees; a center without
    them has zeros there.

    :param nu: number of correlated neighbors, at least 2
    :param o3_lambda_max: highest order λ of the features
    :param pseudotensors: whether features with σ = -1 are made
    :param k_max: highest order of intermediate correlations, which for large ``nu`` limits the
        cost but then keeps neither norm nor completeness; None: no limit
    :raises ValueError: for ``nu`` below 2 or orders below 0
    """

    def __init__(
        self,
        cutoff: float | Cutoff,
        *,
        nu: int,
        l_max: int,
        radial: RadialBasis,
        density: AtomicDensity,
        o3_lambda_max: int = 0,
        pseudotensors: bool = True,
        k_max: int | None = None,
        atomic_types: list[int] | None = None,
        pseudo_species: Tensor | None = None,
        spline_accuracy: float | None = 1e-10,
    ):
        if nu < 2:
            raise ValueError(f"nu={nu}: correlations begin at 2; SphericalExpansion is nu = 1.")
        if o3_lambda_max < 0 or (k_max is not None and k_max < 0):
            raise ValueError(
                f"o3_lambda_max={o3_lambda_max} and k_max={k_max} are highest orders, at least 0."
            )
        super().__init__(
            cutoff,
            l_max=l_max,
            radial=radial,
            density=density,
            atomic_types=atomic_types,
            pseudo_species=pseudo_species,
            spline_accuracy=spline_accuracy,
        )
        chosen: dict[str, Any] = {
            "nu": nu,
            "o3_lambda_max": o3_lambda_max,
            "pseudotensors": pseudotensors,
            "k_max": k_max,
        }
        self._arguments |= chosen
        self.products = CorrelatedProducts(n_per_l=self.density.n_per_l, **chosen)

    def features(
        self, coefficients: Coefficients, centers: Centers, selected_keys: Optional[Labels]
    ) -> TensorMap:
        """Blocks ``(center, o3_mu, property)``."""
        keys = self._keys(centers, selected_keys)
        names: list[list[int]] = keys.to(torch.int64).tolist()
        center_types: list[int] = torch.unique(keys[:, 2]).to(torch.int64).tolist()
        made: dict[int, TensorBlock] = {}
        for center_type in center_types:
            rows = torch.where(centers.type == center_type)[0]
            channels = self.density.channels_of(coefficients, centers, center_type)
            dense = dense_coefficients(coefficients, rows, channels, centers.type.shape[0])
            wanted = self._wanted(names, center_type)
            samples = Labels(["system", "atom"], sample_values(centers, rows))
            blocks = self.products.blocks(dense, channels, wanted, samples)
            for k, name in enumerate(names):
                if name[2] == center_type:
                    made[k] = blocks[wanted.index(self._number(name))]
        labels = Labels(["o3_lambda", "o3_sigma", "center_type"], keys)
        return TensorMap(labels, [made[k] for k in range(len(names))])

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
        names: list[list[int]] = keys.values.tolist()
        for center_type in sorted({name[2] for name in names}):
            rows = torch.where(centers.type == center_type)[0]
            channels = self.density.channels_of(coefficients, centers, center_type)
            dense = dense_coefficients(coefficients, rows, channels, len(centers.type))
            row, moved, slopes = dense_slopes(coefficients, rows, channels, jacobian)
            wanted = self._wanted(names, center_type)
            gradients = self.products.gradients(dense, row, slopes, wanted, jacobian.parameter)
            for name, block in zip(names, blocks, strict=True):
                if name[2] == center_type:
                    values = gradients[wanted.index(self._number(name))]
                    jacobian.add_to(block, values, row, moved)

    def _keys(self, centers: Centers, selected: Optional[Labels]) -> Tensor:
        """Names of the blocks ``(block, 3)``."""
        if selected is not None:
            return selected.values
        names: list[list[int]] = []
        center_types: list[int] = self.density.center_types(centers).tolist()
        for center_type in center_types:
            for o3_lambda, o3_sigma in self.products.symmetries:
                names.append([o3_lambda, o3_sigma, center_type])
        device = centers.type.device
        return torch.tensor(names, dtype=torch.int32, device=device).reshape(-1, 3)

    def _wanted(self, names: list[list[int]], center_type: int) -> list[int]:
        """Numbers of the symmetries named for one center type, sorted."""
        wanted: list[int] = []
        for name in names:
            if name[2] == center_type:
                wanted.append(self._number(name))
        wanted.sort()
        return wanted

    def _number(self, name: list[int]) -> int:
        """Number of the symmetry of a block."""
        for number, (o3_lambda, o3_sigma) in enumerate(self.products.symmetries):
            if name[0] == o3_lambda and name[1] == o3_sigma:
                return number
        raise ValueError(
            f"there is no block with o3_lambda={name[0]}, o3_sigma={name[1]}; this descriptor has "
            f"those of {self.products.symmetries}."
        )
