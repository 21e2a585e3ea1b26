"""Kernels between structures and single environments: the columns of sparse models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ase
import torch
from torch import Tensor

from rhobar.ops import CgIteration, RotationPowers

from .wigner_gradients import moves
from .wigner_kernel import WignerKernel
from .wigner_pairs import CenterPairs, center_pairs

Environments = Mapping[int, Tensor]
"""by center type ``(environment, (l_max + 1)**2, channel)``"""


def environment_columns(
    kernel: WignerKernel,
    frames: Sequence[ase.Atoms],
    environments: Environments,
    nu_weights: Tensor,
    *,
    gradients: bool = False,
) -> tuple[Tensor, Tensor | None]:
    r"""
    Similarity of structures to environments, all orders in one, and its derivatives.

    .. math:: K_{A t} = \sum_{i \in A} \delta_{a_i a_t} \sum_{\nu=1}^{\nu_{max}} b_\nu
        \kappa^\nu(i, t), \qquad \frac{\partial K_{A t}}{\partial \mathbf{r}_k}

    :param environments: with channels for their types, sorted, as all types that there are
    :param nu_weights: b of ν = 1 … nu_max
    :param gradients: whether derivatives are wanted, for about three times the cost
    :raises ValueError: for environments of another density, or with other channels
    :returns: ``(structure, environment)``, and ``(atom * xyz, environment)`` or None; the
        environments of one type after the other
    """
    from rhobar.ops import cpu

    iteration, types = _invariant(kernel), tuple(sorted(environments))
    if not types:
        raise ValueError("there are no environments to compare with; give those of one type.")
    pairs = center_pairs(kernel.density, frames, None, kernel.center_types, None, types)
    moved = moves(kernel.density, frames, pairs, "positions") if gradients else None
    values, slopes = [], []
    for center_type in types:
        right = environments[center_type]
        column = torch.arange(len(right))
        shape = (len(frames), len(right))
        own = torch.zeros(*shape, kernel.nu_max, 1, 1, dtype=torch.float64)
        rows = torch.zeros(3 * sum(map(len, frames)), len(right), dtype=torch.float64)
        if center_type in pairs.rows.densities and len(right):
            left, system, _ = pairs.rows.densities[center_type]
            _refuse_other_channels(left, right, types)
            threads = torch.get_num_threads()
            cpu.summed_kernels(iteration, left, system, right, column, own, num_threads=threads)
            if moved is not None and center_type in moved.by_type:
                changes, center, atom = moved.by_type[center_type]
                cpu.moved_kernels(
                    iteration,
                    left,
                    system,
                    right,
                    column,
                    changes.flatten(0, 1),
                    center.repeat_interleave(3),
                    (3 * atom[:, None] + torch.arange(3)).flatten(),
                    nu_weights,
                    rows,
                    num_threads=threads,
                )
        values.append(own[..., 0, 0] @ nu_weights)
        slopes.append(rows)
    return torch.cat(values, dim=1), torch.cat(slopes, dim=1) if gradients else None


def mixed_kernel(kernel: WignerKernel, environments: Tensor, nu_weights: Tensor) -> Tensor:
    r"""
    All orders in one between environments of one type, :math:`\sum_\nu b_\nu \kappa^\nu(i, j)`.

    Works through rows of a gigabyte of all orders at most.

    :param environments: ``(environment, (l_max + 1)**2, channel)``
    :returns: ``(environment, environment)``, symmetric to the last digit
    """
    from rhobar.ops import cpu

    if not len(environments):
        return environments.new_zeros(0, 0)
    iteration, column = _invariant(kernel), torch.arange(len(environments))
    rows = max(1, 10**8 // (len(environments) * kernel.nu_max))
    parts = []
    for part in column.split(rows):
        out = torch.zeros(len(part), len(column), kernel.nu_max, 1, 1, dtype=torch.float64)
        own = part - part[0]
        threads = torch.get_num_threads()
        left = environments[part]
        cpu.summed_kernels(iteration, left, own, environments, column, out, num_threads=threads)
        parts.append(out[..., 0, 0] @ nu_weights)
    whole = torch.cat(parts)
    return (whole + whole.T) / 2


def center_densities(
    kernel: WignerKernel, frames: Sequence[ase.Atoms], types: Sequence[int]
) -> CenterPairs:
    """
    The environments of ``frames``, with channels for ``types``.

    :raises ValueError: if there are none, since no atom has a type that counts as a center
    """
    pairs = center_pairs(kernel.density, frames, None, kernel.center_types, None, tuple(types))
    if not pairs.rows.densities:
        raise ValueError(
            f"WignerKernel(center_types={kernel.center_types}): no structure has an atom of these "
            "types, so that there is no environment to compare with; name types that occur."
        )
    return pairs


def _refuse_other_channels(left: Tensor, right: Tensor, types: Sequence[int]) -> None:
    """The compiled loops read both sides by the same channels, and check none."""
    if right.shape[1:] != left.shape[1:]:
        raise ValueError(
            f"environments have (component, channel) of {tuple(right.shape[1:])}, those of the "
            f"structures of {tuple(left.shape[1:])}: make them with the density of the kernel and "
            f"channels for {list(types)}."
        )


def _invariant(kernel: WignerKernel) -> CgIteration | RotationPowers:
    iteration = kernel.pair_kernel()
    if not isinstance(iteration, CgIteration | RotationPowers):
        raise TypeError(f"kernels by {iteration!r} have no orders to mix.")
    return iteration
