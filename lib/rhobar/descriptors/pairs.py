"""Invariants of one neighbor of a center with the densities around both."""

from typing import Any

import torch
from torch import Tensor

from rhobar.math import AtomicDensity, Cutoff, RadialBasis
from rhobar.ops import TripleRows

from .tagged_descriptor import Tagged, TaggedDescriptor
from .tuple_products import Tuples


class Pairs(TaggedDescriptor):
    r"""
    Invariants of a center i, one neighbor j, and up to two densities around them.

    .. math:: P^{ij} = g^{ij} \otimes (c^i)^{\otimes \nu} \otimes (c^j)^{\otimes \nu'}

    coupled as in :class:`Triplets`, to all invariants: with one density

    .. math:: P^{ij}_{l q_1 q_2} = \frac{(-1)^l}{\sqrt{2 l + 1}} \sum_m g^{ij}_{q_1 l m}
              c_{q_2 l m}

    and with two, as there, in the order above. Nigam, Pozdnyakov, Fraux, Ceriotti, J. Chem. Phys.
    156, 204115 (2022), doi:10.1063/5.0087042. Densities of both atoms are one step of message
    passing; unlike triplets, pairs tell environments on a line apart. Summed over j, pairs with
    ``nu_neighbor=0`` are correlations of ``nu + 1`` neighbors.

    Out: keys ``o3_lambda, o3_sigma, center_type`` with λ = 0, σ = -1 only for two densities.
    Samples ``system, first_atom, second_atom, cell_shift_a, cell_shift_b, cell_shift_c``; values
    ``(pair, o3_mu, property)``; properties and ``channels`` are those of :class:`Triplets`, where 1
    is the neighbor and 2, 3 are the densities.

    :param nu: number of densities of the center
    :param nu_neighbor: number of densities of the neighbor; ``nu + nu_neighbor`` is at most 2
    :param channels: number of channels of the contraction; None: all products
    :raises ValueError: for more densities, and for ``channels`` without ``atomic_types``
    """

    def __init__(
        self,
        cutoff: float | Cutoff,
        *,
        nu: int = 1,
        nu_neighbor: int = 0,
        l_max: int,
        radial: RadialBasis,
        density: AtomicDensity,
        channels: int | None = None,
        atomic_types: list[int] | None = None,
        pseudo_species: Tensor | None = None,
        spline_accuracy: float | None = 1e-10,
    ):
        if nu < 0 or nu_neighbor < 0 or nu + nu_neighbor > 2:
            raise ValueError(
                f"Pairs(nu={nu}, nu_neighbor={nu_neighbor}): give none to two densities in all."
            )
        super().__init__(
            cutoff,
            n_factors=1 + nu + nu_neighbor,
            l_max=l_max,
            radial=radial,
            density=density,
            channels=channels,
            sample_names=[
                *["system", "first_atom", "second_atom"],
                *["cell_shift_a", "cell_shift_b", "cell_shift_c"],
            ],
            atomic_types=atomic_types,
            pseudo_species=pseudo_species,
            spline_accuracy=spline_accuracy,
        )
        self.nu = nu
        self.nu_neighbor = nu_neighbor
        chosen: dict[str, Any] = {"nu": nu, "nu_neighbor": nu_neighbor}
        self._arguments |= chosen

    def needs_all_centers(self) -> bool:
        """Whether densities of neighbors are asked for."""
        return self.nu_neighbor > 0

    def tuples(self, tagged: Tagged, members: Tensor) -> Tuples:
        """All pairs; see :meth:`TaggedDescriptor.tuples`."""
        tags, centers = tagged.tags, tagged.centers
        tag = torch.where(members[tags.center] & (tags.pair >= 0))[0]
        center, neighbor = tags.center[tag], tags.neighbor[tag]
        n_tags = tags.center.shape[0]
        others: list[Tensor] = []
        for _ in range(self.nu):
            others.append(n_tags + center)
        if self.nu_neighbor > 0:
            # all atoms are centers: a system starts where its number first appears
            start = torch.searchsorted(centers.system, centers.system[center])
            for _ in range(self.nu_neighbor):
                others.append(n_tags + start + neighbor)
        while len(others) < 2:
            others.append(tag)
        names = torch.stack([centers.system[center], centers.atom[center], neighbor], 1)
        samples = torch.cat([names, tags.shifts[tag]], 1).to(torch.int32)
        each = torch.arange(tag.shape[0], device=tag.device)
        return Tuples(tag, others[0], others[1], TripleRows(each, each, each), samples)
