"""From features of atoms to features of structures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_N_FUNCTIONS = 64
_SEED = 20220111  # of the projection, which is the same in every audit


def linear_readout(features: Array, frame: NDArray[np.intp], n_frames: int) -> Array:
    """
    Sums over the atoms of each structure, ``(frame, feature)``.

    :param features: ``(atom, feature)``
    :param frame: ``(atom,)``, the structure of each
    """
    rows = np.zeros((n_frames, features.shape[1]))
    np.add.at(rows, frame, features)
    return rows


def nonlinear_readout(features: Array, frame: NDArray[np.intp], n_frames: int) -> Array:
    r"""
    Sums of 64 random nonlinear functions of the features of each atom, ``(frame, 64)``.

    .. math:: ξ_p(A) = \sum_{i \in A} \tanh\Big( \frac{\sum_q w_{pq} x_{iq}}{|x|} \Big)

    with fixed random w, and \|x\| the root mean square length of the features of the first
    structure. What a linear readout cannot separate although the atoms differ this does.

    :param features: ``(atom, feature)``
    :param frame: ``(atom,)``, the structure of each
    """
    length = np.sqrt(np.square(features[frame == 0]).sum(axis=1).mean()) if len(features) else 0.0
    weights = np.random.default_rng(_SEED).normal(size=(features.shape[1], _N_FUNCTIONS))
    projected = features @ weights / (length if length > 0 else 1.0)
    return linear_readout(np.tanh(projected), frame, n_frames)
