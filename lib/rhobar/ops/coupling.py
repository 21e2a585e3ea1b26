r"""
Products of equivariant features, coupled to equivariant features: the readable reference.

.. math:: x^{\lambda\mu}_{i p} = \sum_{m m'} C^{l l' \lambda}_{m m' \mu}
          a^{l m}_{i q_p} b^{l' m'}_{i q'_p}

for centers i and chosen pairs p of features q, q', with the real Clebsch-Gordan coefficients of
:mod:`rhobar.math`. Blocks are ``(center, 2 l + 1, feature)``. In the recursion of density
correlations (Nigam, Pozdnyakov, Ceriotti, J. Chem. Phys. 153, 121101 (2020),
doi:10.1063/5.0021116) the left block belongs to the lower correlation, the right one to the
density.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from rhobar.math import sparse_clebsch_gordan


class Coupling(NamedTuple):
    """Products of chosen features of one left and one right block, to one order λ."""

    left: int
    """number of the left block"""
    right: int
    """number of the right block"""
    out: int
    """number of the output block"""
    l_left: int
    l_right: int
    o3_lambda: int
    first: Tensor
    """``(product,)`` int64, feature of the left block"""
    second: Tensor
    """``(product,)`` int64, feature of the right block"""
    table: Tensor
    """``(2 l_left + 1, 2 l_right + 1, 2 o3_lambda + 1)`` coefficients C, times a scale; float64"""


def new_coupling(
    *,
    left: int,
    right: int,
    out: int,
    l_left: int,
    l_right: int,
    o3_lambda: int,
    first: Tensor,
    second: Tensor,
) -> Coupling:
    """
    A :class:`Coupling` with its coefficients, see :func:`coupling_table`.

    :raises ValueError: where the three orders make no triangle
    """
    table = coupling_table(l_left, l_right, o3_lambda)
    return Coupling(left, right, out, l_left, l_right, o3_lambda, first, second, table)


def coupling_table(l_left: int, l_right: int, o3_lambda: int) -> Tensor:
    """
    Coefficients for :class:`Coupling`; scripted code keeps them, for it cannot look them up.

    :raises ValueError: where the three orders make no triangle
    """
    sparse = sparse_clebsch_gordan(l_left, l_right, o3_lambda)
    table = torch.zeros(2 * l_left + 1, 2 * l_right + 1, 2 * o3_lambda + 1, dtype=torch.float64)
    table[sparse.m1, sparse.m2, sparse.mu] = sparse.values
    return table


def couple(
    left: list[Tensor], right: list[Tensor], couplings: list[Coupling], n_out: int
) -> list[Tensor]:
    """
    Coupled products; those with the same ``out`` one after the other, in the order of the list.

    Cost is ``center * product * (2 l_left + 1) (2 l_right + 1) (2 o3_lambda + 1)``.

    :param left: blocks ``(center, 2 l + 1, feature)``
    :param right: likewise
    :returns: ``n_out`` blocks ``(center, 2 λ + 1, product)``
    :raises ValueError: for an output block without couplings, whose λ nobody knows
    """
    blocks: list[Tensor] = []
    for out in range(n_out):
        products: list[Tensor] = []
        for c in couplings:
            if c.out == out:
                block = _products(left[c.left], right[c.right], c)
                products.append(block)
        if len(products) == 0:
            raise ValueError(f"couple: no coupling has out={out}; number output blocks densely.")
        blocks.append(torch.cat(products, dim=2))
    return blocks


def couple_contracted(
    left: list[Tensor], right: list[Tensor], couplings: list[Coupling], matrices: list[Tensor]
) -> list[Tensor]:
    """
    The blocks of :func:`couple`, each times its matrix, a chunk of centers at a time.

    Without history for autograd at most 16 MiB (float64) of products exist, or those of one center.

    :param matrices: per output block ``(product, component)``
    :returns: per output block ``(center, 2 λ + 1, component)``
    :raises ValueError: as :func:`couple`
    """
    n_out = len(matrices)
    chunks: list[list[Tensor]] = []
    for start, stop in _chunks(left, couplings):
        blocks = couple(_rows(left, start, stop), _rows(right, start, stop), couplings, n_out)
        chunks.append([torch.matmul(blocks[k], matrices[k]) for k in range(n_out)])
    return [torch.cat([chunk[k] for chunk in chunks]) for k in range(n_out)]


def coupled_gram(
    left: list[Tensor], right: list[Tensor], couplings: list[Coupling], lower: list[Tensor]
) -> list[Tensor]:
    """
    Scalar products between features of a block: given ones, then the products of :func:`couple`.

    A chunk of centers at a time, as :func:`couple_contracted`.

    :param lower: per output block ``(center, 2 λ + 1, n)``, n may be 0
    :returns: per output block ``(n + product, n + product)``, sums over centers and components
    :raises ValueError: as :func:`couple`
    """
    n_out = len(lower)
    grams: list[Tensor] = []
    for start, stop in _chunks(left, couplings):
        blocks = couple(_rows(left, start, stop), _rows(right, start, stop), couplings, n_out)
        for k in range(n_out):
            features = torch.cat([lower[k][start:stop], blocks[k]], dim=2).flatten(0, 1)
            gram = torch.matmul(features.transpose(0, 1), features)
            if len(grams) <= k:
                grams.append(gram)
            else:
                grams[k] = grams[k] + gram
    return grams


def products_at_once() -> int:
    """How many numbers the products of one chunk of centers may have."""
    return 2_097_152


def _products(left: Tensor, right: Tensor, c: Coupling) -> Tensor:
    """``(center, 2 λ + 1, product)`` of one coupling."""
    a = left.index_select(2, c.first)
    b = right.index_select(2, c.second)
    pairs = (a.unsqueeze(2) * b.unsqueeze(1)).flatten(1, 2)  # (center, m m', product)
    return torch.matmul(c.table.to(left).flatten(0, 1).transpose(0, 1), pairs)


def _rows(blocks: list[Tensor], start: int, stop: int) -> list[Tensor]:
    """Some centers of all blocks."""
    return [block[start:stop] for block in blocks]


def _chunks(left: list[Tensor], couplings: list[Coupling]) -> list[tuple[int, int]]:
    """First and last + 1 center of chunks; at least one chunk, so that there are always results."""
    width = 1
    for c in couplings:
        width += (2 * c.o3_lambda + 1) * c.first.shape[0]
    n_centers = left[0].shape[0]
    size = max(1, products_at_once() // width)
    chunks = [(start, min(start + size, n_centers)) for start in range(0, n_centers, size)]
    return chunks if len(chunks) > 0 else [(0, 0)]
