"""Weighted sums of Wigner kernels with some environments, and their derivatives, in torch."""

from typing import List, Tuple  # noqa: UP035 - scripted

import numpy as np
import torch
from torch import Tensor

from rhobar.math import BilinearTerms, so3_quadrature, wigner_d

from .kernel_terms import kernel_terms, reversed_parts
from .rotation_powers import RotationPowers
from .wigner_iteration import CgIteration


def check_weights(
    iteration: CgIteration | RotationPowers,
    left: Tensor,
    right: Tensor,
    weights: Tensor,
    nu_weights: Tensor,
) -> None:
    """
    Nothing, if these are sides and weights of :class:`WeightedKernels`.

    :raises ValueError: for equivariant kernels, or numbers of weights or channels that differ
    """
    if iteration.target != (0, 1):
        raise ValueError(f"{iteration!r}: only invariant kernels have weights.")
    sizes = len(right), iteration.nu_max, *left.shape[1:]
    if (len(weights), len(nu_weights), *right.shape[1:]) != sizes:
        raise ValueError(
            f"weighted kernels of {tuple(left.shape)} with {tuple(right.shape)} environments: "
            f"{sizes[0]} weights and {sizes[1]} of the orders are due, and the same components "
            f"and channels on both sides; got {len(weights)} and {len(nu_weights)}."
        )


class WeightedKernels(torch.nn.Module):
    r"""
    Values of environments and their derivatives by the densities, without history for autograd.

    .. math:: e_i = \sum_j w_j \sum_\nu b_\nu \kappa^\nu(i, j), \qquad
        \frac{\partial e_i}{\partial c^i_{lmq}}

    The same as ``weighted_kernels`` of ``ops.cpu`` and ``ops.cuda``, for other devices and for
    TorchScript. The bilinear part of an iteration runs forwards and backwards as products of
    columns of numbered values; powers from the third on of :class:`RotationPowers` are sums over a
    grid.

    :param iteration: of invariants
    :param nu_weights: b of ν = 1 … nu_max
    :raises ValueError: for equivariant kernels
    """

    n_rows: int
    n_columns: int
    out: Tensor
    left: Tensor
    right: Tensor
    coefficient: Tensor
    nu_weights: Tensor
    even: Tensor
    odd: Tensor
    node_weights: Tensor
    even_slots: Tensor
    odd_slots: Tensor

    def __init__(self, iteration: CgIteration | RotationPowers, nu_weights: Tensor):
        super().__init__()
        if iteration.target != (0, 1):
            raise ValueError(f"WeightedKernels({iteration!r}): only invariants have weights.")
        self.n_rows, self.n_columns = 8, 128  # 70 MB of products of orders up to 3
        terms = kernel_terms(iteration)
        self.l_max, self.nu_max = iteration.l_max, iteration.nu_max
        self.one, self.result, self.n_slots = terms.one, terms.result, terms.n_slots
        backward = reversed_parts(terms)
        self.n_forward = len(terms.parts)
        self.n_products = terms.n_slots - terms.result
        self._register(terms.parts + backward)
        self.register_buffer("nu_weights", nu_weights.detach().to(torch.float64).clone())
        rotations, weights = so3_quadrature(0)
        self.sums_rotations = isinstance(iteration, RotationPowers) and iteration.nu_max > 2
        if isinstance(iteration, RotationPowers) and self.sums_rotations:
            self.n_products = 2
            rotations, weights = so3_quadrature(int(iteration.degree or 0))
        matrices = [wigner_d(l, rotations).flatten(1) for l in range(self.l_max + 1)]
        order = torch.cat([torch.full([(2 * l + 1) ** 2], l) for l in range(self.l_max + 1)])
        whole = torch.cat(matrices, dim=1)
        for name, parity in (("even", 0), ("odd", 1)):
            slots = torch.where(order % 2 == parity)[0]
            self.register_buffer(f"{name}_slots", slots)
            self.register_buffer(name, whole[:, slots])
        self.register_buffer("node_weights", weights)

    def _register(self, parts: list[BilinearTerms]) -> None:
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        for name, column in zip(("out", "left", "right", "coefficient"), columns, strict=True):
            self.register_buffer(name, torch.from_numpy(column))
        self.ends = np.cumsum([0, *(len(part.out) for part in parts)]).tolist()

    def forward(self, left: Tensor, right: Tensor, weights: Tensor) -> Tuple[Tensor, Tensor]:  # noqa: UP006
        """
        Values ``(i,)`` and derivatives ``(i, (l_max + 1)**2, channel)``.

        :param left: ``(i, (l_max + 1)**2, channel)``
        :param right: ``(j, (l_max + 1)**2, channel)``
        :param weights: w, ``(j,)``
        """
        values = torch.zeros_like(left[:, 0, 0])
        slopes = torch.zeros_like(left)
        with torch.no_grad():
            for start in range(0, left.shape[0], self.n_rows):
                rows = left[start : start + self.n_rows]
                for first in range(0, right.shape[0], self.n_columns):
                    columns = right[first : first + self.n_columns]
                    own = weights[first : first + self.n_columns]
                    e, by_overlap = self.of_overlaps(self._overlaps(rows, columns))
                    shape = [rows.shape[0], columns.shape[0]]
                    values[start : start + self.n_rows] += torch.mv(e.reshape(shape), own)
                    scaled = by_overlap.reshape(shape[0], shape[1], -1) * own[:, None]
                    slopes[start : start + self.n_rows] += self._gathered(scaled, columns)
        return values, slopes

    def of_overlaps(self, overlaps: Tensor) -> Tuple[Tensor, Tensor]:  # noqa: UP006
        """Sums over ν ``(pair,)`` and their derivatives by the overlaps ``(pair, overlap)``."""
        n_overlaps = overlaps.shape[1]
        slots = overlaps.new_zeros([overlaps.shape[0], 2 * self.n_slots])
        slots[:, :n_overlaps] = overlaps
        slots[:, self.one] = 1.0
        slots[:, self.n_slots + self.result : self.n_slots + self.result + self.nu_max] = (
            self.nu_weights
        )
        for part in range(len(self.ends) - 1):
            start, stop = self.ends[part], self.ends[part + 1]
            products = slots[:, self.left[start:stop]] * slots[:, self.right[start:stop]]
            slots.index_add_(1, self.out[start:stop], products * self.coefficient[start:stop])
        kernels = slots[:, self.result : self.result + self.n_products]
        values = torch.mv(kernels, self.nu_weights[: self.n_products])
        slopes = slots[:, self.n_slots : self.n_slots + n_overlaps]
        if self.sums_rotations:
            self._add_rotations(overlaps, values, slopes)
        return values, slopes

    def _add_rotations(self, overlaps: Tensor, values: Tensor, slopes: Tensor) -> None:
        """Add the powers from the third on, in place."""
        even = overlaps[:, self.even_slots] @ self.even.T
        odd = overlaps[:, self.odd_slots] @ self.odd.T
        same, same_slope = self._polynomial(even + odd)
        inverted, inverted_slope = self._polynomial(even - odd)
        values += torch.mv(same + inverted, self.node_weights / 2)
        half = self.node_weights / 2
        slopes[:, self.even_slots] += ((same_slope + inverted_slope) * half) @ self.even
        slopes[:, self.odd_slots] += ((same_slope - inverted_slope) * half) @ self.odd

    def _polynomial(self, x: Tensor) -> Tuple[Tensor, Tensor]:  # noqa: UP006
        """Sum of b_ν x^ν for ν > 2, and its derivative."""
        value, slope = torch.zeros_like(x), torch.zeros_like(x)
        for nu in range(self.nu_max, 2, -1):
            slope = slope * x + nu * self.nu_weights[nu - 1]
            value = value * x + self.nu_weights[nu - 1]
        square = x * x
        return value * square * x, slope * square

    def _overlaps(self, left: Tensor, right: Tensor) -> Tensor:
        """``(pair, sum of (2 l + 1)**2)``, see :func:`density_overlaps`."""
        blocks: List[Tensor] = []  # noqa: UP006
        for l in range(self.l_max + 1):
            rows = left[:, l * l : (l + 1) * (l + 1)]
            columns = right[:, l * l : (l + 1) * (l + 1)]
            products = torch.einsum("imq,jnq->ijmn", rows, columns)
            blocks.append(products.flatten(2))
        return torch.cat(blocks, dim=2).flatten(0, 1)

    def _gathered(self, by_overlap: Tensor, right: Tensor) -> Tensor:
        """Derivatives ``(i, lm, channel)`` from those ``(i, j, overlap)``."""
        blocks: List[Tensor] = []  # noqa: UP006
        start = 0
        for l in range(self.l_max + 1):
            size = 2 * l + 1
            part = by_overlap[:, :, start : start + size * size].unflatten(2, [size, size])
            columns = right[:, l * l : (l + 1) * (l + 1)]
            blocks.append(torch.einsum("ijmn,jnq->imq", part, columns))
            start += size * size
        return torch.cat(blocks, dim=1)
