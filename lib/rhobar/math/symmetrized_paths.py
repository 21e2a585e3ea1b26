"""Couplings of several angular momenta that stay independent when some factors are equal."""

import functools
import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .clebsch_gordan import clebsch_gordan

Array = NDArray[np.float64]

# The smallest part of a coupling outside the span of others that makes it independent of them.
_INDEPENDENT = 1e-8


@dataclass(frozen=True)
class SymmetrizedPaths:
    r"""
    Independent couplings of ``orders`` :math:`l_1, \dots, l_\nu` to one λ.

    A path :math:`k = (k_2, \dots, k_{\nu - 1}, \lambda)` couples the first two factors to
    :math:`k_2`, these and the third to :math:`k_3`, and so on.
    """

    paths: tuple[tuple[int, ...], ...]
    """``(path, nu - 1)`` orders k, λ last"""
    mixing: Array
    """``(path, path)`` upper triangular, what combines paths to features that keep the norm"""


@functools.cache
def symmetrized_paths(
    orders: tuple[int, ...], equal: tuple[bool, ...], o3_lambda: int, k_max: int | None = None
) -> SymmetrizedPaths:
    r"""
    A largest independent set of couplings of a product whose neighboring factors may be equal.

    The tensor :math:`P_k` of a path acts on :math:`c_1 \otimes \dots \otimes c_\nu`; where
    factors are equal only its symmetrised part S counts. The overlaps
    :math:`G_{kk'} = \langle S P_k, S P_{k'} \rangle` have a rank below the number of paths where
    values :math:`x_k` of the paths depend on each other. A pivoted QR of G chooses paths;
    with B such that :math:`x_k = \sum_p B_{kp} x_p` over chosen p and B = QR, the features R x
    have the norm of all :math:`x_k`, times the root of the number of orders in which the
    factors can be written.

    >>> symmetrized_paths((1, 1, 1), (True, True), 1).paths
    ((0, 1),)

    :param orders: sorted
    :param equal: for all factors but the first, whether it equals the one before
    :param k_max: highest order of :math:`k_2, \dots, k_{\nu - 1}`; None: all that there are
    :raises ValueError: where equal factors have different orders
    """
    pairs = list(itertools.pairwise(orders))
    if len(equal) != len(pairs) or any(
        e and a != b for e, (a, b) in zip(equal, pairs, strict=True)
    ):
        raise ValueError(f"symmetrized_paths: factors of orders {orders} cannot be equal: {equal}.")
    paths = coupling_paths(orders, o3_lambda, k_max)
    runs = _runs(equal)
    n_orders = math.factorial(len(orders)) / math.prod(math.factorial(len(run)) for run in runs)
    if not paths or not any(equal):
        return SymmetrizedPaths(paths, math.sqrt(n_orders) * np.eye(len(paths)))
    overlaps = _overlaps(orders, runs, paths)
    chosen = _independent_columns(overlaps)
    if not chosen:
        return SymmetrizedPaths((), np.zeros((0, 0)))
    expansion = np.linalg.lstsq(overlaps[:, chosen], overlaps, rcond=None)[0].T
    mixing = np.linalg.qr(expansion)[1]
    mixing *= math.sqrt(n_orders) * np.sign(np.diag(mixing))[:, None]
    mixing[np.abs(mixing) < 1e-12] = 0.0  # combinations that symmetry forbids
    return SymmetrizedPaths(tuple(paths[k] for k in chosen), mixing)


def coupling_paths(
    orders: tuple[int, ...], o3_lambda: int, k_max: int | None = None
) -> tuple[tuple[int, ...], ...]:
    """
    All paths from ``orders`` to λ, sorted; see :class:`SymmetrizedPaths`.

    >>> coupling_paths((1, 1, 2), 1)
    ((1, 1), (2, 1))
    """
    if len(orders) == 1:
        return ((),) if orders[0] == o3_lambda else ()
    found: list[tuple[int, ...]] = [()]
    for l in orders[1:-1]:
        found = [
            (*path, k)
            for path in found
            for k in _coupled(path[-1] if path else orders[0], l)
            if k_max is None or k <= k_max
        ]
    return tuple(
        (*path, o3_lambda)
        for path in found
        if o3_lambda in _coupled(path[-1] if path else orders[0], orders[-1])
    )


def _coupled(k: int, l: int) -> range:
    """Orders that two orders couple to."""
    return range(abs(k - l), k + l + 1)


def _independent_columns(overlaps: Array) -> list[int]:
    """Columns that span all others, by QR with pivots; those of normalised tensors, so absolute."""
    rest = overlaps.copy()
    chosen: list[int] = []
    while len(chosen) < rest.shape[1]:
        norms = np.sqrt(np.sum(rest**2, axis=0))
        # rounding must not decide between columns of equal size
        pivot = int(np.argmax(np.round(norms, 9)))
        if norms[pivot] < _INDEPENDENT:
            break
        chosen.append(pivot)
        direction = rest[:, pivot] / norms[pivot]
        for _ in range(2):  # once more, against rounding
            rest -= np.outer(direction, direction @ rest)
    return sorted(chosen)


def _runs(equal: tuple[bool, ...]) -> list[list[int]]:
    """Positions of factors that are equal, together."""
    runs = [[0]]
    for place, same in enumerate(equal, start=1):
        if same:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _overlaps(
    orders: tuple[int, ...], runs: list[list[int]], paths: tuple[tuple[int, ...], ...]
) -> Array:
    """Matrix G ``(path, path)``; by Schur's lemma one component μ is enough."""
    tensors = np.stack([_path_tensor(orders, path) for path in paths])
    symmetric = tensors
    for run in runs:
        total = np.zeros_like(symmetric)
        for permutation in itertools.permutations(run):
            axes = list(range(len(orders)))
            for place, source in zip(run, permutation, strict=True):
                axes[place] = source
            total += symmetric.transpose([0, *(axis + 1 for axis in axes)])
        symmetric = total / math.factorial(len(run))
    return tensors.reshape(len(paths), -1) @ symmetric.reshape(len(paths), -1).T


def _path_tensor(orders: tuple[int, ...], path: tuple[int, ...]) -> Array:
    """Coefficients ``(m_1, ..., m_nu)`` of the component μ = 0 of a path."""
    tensor = np.eye(2 * orders[0] + 1)
    k = orders[0]
    for l, coupled in zip(orders[1:], path, strict=True):
        tensor = np.tensordot(tensor, clebsch_gordan(k, l, coupled).numpy(), axes=1)
        k = coupled
    return tensor[..., k]
