"""What a target makes of methane where two sheets of degenerate structures cross."""

from __future__ import annotations

from dataclasses import dataclass, replace

import ase
import numpy as np
from numpy.typing import NDArray

from rhobar.counterexamples import MethaneManifold

from ..environment_jacobian import EnvironmentJacobian
from ..jacobian_spectrum import spectrum_of
from .computed_target import ComputedTarget
from .placement import scaled_inside, with_types
from .target import AuditTarget

Array = NDArray[np.float64]

_MOVED = 10  # y of atom C among the twelve coordinates
_STEPS = {"float64": 1e-3, "float32": 3e-2}  # Å
_ZEROS = {"float64": 1e-8, "float32": 1e-3}  # of the root mean square slope: rounding of the above
_JACOBIAN_STEP = 1e-4  # Å
_L_MAX = (4, 8)
_NULL = 1e-7  # of the largest singular value


@dataclass(frozen=True)
class CrossingResponse:
    """Slopes of the features, or energy, by the positions of the four hydrogens."""

    slope: float
    """length of the derivative by the y that separates the sheets, unit of features / Å"""
    rms_slope: float
    """root mean square over all twelve coordinates"""
    curvature: float
    """length of the second derivative by that y, unit of features / Å²"""
    artificial_zero: bool
    """whether the slope vanishes, though no symmetry asks for it"""


def crossing(target: AuditTarget) -> ase.Atoms:
    """
    Methane with v = 0, within the cutoff and of the types of a target.

    :func:`rhobar.analysis.triple_product_energy` has the slope 0.157 / Å by y of C there, so that a
    slope of zero is a fault of the features.
    """
    atoms = MethaneManifold(v=0.0).structure(+1)
    scaled = scaled_inside([atoms], target.traits.cutoff)
    return with_types(scaled, target.traits.atomic_types)[0]


def crossing_response(target: AuditTarget) -> CrossingResponse:
    """
    Central differences, of the features of the carbon if the target has them.

    For features that are even in y the slope vanishes to rounding whatever the step.
    """
    step = _STEPS[target.traits.dtype]
    rows, ahead, behind = _displaced_rows(target, crossing(target), step)
    slopes = np.linalg.norm(ahead - behind, axis=1) / (2 * step)
    rms = float(np.sqrt(np.square(slopes).mean()))
    curvature = np.linalg.norm(ahead[_MOVED] - 2 * rows + behind[_MOVED]) / step**2
    return CrossingResponse(
        slope=float(slopes[_MOVED]),
        rms_slope=rms,
        curvature=float(curvature),
        artificial_zero=bool(slopes[_MOVED] <= _ZEROS[target.traits.dtype] * rms),
    )


def _displaced_rows(
    target: AuditTarget, atoms: ase.Atoms, step: float
) -> tuple[Array, Array, Array]:
    """Rows as it is ``(feature,)``, and with each coordinate of hydrogens a step up, and down."""
    frames = [atoms]
    for sign in (1, -1):
        for atom in range(1, 5):
            for axis in range(3):
                moved = atoms.copy()
                moved.positions[atom, axis] += sign * step
                frames.append(moved)
    rows = target.rows(frames, [0] * len(frames) if target.traits.by_center else None)
    return rows[0], rows[1:13], rows[13:]


def null_directions(target: AuditTarget) -> dict[str, int]:
    """
    Displacements of the hydrogens at the crossing that change no feature of the carbon.

    Beyond rotations and what symmetry explains. With ``l_max`` of 4 and of 8 where the descriptor
    has one: a small basis is blind as well, and what goes with more of it was no fault of the
    features. In float64. Empty for energies, and for features of structures.
    """
    if not isinstance(target, ComputedTarget) or not _is_center(target):
        return {}
    larger = {f"l_max={l_max}": _with_l_max(target, l_max) for l_max in _L_MAX}
    targets = {name: one for name, one in larger.items() if one is not None}
    return {name: _count(one) for name, one in (targets or {"as it is": target}).items()}


def _is_center(target: AuditTarget) -> bool:
    """Whether it has features of centers."""
    return target.traits.by_center and not target.traits.is_energy


def _count(target: AuditTarget) -> int:
    """Singular values of zero, by central differences."""
    atoms = crossing(target)
    rows, ahead, behind = _displaced_rows(target, atoms, _JACOBIAN_STEP)
    slopes = (ahead - behind).T.reshape(len(rows), 4, 3) / (2 * _JACOBIAN_STEP)
    spectrum = spectrum_of(EnvironmentJacobian(atoms, rows, slopes))
    largest = spectrum.singular_values[0]
    return int((spectrum.symmetric_singular_values <= _NULL * largest).sum())


def _with_l_max(target: ComputedTarget, l_max: int) -> AuditTarget | None:
    """The same descriptor of another ``l_max``; None where it has none."""
    module = target.module
    hypers = module.hypers() if hasattr(module, "hypers") else {}
    if "l_max" not in hypers:
        return None
    larger = type(module)(**{**hypers, "l_max": l_max})
    return ComputedTarget(larger, replace(target.traits, dtype="float64"), readout="nonlinear")
