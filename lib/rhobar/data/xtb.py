"""Energies of any structure by a semiempirical quantum calculation."""

from __future__ import annotations

from collections.abc import Sequence

import ase
import numpy as np
from ase.calculators.calculator import CalculatorError
from numpy.typing import NDArray

_METHOD = "GFN1-xTB"  # knows periodic structures as well
_ACCURACY = 0.1  # of tblite: ten times tighter than its default
_VACUUM = 20.0  # Å, where a slab or a chain does not repeat


def xtb_energies(frames: Sequence[ase.Atoms]) -> NDArray[np.float64]:
    """
    Total energies ``(structure,)`` in eV by GFN1-xTB, at the Γ point where periodic.

    Grimme, Bannwarth, Shushkov, J. Chem. Theory Comput. 13, 1989 (2017),
    doi:10.1021/acs.jctc.7b00118, as implemented in tblite. Structures that are periodic along one
    or two directions are repeated along the others too, 20 Å of vacuum beside them.

    :raises ImportError: if tblite is not installed
    :raises ValueError: naming the frame whose calculation fails, or whose types are not known
    """
    try:
        from tblite.ase import TBLite
    except ImportError as error:
        raise ImportError(
            'xtb_energies needs tblite; install it by pip install "rhobar[reference-data]".'
        ) from error
    energies = []
    for number, frame in enumerate(frames):
        copy = _everywhere_periodic(frame) if frame.pbc.any() else frame.copy()
        copy.calc = TBLite(method=_METHOD, accuracy=_ACCURACY, verbosity=0)
        try:
            energies.append(float(copy.get_potential_energy()))
        except CalculatorError as error:
            raise ValueError(
                f"frame {number}, {frame.symbols}: {_METHOD} failed ({error}); leave it out."
            ) from error
    return np.array(energies)


def _everywhere_periodic(frame: ase.Atoms) -> ase.Atoms:
    copy = frame.copy()
    for axis in np.flatnonzero(~copy.pbc):
        copy.center(vacuum=0.5 * _VACUUM, axis=int(axis))
    copy.pbc = True
    return copy
