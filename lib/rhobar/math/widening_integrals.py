"""Radial functions of neighbors whose Gaussians widen with distance."""

import math

import numpy as np
import torch
from torch import Tensor

from .bessel import scaled_modified_bessel, spherical_bessel_zeros
from .radial_basis import RadialBasis
from .widening_gaussian import WideningGaussian


class WideningIntegrals(torch.nn.Module):
    r"""
    Overlaps of radial functions with widening Gaussians, by quadrature over [0, r_c],

    .. math:: I_{nl}(r) = 4 \pi A(r) \int_0^{r_c} x^2 R_{nl}(x) \, (2 \pi \sigma^2)^{-3/2}
        e^{-(x - r)^2 / 2 \sigma^2} \, [e^{-z} i_l(z)] \, dx, \quad
        z = x r / \sigma^2, \quad \sigma = \sigma(r),

    Å^(-3/2), with as many Gauss-Legendre nodes as the sharpest Gaussian and the waves of R_nl
    need for 1e-13. What the Gaussian has beyond the cutoff is left out. Cost and memory: pairs
    times nodes times l.
    """

    width: float
    rate: float
    fading: float
    nearest: float
    nodes: Tensor
    projection: Tensor

    def __init__(self, basis: RadialBasis, density: WideningGaussian, cutoff: float, l_max: int):
        super().__init__()
        self.width, self.rate = density.width, density.rate
        self.fading, self.nearest = density.fading(), density.nearest()
        self.l_max = l_max
        # error exp(-8 m^2 s^2 / r_c^2) of m nodes for the Gaussian, one node per radian for R_nl
        waves = float(spherical_bessel_zeros(l_max, basis.n_radial).max())
        sharpest = float(density.widths(torch.tensor(self.nearest)))
        count = math.ceil(2.3 * cutoff / sharpest + waves / 2) + 20
        nodes, weights = np.polynomial.legendre.leggauss(count)
        x = torch.from_numpy((nodes + 1) * cutoff / 2)
        values = basis.values(x, cutoff=cutoff, l_max=l_max)  # (node, l, n)
        scale = 4 * math.pi / (2 * math.pi) ** 1.5
        weight = scale * x * x * torch.from_numpy(weights * cutoff / 2)
        projection = (values * weight[:, None, None]).permute(1, 0, 2)
        self.nodes = x
        self.projection = projection * density.order_factors(l_max)[:, None, None]  # (l, node, n)

    def forward(self, distances: Tensor) -> Tensor:
        """Distances ``(pair,)`` to integrals ``(pair, l, n)``."""
        nodes = self.nodes.to(distances.device)
        r = distances.to(torch.float64).clamp(min=self.nearest).unsqueeze(-1)
        sharpness = torch.exp(-self.rate * r) / self.width
        bessel = scaled_modified_bessel(r * nodes * sharpness.square(), self.l_max)
        decay = torch.exp(-0.5 * ((nodes - r) * sharpness).square() - self.fading * r)
        decay = (decay * sharpness**3).unsqueeze(-1)
        kernel = (decay * bessel).permute(2, 0, 1)  # (l, pair, node)
        integrals = kernel @ self.projection.to(r.device)
        return integrals.permute(1, 0, 2).to(distances.dtype)
