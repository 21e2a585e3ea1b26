"""The radius of an environment and how smoothly neighbors leave it."""

import math

import torch
from torch import Tensor


class Cutoff(torch.nn.Module):
    r"""
    Weight of a neighbor at distance r: one, falling to zero as half a cosine wave before r_c.

    .. math:: f_c(r) = \begin{cases} 1 & r \le r_c - w \\
        \frac{1}{2} [1 + \cos(\pi (r - r_c + w) / w)] & r_c - w < r < r_c \\
        0 & r \ge r_c \end{cases}

    Behler, J. Chem. Phys. 134, 074106 (2011), doi:10.1063/1.3553717, there with w = r_c. The
    first derivative is continuous, the second jumps at both ends of the cosine.

    >>> Cutoff(4.0, width=0.5)(torch.tensor([1.0, 3.75, 4.0]))
    tensor([1.0000, 0.5000, 0.0000])

    :param radius: distance from which on neighbors do not count, Å
    :param width: length of the smooth end, Å; 0.0 is a step
    """

    radius: float
    width: float

    def __init__(self, radius: float, width: float = 0.5):
        super().__init__()
        if not (math.isfinite(radius) and radius > 0):
            raise ValueError(
                f"Cutoff(radius={radius!r}): the radius has to be a finite number above zero, in Å."
            )
        if not 0 <= width < radius:
            raise ValueError(
                f"Cutoff(radius={radius!r}, width={width!r}): the width of the smooth end has to "
                f"be at least 0.0 (a step) and below the radius, in Å."
            )
        self.radius = float(radius)
        self.width = float(width)

    def forward(self, distances: Tensor) -> Tensor:
        """Weights ``(pair,)`` of neighbors at ``distances`` ``(pair,)``, Å."""
        if self.width == 0.0:
            return (distances < self.radius).to(distances.dtype)
        phase = (distances - (self.radius - self.width)) / self.width
        return 0.5 * (1.0 + torch.cos(math.pi * phase.clamp(0.0, 1.0)))

    def extra_repr(self) -> str:
        """The constructor's arguments, for ``repr``."""
        return f"radius={self.radius}, width={self.width}"
