"""Gaussian-type radial functions, orthonormalised after Löwdin."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .hypergeometric import hyp1f1_decaying
from .radial_basis import RadialBasis, check_n_radial


@dataclass(frozen=True)
class Gto(RadialBasis):
    r"""
    Gaussian-type orbitals, the same for every l, orthonormal on the infinite half line.

    .. math:: R_n(r) = \sum_{n'} (S^{-1/2})_{nn'} N_{n'} r^{n'} e^{-r^2 / 2 \sigma_{n'}^2},
        \qquad \sigma_n = r_c \max(\sqrt n, 1) / n_{radial},

    with the norms N and the overlaps S of the primitives. Musil et al., J. Chem. Phys. 154,
    114109 (2021), doi:10.1063/5.0044689. All functions change with the cutoff and with
    ``n_radial``; above 12 functions the overlaps are hard to invert.

    :param n_radial: number of functions, n = 0 … n_radial - 1
    """

    n_radial: int

    def __post_init__(self) -> None:
        check_n_radial("Gto", self.n_radial)

    def n_per_l(self, l_max: int) -> list[int]:
        """All ``n_radial`` functions at every l."""
        return [self.n_radial] * (l_max + 1)

    def widths(self, cutoff: float) -> Tensor:
        """Widths σ_n of the primitives, ``(n,)``, Å."""
        root = torch.arange(self.n_radial, dtype=torch.float64).sqrt()
        return cutoff * root.clamp(min=1.0) / self.n_radial

    def orthonormalization(self, cutoff: float) -> Tensor:
        r"""
        Matrix :math:`S^{-1/2} N`, ``(n, primitive)``, from unnormalised primitives to R_n.

        :raises ValueError: where the primitives are linearly dependent in double precision
        """
        order = torch.arange(self.n_radial, dtype=torch.float64)
        sigma = self.widths(cutoff)
        moments = _gamma(order + 1.5)
        total = order[:, None] + order + 3
        rates = 0.5 / sigma[:, None] ** 2 + 0.5 / sigma**2
        scales = sigma**order * sigma**1.5 * moments.sqrt()
        overlaps = rates ** (-total / 2) * _gamma(total / 2) / (scales[:, None] * scales)
        eigenvalues, eigenvectors = torch.linalg.eigh(overlaps)
        if float(eigenvalues[0]) < 2.2e-16:
            raise ValueError(
                f"Gto(n_radial={self.n_radial}) at cutoff={cutoff} Å: these functions are "
                "linearly dependent in double precision (smallest eigenvalue of their overlaps "
                f"{float(eigenvalues[0]):.1e}). Take fewer, 12 or less, or Laplacian(…)."
            )
        inverse_root = (eigenvectors * eigenvalues**-0.5) @ eigenvectors.T
        return inverse_root * (2.0 / (sigma ** (2 * order + 3) * moments)).sqrt()

    def functions(self, *, cutoff: float, l_max: int) -> torch.nn.Module:
        """Module of the functions themselves, see :class:`RadialBasis`."""
        return _GtoFunctions(self, cutoff, l_max)

    def gaussian_integrals(self, width: float, *, cutoff: float, l_max: int) -> torch.nn.Module:
        """Module of the overlaps with Gaussians, see :class:`RadialBasis`."""
        return _GtoGaussianIntegrals(self, width, cutoff, l_max)


class _GtoFunctions(torch.nn.Module):
    """R_n(r), repeated for every l."""

    rates: Tensor
    mixing: Tensor

    def __init__(self, basis: Gto, cutoff: float, l_max: int):
        super().__init__()
        self.n_radial = basis.n_radial
        self.l_max = l_max
        self.rates = 0.5 / basis.widths(cutoff) ** 2
        self.mixing = basis.orthonormalization(cutoff)

    def forward(self, distances: Tensor) -> Tensor:
        """Distances ``(pair,)`` to values ``(pair, l, n)``."""
        r = distances.to(torch.float64)
        decay = torch.exp(-self.rates.to(r.device) * (r * r).unsqueeze(-1))
        primitives = _powers(r, self.n_radial) * decay  # (pair, primitive)
        values = primitives @ self.mixing.to(r.device).T
        repeated = values.unsqueeze(1).expand(-1, self.l_max + 1, -1)
        return repeated.to(distances.dtype)


class _GtoGaussianIntegrals(torch.nn.Module):
    r"""
    Overlaps of the functions with Gaussians.

    With c = 1 / 2 s^2, d = 1 / 2 σ_n^2, A = (n + l + 3) / 2, B = l + 3 / 2 the primitive gives

    .. math:: (\pi / s^2)^{3/4} e^{-r^2 c d / (c + d)} (c r)^l (c + d)^{-A}
        \frac{\Gamma(A)}{\Gamma(B)} {}_1F_1(\tfrac{l - n}{2}; B; -z), \quad
        z = \frac{(c r)^2}{c + d},

    written so that nothing overflows for sharp Gaussians.
    """

    rates: Tensor
    slopes: Tensor
    prefactors: Tensor
    numerator: Tensor
    denominator: Tensor
    mixing: Tensor

    def __init__(self, basis: Gto, width: float, cutoff: float, l_max: int):
        super().__init__()
        self.l_max = l_max
        order = torch.arange(basis.n_radial, dtype=torch.float64)
        o3_lambda = torch.arange(l_max + 1, dtype=torch.float64)[:, None]
        c, d = 0.5 / width**2, 0.5 / basis.widths(cutoff) ** 2
        # (c r)^l (c + d)^-A = u^l (c + d)^-(n + 3) / 2  with  u = c r / sqrt(c + d)
        prefactors = (math.pi / width**2) ** 0.75 * (c + d) ** (-(order + 3) / 2)
        prefactors = prefactors * _gamma((order + o3_lambda + 3) / 2) / _gamma(o3_lambda + 1.5)
        self.rates = c * d / (c + d)
        self.slopes = c / (c + d).sqrt()
        self.prefactors = prefactors
        self.numerator = (o3_lambda - order) / 2
        self.denominator = o3_lambda + 1.5
        self.mixing = basis.orthonormalization(cutoff)

    def forward(self, distances: Tensor) -> Tensor:
        """Distances ``(pair,)`` to integrals ``(pair, l, n)``."""
        r = distances.to(torch.float64).unsqueeze(-1)
        u = r * self.slopes.to(r.device)  # (pair, primitive)
        series = hyp1f1_decaying(
            self.numerator.to(r.device),
            self.denominator.to(r.device),
            (u * u).unsqueeze(1).expand(-1, self.l_max + 1, -1),
        )
        decay = torch.exp(-self.rates.to(r.device) * r * r).unsqueeze(1)
        growth = _powers(u, self.l_max + 1).transpose(1, 2)  # (pair, l, primitive)
        primitives = self.prefactors.to(r.device) * decay * growth * series
        return (primitives @ self.mixing.to(r.device).T).to(distances.dtype)


def _powers(x: Tensor, count: int) -> Tensor:
    """``x**0 … x**(count-1)`` on a new last axis; derivatives at x = 0 are finite."""
    powers = [torch.ones_like(x)]
    for _ in range(count - 1):
        powers.append(powers[-1] * x)
    return torch.stack(powers, dim=-1)


def _gamma(x: Tensor) -> Tensor:
    """Γ(x) element by element, to the last digit, which exp(lgamma(x)) is not."""
    values = [math.gamma(value) for value in x.flatten().tolist()]
    return torch.tensor(values, dtype=torch.float64).reshape(x.shape)
