"""Radial scaling: how much a neighbor counts depending on its distance."""

import math

import torch
from torch import Tensor


class Willatt(torch.nn.Module):
    r"""
    Weight of a neighbor at distance r, smaller for far ones: a prior on what matters most.

    .. math:: u(r) = \frac{rate}{rate + (r / scale)^{exponent}}

    Willatt, Musil, Ceriotti, Phys. Chem. Chem. Phys. 20, 29661 (2018), doi:10.1039/C8CP05921G.
    It multiplies the density of a whole neighbor, as the cutoff function does.

    >>> Willatt(scale=2.0, rate=1.0, exponent=4)(torch.tensor([0.0, 2.0]))
    tensor([1.0000, 0.5000])

    :param scale: distance that the power is measured in, Å
    :param rate: the power at which a neighbor counts half; a larger one reaches further
    :param exponent: power with which far neighbors fade, at least 1
    """

    scale: float
    rate: float
    exponent: float

    def __init__(self, *, scale: float, rate: float, exponent: float):
        super().__init__()
        received = f"Willatt(scale={scale!r}, rate={rate!r}, exponent={exponent!r})"
        if not (math.isfinite(scale) and scale > 0):
            raise ValueError(f"{received}: the scale has to be a finite length above zero, in Å.")
        if not (math.isfinite(rate) and rate > 0):
            raise ValueError(
                f"{received}: the rate has to be finite and above zero. With a rate of zero the "
                "weight of the center itself, at r = 0, has no value."
            )
        if not (math.isfinite(exponent) and exponent >= 1):
            raise ValueError(
                f"{received}: the exponent has to be finite and at least 1. For no scaling at "
                "all give `scaling=None` to the density."
            )
        self.scale = float(scale)
        self.rate = float(rate)
        self.exponent = float(exponent)

    def forward(self, distances: Tensor) -> Tensor:
        """Weights ``(pair,)`` of neighbors at ``distances`` ``(pair,)``, Å."""
        return self.rate / (self.rate + (distances / self.scale) ** self.exponent)

    def extra_repr(self) -> str:
        """The constructor's arguments, for ``repr``."""
        return f"scale={self.scale}, rate={self.rate}, exponent={self.exponent}"
