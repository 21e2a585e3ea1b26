"""Methane in which two displacements at once change no correlation of two neighbors."""

from __future__ import annotations

import ase
import numpy as np

_SHARES = np.sqrt(2.0 / 3.0) * np.array([1.0, -0.5, -0.5])  # of the lift; their sum is zero


def singular_methane(
    *, angles: tuple[float, float] = (72.0, 151.0), radius: float = 1.09, lift: float = 0.0
) -> ase.Atoms:
    r"""
    CH4 with three hydrogens in one plane with carbon, and the fourth above carbon.

    .. math:: h_k = r\, (\cos\varphi_k, \sin\varphi_k, 0), \quad h_4 = r\, (0, 0, 1)

    Lifted by :math:`\epsilon_k` out of the plane, :math:`h_k` changes its angle to :math:`h_4`, at
    equal radii and from 90° for all three, so that features of two neighbors (ν = 2) change in
    proportion to :math:`\sum_k \epsilon_k`; angles between the three change with the square of
    the lifts. Whatever the basis and the cutoff, these features have two displacements without
    response, :math:`\sum_k \epsilon_k = 0`, although for most angles nothing is symmetric. Around
    such a structure lie closed orbits along which the features hardly change:
    :func:`rhobar.analysis.quasi_constant_orbit`.

    Atoms: carbon, the three, the one above.

    :param angles: from the first to the second and from the second to the third, degrees
    :param radius: of all hydrogens, Å
    :param lift: length of a displacement of the three along one of the two directions, Å; they
        are put back to ``radius`` afterwards

    >>> singular_methane(radius=1.0).positions[4]
    array([0., 0., 1.])
    """
    directions = np.radians(np.cumsum([0.0, *angles]))
    ring = radius * np.stack([np.cos(directions), np.sin(directions), np.zeros(3)], axis=1)
    ring[:, 2] = lift * _SHARES
    ring *= radius / np.linalg.norm(ring, axis=1, keepdims=True)
    return ase.Atoms("CH4", np.vstack([np.zeros(3), ring, [0.0, 0.0, radius]]))
