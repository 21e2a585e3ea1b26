"""What stands for one atom in a density: a Gaussian, its limit, a point, or one that widens."""

import math
from dataclasses import dataclass

from .widening_gaussian import WideningGaussian
from .willatt import Willatt


@dataclass(frozen=True)
class Gaussian:
    r"""
    A Gaussian at each atom, normalised in the square: :math:`\int g^2 = 1`.

    .. math:: g(\mathbf{x}) = (\pi s^2)^{-3/4} e^{-|\mathbf{x}|^2 / 2 s^2}

    :param width: s in the formula, Å
    :param center_weight: weight of the center in its own density
    :param scaling: weight of neighbors by distance, or None for no such weight
    """

    width: float
    center_weight: float = 1.0
    scaling: Willatt | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.width) and self.width > 0):
            raise ValueError(
                f"Gaussian(width={self.width!r}): the width has to be a finite length above "
                "zero, in Å; its limit at zero is Dirac()."
            )
        _check_density("Gaussian", self.center_weight, self.scaling)


@dataclass(frozen=True)
class Dirac:
    """
    A point at each atom: the limit of sharp Gaussians, but for a constant factor.

    :param center_weight: weight of the center in its own density
    :param scaling: weight of neighbors by distance, or None for no such weight
    """

    center_weight: float = 1.0
    scaling: Willatt | None = None

    def __post_init__(self) -> None:
        _check_density("Dirac", self.center_weight, self.scaling)


AtomicDensity = Gaussian | Dirac | WideningGaussian
"""all that a neighbor density can be made of"""


def _check_density(name: str, center_weight: float, scaling: object) -> None:
    """Refuse what no density can have, whatever its shape."""
    if not math.isfinite(center_weight):
        raise ValueError(f"{name}(center_weight={center_weight!r}): the weight has to be finite.")
    if scaling is not None and not isinstance(scaling, Willatt):
        raise TypeError(
            f"{name}(scaling={scaling!r}): the scaling has to be None or Willatt(scale=…, rate=…, "
            "exponent=…)."
        )
