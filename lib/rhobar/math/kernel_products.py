"""Products of equivariant kernels as lists of bilinear terms between numbered values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .clebsch_gordan import clebsch_gordan

Slots = Mapping[tuple[int, int], int]
"""Number of the first value of each kernel ``(o3_lambda, o3_sigma)``, a square ``(mu, mu')``."""

_ROUNDING = 1e-12  # coefficients are 0.01 and more, or the rounding of a zero


class BilinearTerms(NamedTuple):
    r"""
    Sums of products of numbered values, ``(term,)`` each.

    .. math:: v_{out} = \sum_{terms} coefficient \cdot v_{left} v_{right}
    """

    out: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    coefficient: NDArray[np.float64]


def kernel_slots(
    irreps: list[tuple[int, int]], start: int
) -> tuple[dict[tuple[int, int], int], int]:
    """Slots of kernels one after the other from ``start`` on, and the number of the next value."""
    slots: dict[tuple[int, int], int] = {}
    for o3_lambda, o3_sigma in irreps:
        slots[o3_lambda, o3_sigma] = start
        start += (2 * o3_lambda + 1) ** 2
    return slots, start


def coupled_terms(left: Slots, right: Slots, out: Slots) -> BilinearTerms:
    r"""
    Product of two equivariant kernels.

    .. math:: \kappa_{\lambda\sigma, \mu\mu'} = \sum_{l_1 \sigma_1 l_2 \sigma_2}
        \sum_{m_1 m_1' m_2 m_2'} C^{l_1 l_2 \lambda}_{m_1 m_2 \mu}
        C^{l_1 l_2 \lambda}_{m_1' m_2' \mu'}
        \kappa_{l_1 \sigma_1, m_1 m_1'} \kappa_{l_2 \sigma_2, m_2 m_2'}, \quad
        \sigma = \sigma_1 \sigma_2 (-1)^{l_1 + l_2 + \lambda}

    Bigi, Pozdnyakov, Ceriotti, J. Chem. Phys. 161, 044116 (2024), doi:10.1063/5.0208746.

    :param out: what is wanted; products that are not there are left out
    """
    found = [_none()]
    for (l1, sigma1), first in left.items():
        for (l2, sigma2), second in right.items():
            for (o3_lambda, o3_sigma), place in out.items():
                if not abs(l1 - l2) <= o3_lambda <= l1 + l2:
                    continue
                if o3_sigma != sigma1 * sigma2 * (-1) ** (l1 + l2 + o3_lambda):
                    continue
                coefficients = clebsch_gordan(l1, l2, o3_lambda).numpy()
                both = np.einsum("abm,cdn->mnacbd", coefficients, coefficients)
                m, n, a, c, b, d = np.nonzero(np.abs(both) > _ROUNDING)
                found.append(
                    BilinearTerms(
                        out=place + m * (2 * o3_lambda + 1) + n,
                        left=first + a * (2 * l1 + 1) + c,
                        right=second + b * (2 * l2 + 1) + d,
                        coefficient=both[m, n, a, c, b, d],
                    )
                )
    return joined_terms(found)


def frobenius_terms(left: Slots, right: Slots, out: int) -> BilinearTerms:
    r"""
    The invariant of a product alone.

    .. math:: \kappa_{0+} = \sum_{\lambda\sigma} \frac{1}{2 \lambda + 1} \sum_{\mu\mu'}
        \kappa_{\lambda\sigma, \mu\mu'} \kappa'_{\lambda\sigma, \mu\mu'}

    :param out: number of the result
    """
    found = [_none()]
    for irrep in sorted(left.keys() & right.keys()):
        size = 2 * irrep[0] + 1
        square = np.arange(size**2)
        found.append(
            BilinearTerms(
                out=np.full(size**2, out),
                left=left[irrep] + square,
                right=right[irrep] + square,
                coefficient=np.full(size**2, 1 / size),
            )
        )
    return joined_terms(found)


def joined_terms(parts: list[BilinearTerms]) -> BilinearTerms:
    """The terms of all ``parts``, one after the other."""
    return BilinearTerms(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def merged_terms(terms: BilinearTerms) -> BilinearTerms:
    """
    One term for each product that occurs in a result, ``left <= right``; no zeros; sorted by out.

    >>> slots, end = kernel_slots([(l, 1) for l in range(4)], 0)
    >>> squares, _ = kernel_slots([(l, sigma) for l in range(4) for sigma in (1, -1)], end)
    >>> terms = coupled_terms(slots, slots, squares)
    >>> len(terms.out), len(merged_terms(terms).out)
    (15875, 8041)
    """
    pairs = np.sort(np.stack([terms.left, terms.right]), axis=0)
    keys, place = np.unique(np.stack([terms.out, *pairs]), axis=1, return_inverse=True)
    sums = np.bincount(place.reshape(-1), weights=terms.coefficient, minlength=keys.shape[1])
    coefficient = np.asarray(sums, dtype=np.float64)
    kept = np.abs(coefficient) > _ROUNDING
    out, left, right = keys[:, kept]
    return BilinearTerms(out, left, right, coefficient[kept])


def reversed_terms(terms: BilinearTerms, shift: int) -> BilinearTerms:
    r"""
    Reverse mode: derivatives of a result by all values that went into it.

    .. math:: \bar v_{left} = \sum_{terms} coefficient \cdot v_{right} \bar v_{out}, \qquad
        \bar v_{right} = \sum_{terms} coefficient \cdot v_{left} \bar v_{out}

    :param shift: the derivative by value number v is value number v + shift
    """
    out = np.concatenate([terms.left, terms.right]) + shift
    other = np.concatenate([terms.right, terms.left])
    after = np.concatenate([terms.out, terms.out]) + shift
    return BilinearTerms(out, other, after, np.concatenate([terms.coefficient, terms.coefficient]))


def _none() -> BilinearTerms:
    nothing = np.zeros(0, dtype=np.int64)
    return BilinearTerms(nothing, nothing, nothing, np.zeros(0))
