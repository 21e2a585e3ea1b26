"""Kernels of one order of correlation from those of lower orders, by Clebsch-Gordan products."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from rhobar.math import clebsch_gordan

Irreps = dict[tuple[int, int], Tensor]
"""Kernels ``(pair, mu, mu')`` by ``(o3_lambda, o3_sigma)``"""


def overlap_blocks(overlaps: Tensor, l_max: int) -> list[Tensor]:
    """The overlaps ``(pair, sum of (2 l + 1)**2)`` of each l, ``(pair, m, m')``."""
    sizes = [(2 * l + 1) ** 2 for l in range(l_max + 1)]
    parts = overlaps.split(sizes, dim=1)
    return [part.unflatten(1, (2 * l + 1, 2 * l + 1)) for l, part in enumerate(parts)]


@dataclass(frozen=True)
class CgIteration:
    r"""
    Wigner kernels of ν = 1 … nu_max, where orders of angular momentum above a limit are left out.

    .. math:: \kappa^{\nu + \nu'}_{\lambda\sigma, \mu\mu'} = \sum_{l_1 \sigma_1 l_2 \sigma_2}
        \sum_{m_1 m_2 m_1' m_2'} C^{l_1 l_2 \lambda}_{m_1 m_2 \mu}
        C^{l_1 l_2 \lambda}_{m_1' m_2' \mu'}
        \kappa^\nu_{l_1 \sigma_1, m_1 m_1'} \kappa^{\nu'}_{l_2 \sigma_2, m_2 m_2'}, \quad
        \sigma = \sigma_1 \sigma_2 (-1)^{l_1 + l_2 + \lambda}

    Bigi, Pozdnyakov, Ceriotti, J. Chem. Phys. 161, 044116 (2024), doi:10.1063/5.0208746. All
    :math:`\lambda \le` ``lambda_max`` are kept up to :math:`\nu_e = \lceil \nu_{max} / 2 \rceil`;
    the target of every order ν > 1 is one more product, of orders :math:`\min(\nu_e, \nu - 1)` and
    what is missing to ν. Invariants of ν ≤ 3 are exact where ``lambda_max`` ≥ ``l_max``, all
    kernels where it is at least :math:`\nu_e l_{max}` too.

    :param l_max: highest order of the densities, included
    :param nu_max: highest order of correlation, included
    :param lambda_max: highest order of angular momentum that is kept between products
    :param target: ``(o3_lambda, o3_sigma)`` of the kernels that are wanted
    """

    l_max: int
    nu_max: int
    lambda_max: int
    target: tuple[int, int] = (0, 1)

    def __post_init__(self) -> None:
        check_orders(type(self).__name__, self.l_max, self.nu_max, self.target)
        if not (isinstance(self.lambda_max, int) and self.lambda_max >= 0):
            raise ValueError(
                f"CgIteration(lambda_max={self.lambda_max!r}): a whole number, at least 0, is due."
            )

    def of_pairs(self, overlaps: Tensor) -> Tensor:
        """
        The kernels of some pairs of environments; the reference, in dense sums.

        :param overlaps: ``(pair, sum of (2 l + 1)**2)``, see :func:`density_overlaps`
        :returns: ``(pair, nu_max, 2 o3_lambda + 1, 2 o3_lambda + 1)``
        """
        first = {(l, 1): block for l, block in enumerate(overlap_blocks(overlaps, self.l_max))}
        kept = [(l, sigma) for l in range(self.lambda_max + 1) for sigma in (1, -1)]
        orders = [first]
        for _ in range((self.nu_max + 1) // 2 - 1):
            orders.append(coupled_kernels(orders[-1], first, kept))
        o3_lambda, _ = self.target
        size = 2 * o3_lambda + 1
        absent = overlaps.new_zeros(len(overlaps), size, size)
        wanted = [first.get(self.target, absent)]
        for nu in range(2, self.nu_max + 1):
            larger = min(len(orders), nu - 1)
            parts = coupled_kernels(orders[larger - 1], orders[nu - larger - 1], [self.target])
            wanted.append(parts.get(self.target, absent))
        return torch.stack(wanted, dim=1)


def coupled_kernels(left: Irreps, right: Irreps, wanted: list[tuple[int, int]]) -> Irreps:
    """The ``wanted`` parts of the product of two kernels, those that are not zero by symmetry."""
    found: Irreps = {}
    for (l1, sigma1), a in left.items():
        for (l2, sigma2), b in right.items():
            for o3_lambda, o3_sigma in wanted:
                if not abs(l1 - l2) <= o3_lambda <= l1 + l2:
                    continue
                if o3_sigma != sigma1 * sigma2 * (-1) ** (l1 + l2 + o3_lambda):
                    continue
                coefficients = clebsch_gordan(l1, l2, o3_lambda).to(a)
                rows = torch.einsum("xyu,pxi->pyui", coefficients, a)  # (pair, m2, mu, m1')
                rows = torch.einsum("pyui,pyj->puij", rows, b)  # (pair, mu, m1', m2')
                part = torch.einsum("puij,ijv->puv", rows, coefficients)
                known = found.get((o3_lambda, o3_sigma))
                found[o3_lambda, o3_sigma] = part if known is None else known + part
    return found


def check_orders(name: str, l_max: int, nu_max: int, target: tuple[int, int]) -> None:
    """Refuse orders that no kernel has."""
    if not (isinstance(l_max, int) and l_max >= 0):
        raise ValueError(f"{name}(l_max={l_max!r}): a whole number, at least 0, is due.")
    if not (isinstance(nu_max, int) and nu_max >= 1):
        raise ValueError(f"{name}(nu_max={nu_max!r}): a whole number, at least 1, is due.")
    if not (len(target) == 2 and target[0] >= 0 and target[1] in (1, -1)):
        raise ValueError(
            f"{name}(target={target!r}): give (o3_lambda, o3_sigma), such as (0, 1) for energies "
            "or (1, 1) for dipoles."
        )
