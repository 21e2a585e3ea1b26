"""Paths along which the features of one center hardly change."""

from __future__ import annotations

from dataclasses import dataclass

import ase
import numpy as np
from numpy.typing import NDArray

from .environment_jacobian import CenterDescriptor, environment_jacobians
from .environment_symmetry import rotations

Array = NDArray[np.float64]


@dataclass(frozen=True)
class QuasiConstantOrbit:
    """Environments of a center, each a step from the one before, and what a descriptor sees."""

    frames: list[ase.Atoms]
    """the center at the origin, then its neighbors; at equal distances along the path"""
    features: Array
    """``(point, feature)``"""
    sensitivities: Array
    """``(point,)``, smallest over largest singular value"""

    @property
    def changes(self) -> Array:
        """``(point,)``, distance of the features from those of the start, over their length."""
        apart = np.linalg.norm(self.features - self.features[0], axis=1)
        result: Array = apart / np.linalg.norm(self.features[0])
        return result


def quasi_constant_orbit(
    descriptor: CenterDescriptor, start: ase.Atoms, *, n_points: int, step: float = 0.01
) -> QuasiConstantOrbit:
    r"""
    Follow the displacement to which features of atom 0 respond least.

    .. math:: \frac{d r}{d s} = v(r), \qquad J^T J\, v = \sigma_{\min}^2\, v, \quad |v| = 1,
              \quad v \perp \text{rotations}

    with s in Å and the sign of v that goes on in the direction taken; the midpoint rule, one
    further Jacobian for each step. Near :func:`rhobar.counterexamples.singular_methane`, where two
    singular values vanish, paths close around it and features of two neighbors change by about
    1e-3 of their length, while functions of three neighbors vary: models of such features can
    learn them there from points along the path only. Parsaeifard, Goedecker, J. Chem. Phys. 156,
    034302 (2022), doi:10.1063/5.0070488; Pozdnyakov et al., J. Chem. Phys. 157, 177101 (2022),
    doi:10.1063/5.0088404, who take 20,000 steps of 1e-4 Å by Euler's rule.

    :param descriptor: see :func:`environment_jacobians`
    :param start: at which the path starts; give one whose two smallest singular values differ
    :param n_points: with the start
    :param step: Å, the length of one step over all coordinates
    :raises ValueError: for fewer than two points or a step that is not positive
    """
    if n_points < 2 or not step > 0:
        raise ValueError(
            f"quasi_constant_orbit: n_points = {n_points}, step = {step}; give two points or more "
            "and a step in Å above zero."
        )
    here = _Response(descriptor, start)
    found = [here]
    for _ in range(n_points - 1):
        middle = _Response(descriptor, here.moved(0.5 * step * here.direction), here.direction)
        here = _Response(descriptor, here.moved(step * middle.direction), middle.direction)
        found.append(here)
    return QuasiConstantOrbit(
        frames=[point.environment for point in found],
        features=np.array([point.features for point in found]),
        sensitivities=np.array([point.sensitivity for point in found]),
    )


class _Response:
    """
    The direction of least response in one environment.

    :param before: a direction; the sign is chosen to go on in it
    """

    def __init__(
        self, descriptor: CenterDescriptor, atoms: ase.Atoms, before: Array | None = None
    ) -> None:
        (jacobian,) = environment_jacobians(descriptor, [atoms])
        self.environment = jacobian.environment
        self.features = jacobian.features
        turning = rotations(self.environment.positions[1:])
        # the columns of the second part of a complete basis are the complement of the first ones
        basis = np.linalg.qr(turning, mode="complete")[0][:, turning.shape[1] :]
        flat = jacobian.slopes.reshape(len(jacobian.slopes), -1)
        _, values, rows = np.linalg.svd(flat @ basis, full_matrices=False)
        self.sensitivity = float(values[-1] / values[0])
        least = basis @ rows[-1]
        # of two signs, the first step takes the one that makes the largest component positive
        along = least[np.abs(least).argmax()] if before is None else least @ before.ravel()
        self.direction = np.copysign(1.0, along) * least.reshape(-1, 3)

    def moved(self, displacement: Array) -> ase.Atoms:
        """The environment with its neighbors displaced, ``(neighbor, 3)``, Å."""
        atoms = self.environment.copy()
        atoms.positions[1:] += displacement
        return atoms
