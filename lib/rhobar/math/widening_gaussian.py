"""A Gaussian at each atom that is wider the further its atom is from the center."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

CONVENTIONS = ("may2023", "jul2023")


@dataclass(frozen=True)
class WideningGaussian:
    r"""
    A Gaussian whose width grows with the distance of its atom, of integral A(r).

    .. math:: A(r) \, (2 \pi \sigma^2)^{-3/2} e^{-|\mathbf{x}|^2 / 2 \sigma^2}, \qquad
        \sigma(r) = width \cdot e^{rate \cdot r}

    Bigi, Pozdnyakov, Ceriotti, J. Chem. Phys. 161, 044116 (2024), doi:10.1063/5.0208746. Two
    versions of that work differ:

    ========== ====================== =================================================
    convention :math:`A(r)`           coefficients
    ========== ====================== =================================================
    may2023    :math:`e^{-rate\, r}`  as they are
    jul2023    1                      times :math:`\sqrt{8 \pi^2 / (2 l + 1)}`; those of
                                      r < 0.8 Å are those of 0.8 Å
    ========== ====================== =================================================

    The center is not part of its own density.

    >>> WideningGaussian(0.6, 0.2).widths(torch.tensor([1.0, 4.0]))
    tensor([0.7328, 1.3353])

    :param width: of an atom at distance zero, Å
    :param rate: 1/Å; the paper's length of the second convention is its inverse
    :param convention: "may2023" or "jul2023"
    """

    center_weight: ClassVar[float] = 0.0
    scaling: ClassVar[None] = None

    width: float
    rate: float
    convention: str = "may2023"

    def __post_init__(self) -> None:
        received = f"WideningGaussian(width={self.width!r}, rate={self.rate!r})"
        if not (math.isfinite(self.width) and self.width > 0):
            raise ValueError(f"{received}: the width has to be a finite length above zero, in Å.")
        if not (math.isfinite(self.rate) and self.rate >= 0):
            raise ValueError(
                f"{received}: the rate has to be finite and not below zero, in 1/Å; zero is one "
                "width for all atoms."
            )
        if self.convention not in CONVENTIONS:
            raise ValueError(
                f"WideningGaussian(convention={self.convention!r}): choose one of {CONVENTIONS}."
            )

    def nearest(self) -> float:
        """Distance that stands for all below it, Å."""
        return 0.8 if self.convention == "jul2023" else 0.0

    def fading(self) -> float:
        """Rate of the decay of A(r), 1/Å."""
        return self.rate if self.convention == "may2023" else 0.0

    def widths(self, distances: Tensor) -> Tensor:
        """Widths σ(r) at ``distances``, Å, of the same shape."""
        return self.width * torch.exp(self.rate * distances)

    def order_factors(self, l_max: int) -> Tensor:
        """What coefficients of each l are multiplied by, ``(l,)`` float64."""
        if self.convention == "may2023":
            return torch.ones(l_max + 1, dtype=torch.float64)
        orders = torch.arange(l_max + 1, dtype=torch.float64)
        return (8 * math.pi**2 / (2 * orders + 1)).sqrt()
