"""Eigenstates of the Laplacian in a sphere: the smoothest radial functions for their number."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .bessel import scaled_modified_bessel, spherical_bessel_zeros
from .radial_basis import RadialBasis, check_n_radial
from .widening_gaussian import WideningGaussian
from .widening_integrals import WideningIntegrals


@dataclass(frozen=True)
class Laplacian(RadialBasis):
    r"""
    Spherical Bessel functions that vanish at the cutoff: eigenstates of the Laplacian.

    .. math:: R_{nl}(r) = \sqrt{2 / r_c^3} \, j_l(z_{nl} r / r_c) / |j_{l+1}(z_{nl})|, \quad
        r \le r_c,

    with the zeros z of j_l; zero beyond the cutoff, orthonormal on [0, r_c]. Bigi,
    Huguenin-Dumittan, Ceriotti, Manolopoulos, J. Chem. Phys. 157, 234101 (2022),
    doi:10.1063/5.0124363.

    >>> Laplacian(4, energy_truncated=True).n_per_l(7)
    [4, 3, 3, 2, 2, 1, 1, 1]

    :param n_radial: number of functions at l = 0
    :param energy_truncated: keep only functions whose energy :math:`(z_{nl} / r_c)^2` does not
        exceed that of the last one at l = 0, so that fewer are left at higher l; otherwise every
        l has ``n_radial`` functions
    """

    n_radial: int
    energy_truncated: bool = False

    def __post_init__(self) -> None:
        check_n_radial("Laplacian", self.n_radial)

    def n_per_l(self, l_max: int) -> list[int]:
        """
        How many functions there are at l = 0 … ``l_max``.

        :raises ValueError: where the truncation leaves no function at ``l_max``
        """
        if not self.energy_truncated:
            return [self.n_radial] * (l_max + 1)
        counts = [int(count) for count in self._kept(l_max).sum(axis=1)]
        if counts[-1] == 0:
            largest = sum(count > 0 for count in counts) - 1
            raise ValueError(
                f"{self!r} has no function at l_max={l_max}: its energies end at l = {largest}. "
                f"Ask for l_max <= {largest}, or for more radial functions."
            )
        return counts

    def l_max_useful(self) -> int:
        """The highest l at which the truncation leaves a function."""
        if not self.energy_truncated:
            raise ValueError(
                f"{self!r} has functions at every l: choose l_max, or set energy_truncated=True."
            )
        # the first zero of j_l lies above l + 1/2, which bounds the search
        bound = math.ceil(self.n_radial * math.pi)
        return int((self._kept(bound).sum(axis=1) > 0).sum()) - 1

    def _kept(self, l_max: int) -> np.ndarray:
        """Which functions ``(l, n)`` the truncation by energy keeps."""
        zeros = spherical_bessel_zeros(l_max, self.n_radial)
        # zeros of different l never coincide; the last one at l = 0 has to compare as its own
        kept: np.ndarray = zeros <= self.n_radial * math.pi * (1 + 1e-12)
        return kept

    def functions(self, *, cutoff: float, l_max: int) -> torch.nn.Module:
        """Module of the functions themselves, see :class:`RadialBasis`."""
        return _LaplacianFunctions(self, cutoff, l_max)

    def gaussian_integrals(self, width: float, *, cutoff: float, l_max: int) -> torch.nn.Module:
        """Module of the overlaps with Gaussians, see :class:`RadialBasis`."""
        return _LaplacianGaussianIntegrals(self, width, cutoff, l_max)

    def widening_integrals(
        self, density: WideningGaussian, *, cutoff: float, l_max: int
    ) -> torch.nn.Module:
        """Module of the overlaps with widening Gaussians, see :class:`RadialBasis`."""
        return WideningIntegrals(self, density, cutoff, l_max)


class _LaplacianFunctions(torch.nn.Module):
    r"""
    R_nl(r), with the Bessel functions as integrals over the cosine of an angle,

    .. math:: j_l(x) = \frac{(-i)^l}{2} \int_{-1}^{1} e^{i x t} P_l(t) \, dt

    (DLMF 10.54.2): smooth at x = 0, with an absolute error of 1e-15.
    """

    cutoff: float
    odd: Tensor
    nodes: Tensor
    legendre: Tensor
    frequencies: Tensor
    norms: Tensor

    def __init__(self, basis: Laplacian, cutoff: float, l_max: int):
        super().__init__()
        from scipy.special import eval_legendre, spherical_jn

        self.cutoff = cutoff
        zeros = spherical_bessel_zeros(l_max, basis.n_radial)
        orders = np.arange(l_max + 1)[:, None]
        norms = math.sqrt(2 / cutoff**3) / np.abs(spherical_jn(orders + 1, zeros))
        norms *= np.arange(basis.n_radial) < np.array(basis.n_per_l(l_max))[:, None]
        # half of the nodes are enough: the integrand is even or odd in t with P_l
        nodes, weights = np.polynomial.legendre.leggauss(2 * int(zeros.max() / 4 + l_max / 4 + 12))
        nodes, weights = nodes[nodes > 0], weights[nodes > 0]
        signs = (-1.0) ** (orders // 2)
        legendre = signs * weights * eval_legendre(orders, nodes)  # (l, node)
        self.odd = torch.arange(l_max + 1)[:, None, None] % 2 == 1
        self.nodes = torch.from_numpy(nodes)
        self.legendre = torch.from_numpy(legendre[:, None, :])
        self.frequencies = torch.from_numpy(zeros / cutoff)
        self.norms = torch.from_numpy(norms)

    def forward(self, distances: Tensor) -> Tensor:
        """Distances ``(pair,)`` to values ``(pair, l, n)``."""
        r = distances.to(torch.float64)[:, None, None]
        phases = (r * self.frequencies.to(r.device)).unsqueeze(-1)
        phases = phases * self.nodes.to(r.device)  # (pair, l, n, node)
        waves = torch.where(self.odd.to(r.device), torch.sin(phases), torch.cos(phases))
        bessel = (waves * self.legendre.to(r.device)).sum(-1)
        inside = (r <= self.cutoff).to(torch.float64)
        return (self.norms.to(r.device) * bessel * inside).to(distances.dtype)


class _LaplacianGaussianIntegrals(torch.nn.Module):
    r"""
    Overlaps of the functions with Gaussians, by Gauss-Legendre quadrature over [0, r_c],

    .. math:: I_{nl}(r) = \frac{4 \pi}{(\pi s^2)^{3/4}} \int_0^{r_c} x^2 R_{nl}(x) \,
        e^{-(x - r)^2 / 2 s^2} \, [e^{-z} i_l(z)] \, dx, \quad z = x r / s^2,

    with as many nodes as the width of the Gaussian and the waves of R_nl need for 1e-14. Cost
    and memory: pairs times nodes times l.
    """

    width: float
    nodes: Tensor
    projection: Tensor

    def __init__(self, basis: Laplacian, width: float, cutoff: float, l_max: int):
        super().__init__()
        self.width = width
        self.l_max = l_max
        # error exp(-8 m^2 s^2 / r_c^2) of m nodes for the Gaussian, one node per radian for R_nl
        waves = float(spherical_bessel_zeros(l_max, basis.n_radial).max())
        count = math.ceil(2.3 * cutoff / width + waves / 2) + 20
        nodes, weights = np.polynomial.legendre.leggauss(count)
        x = torch.from_numpy((nodes + 1) * cutoff / 2)
        values = basis.values(x, cutoff=cutoff, l_max=l_max)  # (node, l, n)
        scale = 4 * math.pi / (math.pi * width**2) ** 0.75
        weight = scale * x * x * torch.from_numpy(weights * cutoff / 2)
        projection = (values * weight[:, None, None]).permute(1, 0, 2)
        self.nodes = x
        self.projection = projection  # (l, node, n)

    def forward(self, distances: Tensor) -> Tensor:
        """Distances ``(pair,)`` to integrals ``(pair, l, n)``."""
        nodes = self.nodes.to(distances.device)
        r = distances.to(torch.float64).unsqueeze(-1)
        bessel = scaled_modified_bessel(r * nodes / self.width**2, self.l_max)
        decay = torch.exp(-0.5 * ((nodes - r) / self.width) ** 2).unsqueeze(-1)
        kernel = (decay * bessel).permute(2, 0, 1)  # (l, pair, node)
        integrals = kernel @ self.projection.to(r.device)
        return integrals.permute(1, 0, 2).to(distances.dtype)
