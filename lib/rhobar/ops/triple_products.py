r"""
Invariant products of three factors, such as two neighbors and a density: the readable reference.

.. math:: T_{r, l_1 q_1 l_2 q_2 l_3 q_3} = \frac{(-1)^{l_3}}{\sqrt{2 l_3 + 1}}
          \sum_{m_1 m_2 m_3} C^{l_1 l_2 l_3}_{m_1 m_2 m_3}
          a_{q_1 l_1 m_1} b_{q_2 l_2 m_2} c_{q_3 l_3 m_3}

with real Clebsch-Gordan coefficients: a and b are coupled to :math:`l_3`, and then with c to 0. The
sum is unchanged by rotation; inversion multiplies it by :math:`\sigma = (-1)^{l_1 + l_2 + l_3}`.
Nigam, Pozdnyakov, Fraux, Ceriotti, J. Chem. Phys. 156, 204115 (2022), doi:10.1063/5.0087042.

A row r is a pair of factors a and b; a has one c. Each c is coupled once, then each a with it, then
each row is a sum over :math:`m_2` alone.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from rhobar.math import clebsch_gordan


class TripleRows(NamedTuple):
    """Which factors are multiplied; indices are int64."""

    first: Tensor
    """``(row,)`` the a of each row, not decreasing"""
    second: Tensor
    """``(row,)`` the b of each row"""
    third: Tensor
    """``(a,)`` the c of each a, not decreasing"""


def triple_paths(l_max: int) -> list[tuple[int, int, int]]:
    """
    The orders ``(l_1, l_2, l_3)`` that couple to a scalar: all triangles, first those with σ = 1.

    >>> triple_paths(1)
    [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 1, 1)]
    """
    paths = [
        (l_1, l_2, l_3)
        for l_1 in range(l_max + 1)
        for l_2 in range(l_max + 1)
        for l_3 in range(abs(l_1 - l_2), min(l_1 + l_2, l_max) + 1)
    ]
    return sorted(paths, key=lambda path: sum(path) % 2)


def triple_table(l_1: int, l_2: int, l_3: int) -> Tensor:
    r"""Coefficients :math:`(-1)^{l_3} (2 l_3 + 1)^{-1/2} C`, ``(m_1, m_2, m_3)`` float64."""
    return (-1) ** l_3 / math.sqrt(2 * l_3 + 1) * clebsch_gordan(l_1, l_2, l_3)


def triple_products(
    first: list[Tensor],
    second: list[Tensor],
    third: list[Tensor],
    rows: TripleRows,
    paths: list[tuple[int, int, int]],
    tables: list[Tensor],
) -> list[Tensor]:
    """
    All products of the functions q of the three factors.

    Cost ``row * m_2 * q_1 * q_2 * q_3`` for each path. Memory: the result, and one path of
    ``(a, m_2, q_1, q_3)``.

    :param first: ``(a, m_1, q_1)`` for each l, like ``second`` ``(b, m_2, q_2)`` and ``third``
        ``(c, m_3, q_3)``
    :param tables: of :func:`triple_table`, one for each path
    :returns: ``(row, q_1, q_2, q_3)`` for each path
    """
    results: list[Tensor] = []
    for (l_1, l_2, l_3), table in zip(paths, tables):  # noqa: B905 - scripted
        c = torch.einsum("xyz,czr->cxyr", table.to(third[l_3]), third[l_3])
        ac = torch.einsum("axp,axyr->aypr", first[l_1], c.index_select(0, rows.third))
        b = second[l_2].index_select(0, rows.second)
        results.append(torch.einsum("typr,tyq->tpqr", ac.index_select(0, rows.first), b))
    return results


def channel_triple_products(
    first: Tensor,
    second: Tensor,
    third: Tensor,
    rows: TripleRows,
    paths: list[tuple[int, int, int]],
    tables: list[Tensor],
) -> Tensor:
    """
    Products of equal channels of the three factors: q_1 = q_2 = q_3.

    Cost ``row * channel * l_max**4``. Memory: the result, and one path of ``(row, m_2, channel)``.

    :param first: ``(a, lm, channel)``, like ``second`` ``(b, lm, channel)`` and ``third``
        ``(c, lm, channel)``
    :returns: ``(row, path, channel)``
    """
    results: list[Tensor] = []
    for (l_1, l_2, l_3), table in zip(paths, tables):  # noqa: B905 - scripted
        m_1 = slice(l_1 * l_1, (l_1 + 1) * (l_1 + 1))
        m_2 = slice(l_2 * l_2, (l_2 + 1) * (l_2 + 1))
        m_3 = slice(l_3 * l_3, (l_3 + 1) * (l_3 + 1))
        c = torch.einsum("xyz,czq->cxyq", table.to(third), third[:, m_3])
        a = first[:, m_1].unsqueeze(2)  # (a, m_1, 1, channel)
        ac = (a * c.index_select(0, rows.third)).sum(1)  # (a, m_2, channel)
        b = second[:, m_2].index_select(0, rows.second)
        results.append((ac.index_select(0, rows.first) * b).sum(1))
    return torch.stack(results, dim=1)
