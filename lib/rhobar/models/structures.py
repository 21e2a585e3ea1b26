"""From features of environments to rows of a linear model of energies and forces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from metatensor.torch import TensorMap


def sum_over_atoms(features: TensorMap, *, n_systems: int) -> torch.Tensor:
    r"""
    Features of structures: those of their environments, summed for each center type by itself.

    .. math:: \Phi_{A,(a q)} = \sum_{i \in A,\, a_i = a} p_{i q}

    so that a linear model of them is a sum of atomic energies with weights of their own for each
    center type. Differentiable by autograd.

    :param features: key ``center_type``, samples ``system, atom`` of systems 0 … n_systems - 1
    :return: ``(system, column)``; the columns of one center type after another, in order of keys
    """
    columns = []
    for block in features.blocks():
        system = block.samples.column("system").to(torch.int64)
        sums = block.values.new_zeros((n_systems, block.values.shape[1]))
        columns.append(sums.index_add(0, system, block.values))
    return torch.cat(columns, dim=1)


def force_rows(features: TensorMap, *, n_atoms: Sequence[int]) -> torch.Tensor:
    r"""
    What weights of :func:`sum_over_atoms` multiply to give forces.

    .. math:: F_{k\alpha} = \sum_{aq} w_{aq} \left[
              -\frac{\partial \Phi_{A,(a q)}}{\partial r_{k\alpha}} \right]

    :param features: as in :func:`sum_over_atoms`, with gradients with respect to ``positions``
    :param n_atoms: number of atoms of each system
    :return: ``(atom * xyz, column)``, the atoms of all systems one after another, in units of
        the features per Å
    :raises ValueError: if a block has no such gradients
    """
    first_atom = torch.cumsum(torch.tensor([0, *n_atoms]), dim=0)
    columns = []
    for key, block in features.items():
        if "positions" not in block.gradients_list():
            raise ValueError(
                f"force_rows: the block {key.print()} has no gradients with respect to positions; "
                "compute the features with gradients=['positions']."
            )
        gradient = block.gradient("positions")
        samples = gradient.samples
        atom = first_atom[samples.column("system").long()] + samples.column("atom").long()
        rows = block.values.new_zeros((int(first_atom[-1]), 3, block.values.shape[1]))
        columns.append(rows.index_add_(0, atom, gradient.values, alpha=-1).flatten(0, 1))
    return torch.cat(columns, dim=1)


def split_columns(weights: torch.Tensor, sizes: Mapping[int, int]) -> dict[int, torch.Tensor]:
    """
    Weights of the columns of :func:`sum_over_atoms` by center type.

    :param sizes: number of columns of each center type, in order
    """
    return dict(zip(sizes, weights.split(list(sizes.values())), strict=True))
