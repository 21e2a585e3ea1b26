"""Structures whose Wigner kernels take milliseconds, and a density without a table."""

from __future__ import annotations

import ase
import ase.build

from rhobar.kernels import WignerDensity
from tests import structures

EXACT = WignerDensity(
    cutoff=4.0, l_max=2, n_radial=6, smearing=0.4, smearing_rate=0.3, spline_accuracy=None
)


def frames() -> list[ase.Atoms]:
    builds = [structures.methane, structures.ethanol, structures.isolated, structures.apart]
    return [*(build() for build in builds), ase.build.molecule("H2O")]
