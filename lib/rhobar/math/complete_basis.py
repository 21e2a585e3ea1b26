"""Radial functions that hold all of a density, instead of a given number."""

import math
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .bessel import scaled_modified_bessel
from .cholesky_pivots import cholesky_pivots
from .radial_basis import RadialBasis
from .widening_gaussian import WideningGaussian

_RESIDUAL = 1e-13
"""part of a neighbor's own overlap that the functions may miss"""


@dataclass(frozen=True)
class CompleteBasis(RadialBasis):
    r"""
    Radial functions whose sums over n are the exact overlaps of widening Gaussians.

    .. math:: \sum_n I_{nl}(r) I_{nl}(r') = k_l(r, r') \qquad \text{with} \qquad
        I_l(r) = L_l^{-1} k_l(r, r_p), \quad L_l L_l^T = k_l(r_p, r_{p'})

    with :math:`k_l` of :func:`widening_overlap` and pivots :math:`r_p` within the cutoff: a
    pivoted Cholesky decomposition of the overlaps, which ends where the rest is below 1e-13 of
    every neighbor's own overlap. By the inequality of Schwarz that bounds all other overlaps. An
    infinite basis of any other kind gives the same sums. Only for :class:`WideningGaussian`.

    :param pivots: for each l the distances :math:`r_p`, Å, in the order of the decomposition;
        :meth:`of` finds them
    """

    pivots: tuple[tuple[float, ...], ...]
    n_radial: int = field(init=False)

    def __post_init__(self) -> None:
        pivots = tuple(tuple(float(r) for r in row) for row in self.pivots)
        object.__setattr__(self, "pivots", pivots)
        object.__setattr__(self, "n_radial", max(map(len, pivots)))

    @classmethod
    def of(cls, density: WideningGaussian, *, cutoff: float, l_max: int) -> Self:
        """The functions that neighbors within ``cutoff`` (Å) need up to ``l_max``."""
        grid = torch.from_numpy(_distances(density, cutoff))
        overlaps = widening_overlap(density, grid[:, None], grid[None, :], l_max)
        own = overlaps[:, :, 0].diagonal().sqrt()
        scaled = overlaps / (own[:, None] * own)[:, :, None]
        return cls(tuple(tuple(grid[_pivots(scaled[:, :, l])].tolist()) for l in range(l_max + 1)))

    def n_per_l(self, l_max: int) -> list[int]:
        """How many functions there are at l = 0 … ``l_max``."""
        if l_max != len(self.pivots) - 1:
            raise ValueError(
                f"CompleteBasis has pivots for l = 0 … {len(self.pivots) - 1}, not {l_max}; make "
                "it with CompleteBasis.of(density, cutoff=…, l_max=…) for the same l_max."
            )
        return [len(row) for row in self.pivots]

    def functions(self, *, cutoff: float, l_max: int) -> torch.nn.Module:
        """Refused: these functions are those of Gaussians."""
        del cutoff, l_max
        raise TypeError("CompleteBasis: there are no such functions for points; use Laplacian(n).")

    def gaussian_integrals(self, width: float, *, cutoff: float, l_max: int) -> torch.nn.Module:
        """Refused: see :meth:`widening_integrals`."""
        del cutoff, l_max
        raise TypeError(
            f"CompleteBasis takes WideningGaussian(width, rate); WideningGaussian({width}, 0.0) "
            "does not widen."
        )

    def widening_integrals(
        self, density: WideningGaussian, *, cutoff: float, l_max: int
    ) -> torch.nn.Module:
        """Module of I_nl, see :class:`RadialBasis`."""
        del cutoff
        self.n_per_l(l_max)
        return _CompleteIntegrals(self, density)


class _CompleteIntegrals(torch.nn.Module):
    """I_nl(r) as the next row of the Cholesky factor of the overlaps."""

    width: float
    rate: float
    fading: float
    nearest: float
    pivots: list[Tensor]
    choleskys: list[Tensor]
    factors: list[float]

    def __init__(self, basis: CompleteBasis, density: WideningGaussian):
        super().__init__()
        self.width, self.rate = density.width, density.rate
        self.fading, self.nearest = density.fading(), density.nearest()
        self.l_max, self.n_radial = len(basis.pivots) - 1, basis.n_radial
        self.factors = density.order_factors(self.l_max).tolist()
        self.pivots = [torch.tensor(row, dtype=torch.float64) for row in basis.pivots]
        self.choleskys = []
        for l, row in enumerate(self.pivots):
            overlaps = self._overlaps(row, row)[:, :, l]
            own = self._overlaps(row, row)[:, :, 0].diagonal().sqrt()
            scaled = torch.linalg.cholesky(overlaps / (own[:, None] * own))
            self.choleskys.append(own[:, None] * scaled)

    def forward(self, distances: Tensor) -> Tensor:
        """Distances ``(pair,)`` to integrals ``(pair, l, n)``."""
        device = distances.device
        r = distances.to(torch.float64).clamp(min=self.nearest)
        rows: list[Tensor] = []
        for l in range(self.l_max + 1):
            pivots = self.pivots[l].to(device)
            overlaps = self._overlaps(pivots, r)[:, :, l]
            functions = torch.linalg.solve_triangular(
                self.choleskys[l].to(device), overlaps, upper=False
            ).transpose(0, 1)
            absent = self.n_radial - pivots.shape[0]
            rows.append(torch.nn.functional.pad(functions * self.factors[l], [0, absent]))
        return torch.stack(rows, dim=1).to(distances.dtype)

    def _overlaps(self, left: Tensor, right: Tensor) -> Tensor:
        left, right = left.unsqueeze(1), right.unsqueeze(0)
        return _overlap(left, right, self.width, self.rate, self.fading, self.l_max)


def widening_overlap(density: WideningGaussian, left: Tensor, right: Tensor, l_max: int) -> Tensor:
    r"""
    Overlap of the densities of two neighbors, of which no radial basis is left.

    .. math:: k_l(r, r') = 4 \pi A(r) A(r') (2 \pi s^2)^{-3/2} e^{-(r - r')^2 / 2 s^2} \,
        [e^{-z} i_l(z)], \quad s^2 = \sigma(r)^2 + \sigma(r')^2, \quad z = r r' / s^2,

    the limit of :math:`\sum_n I_{nl}(r) I_{nl}(r')` for a complete basis on [0, ∞). The integral
    over space of both Gaussians, one of them turned by R, is
    :math:`\sum_{lmm'} D^l_{mm'}(R) Y_{lm} Y_{lm'} k_l`.

    :param left: r, any shape, Å, float64
    :param right: r', of a shape that broadcasts with it
    :returns: ``(..., l_max + 1)``, Å^-3
    """
    left, right = left.clamp(min=density.nearest()), right.clamp(min=density.nearest())
    values = _overlap(left, right, density.width, density.rate, density.fading(), l_max)
    return values * density.order_factors(l_max).square().to(left.device)


def _overlap(
    left: Tensor, right: Tensor, width: float, rate: float, fading: float, l_max: int
) -> Tensor:
    """Overlaps of neighbors that are not too near, without the factors of the orders."""
    squares = width**2 * (torch.exp(2 * rate * left) + torch.exp(2 * rate * right))
    bessel = scaled_modified_bessel(left * right / squares, l_max)
    decay = torch.exp(-0.5 * (left - right).square() / squares - fading * (left + right))
    return (4 * math.pi * decay * (2 * math.pi * squares) ** -1.5).unsqueeze(-1) * bessel


def _distances(density: WideningGaussian, cutoff: float) -> NDArray[np.float64]:
    """Distances within the cutoff: twenty to a width of the Gaussian there, and forty to an Å."""
    fine = torch.linspace(density.nearest(), cutoff, 100_000, dtype=torch.float64)
    count = torch.cumulative_trapezoid(20 / density.widths(fine) + 40, fine).numpy()
    wanted = np.linspace(0.0, count[-1], int(count[-1]) + 2)
    return np.interp(wanted, np.append(0.0, count), fine.numpy())


def _pivots(overlaps: Tensor) -> Tensor:
    """Rows that a pivoted Cholesky decomposition takes, the largest rest first."""
    return cholesky_pivots(
        overlaps.diagonal(), lambda row: overlaps[row], len(overlaps), tolerance=_RESIDUAL
    )
