"""What descriptors see where the two sheets of the methane manifold cross."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from rhobar.counterexamples import MethaneManifold

from .environment_jacobian import CenterDescriptor, environment_jacobians
from .jacobian_spectrum import JacobianSpectrum, spectrum_of

_MOVED = 3  # number of C among the four hydrogens


@dataclass(frozen=True)
class SheetPoint:
    """A descriptor of the carbon at one separation v of the two sheets."""

    v: float
    """Å"""
    spectrum: JacobianSpectrum
    """of the structure with +v"""
    response: float
    """length of the derivative of the features by the y of C, over the largest singular value"""
    difference: float
    """distance between the features of both structures, over their length"""


def along_manifold(
    descriptor: CenterDescriptor,
    separations: Sequence[float],
    *,
    manifold: MethaneManifold | None = None,
    step: float | None = None,
) -> list[SheetPoint]:
    r"""
    Sensitivity of a descriptor as the sheets :math:`X^\pm(u, v)` of methane approach each other.

    Features of two neighbors (ν = 2) are the same on both sheets, hence even in v, and their
    smallest singular value falls in proportion to v, while the structure at v = 0 has no symmetry
    that would ask for it: there a model of such features has no force on C along y, whatever its
    weights. Those of three neighbors tell the sheets apart and stay sensitive. Pozdnyakov, Zhang,
    Ortner, Csanyi, Ceriotti, Open Res. Europe 1, 126 (2021), doi:10.12688/openreseurope.14156.1.

    Give a density with ``center_weight=0.0`` to see the response of the hydrogens' density alone.

    :param descriptor: see :func:`jacobian_spectrum`; of the carbon, within more than 1.3 Å
    :param separations: v, Å
    :param manifold: which u, and whether bonds are plausible; its v does not count
    :param step: see :func:`environment_jacobians`
    """
    manifold = manifold or MethaneManifold()
    pairs = [replace(manifold, v=float(v)).pair() for v in separations]
    lower, upper = (
        environment_jacobians(descriptor, structures, step=step)
        for structures in zip(*pairs, strict=True)
    )
    points = []
    for v, minus, plus in zip(separations, lower, upper, strict=True):
        spectrum = spectrum_of(plus)
        response = float(np.linalg.norm(plus.slopes[:, _MOVED, 1]))
        apart = float(np.linalg.norm(plus.features - minus.features))
        points.append(
            SheetPoint(
                v=float(v),
                spectrum=spectrum,
                response=response / float(spectrum.singular_values[0]),
                difference=apart / spectrum.feature_norm,
            )
        )
    return points


def collapse_exponent(points: Sequence[SheetPoint]) -> float:
    """
    Slope of log(smallest / largest singular value) against log(v), by least squares.

    1 where the smallest one falls in proportion to v, 0 where it stays. Give small separations,
    up to 0.05 Å, since it is a statement about the limit.

    :raises ValueError: for fewer than two different v, or a v of zero
    """
    v = np.array([point.v for point in points])
    if len(set(v.tolist())) < 2 or not (v > 0).all():
        raise ValueError(f"v = {v.tolist()}: give two or more separations, all above zero.")
    ratios = [
        point.spectrum.sensitivity / float(point.spectrum.singular_values[0]) for point in points
    ]
    return float(np.polyfit(np.log(v), np.log(ratios), 1)[0])


def triple_product_energy(vectors: torch.Tensor) -> torch.Tensor:
    r"""
    A smooth energy of four bodies that the sheets do not share and whose force does not vanish.

    .. math:: E_4 = \sum_{j < k < l} w_j w_k w_l\, [\hat r_j \cdot (\hat r_k \times \hat r_l)]^2,
              \qquad w = e^{-r/2}

    with r in Å. It depends on three neighbors at once, so that no function of their pairs (ν = 2)
    gives its forces at the crossing of :class:`rhobar.counterexamples.MethaneManifold`.

    :param vectors: from the center to its neighbors, ``(neighbor, 3)``, Å; differentiable
    :returns: a number without unit
    """
    r = vectors.norm(dim=1, keepdim=True)
    directions = vectors / r
    first, second, third = torch.combinations(torch.arange(len(vectors)), r=3).T
    normals = torch.linalg.cross(directions[second], directions[third])
    volumes = (directions[first] * normals).sum(dim=1)
    weights = torch.exp(-r[:, 0] / 2)
    return (weights[first] * weights[second] * weights[third] * volumes**2).sum()
