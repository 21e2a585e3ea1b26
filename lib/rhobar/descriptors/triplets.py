"""Invariants of two neighbors of a center, alone or with the density around it."""

from typing import Any

import torch
from torch import Tensor

from rhobar.math import AtomicDensity, Cutoff, RadialBasis
from rhobar.ops import TripleRows

from .tagged_descriptor import Tagged, TaggedDescriptor
from .tuple_products import Tuples
from .tuples import tuples_of_rows

_SHIFTS_2 = ["cell_shift_2_a", "cell_shift_2_b", "cell_shift_2_c"]
_SHIFTS_3 = ["cell_shift_3_a", "cell_shift_3_b", "cell_shift_3_c"]


class Triplets(TaggedDescriptor):
    r"""
    Invariants of a center i, two of its neighbors, and the density around it (nu = 1).

    .. math:: T^{i i_1 i_2}_{l_1 q_1 l_2 q_2 l_3 q_3} = \frac{(-1)^{l_3}}{\sqrt{2 l_3 + 1}}
              \sum_{m_1 m_2 m_3} C^{l_1 l_2 l_3}_{m_1 m_2 m_3} g^{i i_1}_{q_1 l_1 m_1}
              g^{i i_2}_{q_2 l_2 m_2} c^i_{q_3 l_3 m_3}, \qquad c^i = \sum_j g^{ij}

    with q standing for a neighbor type and a radial function, and :math:`g^{ij}` the density of
    one neighbor. Nigam, Pozdnyakov, Huguenin-Dumittan, Ceriotti, APL Mach. Learn. 2, 016110
    (2024), doi:10.1063/5.0160740. Where i, :math:`i_1` and :math:`i_2` are not on a line, the
    features of one triplet hold the density in the frame that these atoms define: nonlinear
    functions of triplets, summed over triplets, tell any two environments apart, which correlations
    of any fixed number of neighbors do not. Summed as they are, triplets are correlations of three
    neighbors. With ``nu=0`` the density is left out: distances and one angle, not complete.

    Out: keys ``o3_lambda, o3_sigma, center_type`` with λ = 0; :math:`\sigma = (-1)^{l_1 + l_2 +
    l_3}` is -1 for features that change sign under inversion, which ``nu=0`` does not have.
    Samples ``system, first_atom, second_atom, third_atom``, then three ``cell_shift_2_…`` and three
    ``cell_shift_3_…``: all ordered pairs of neighbors, a neighbor with itself among them. Values
    ``(triplet, o3_mu, property)`` with properties ``l_1, l_2, l_3, neighbor_1_type, n_1,
    neighbor_2_type, n_2, neighbor_3_type, n_3`` (``nu=0``: without those of 3); neighbor types are
    all that any center of the type sees, and zero but for those of the triplet. This grows as the
    cube of types times radial functions: 34 q³ for ``l_max=3``.

    With ``channels`` each factor is first contracted, :math:`a_{klm} = \sum_q W_{lkq} a_{qlm}`,
    and equal channels are multiplied: properties ``l_1, l_2, l_3, channel``. Weights are parameters
    of the module; the first are random, the same in each process, semi-orthogonal for each l.
    Cost ``triplet * channel * l_max**4``; memory is that of the result, and one center's products.

    >>> import ase.build
    >>> from rhobar.descriptors import Gaussian, Gto, Triplets
    >>> triplets = Triplets(cutoff=4.0, l_max=3, radial=Gto(2), density=Gaussian(0.3, 0.0),
    ...     channels=8, atomic_types=[1, 6])
    >>> features = triplets.compute(ase.build.molecule("CH4"))
    >>> features.block({"o3_sigma": -1, "center_type": 6}).values.shape
    torch.Size([16, 1, 88])

    :param nu: number of densities, 1 or 0
    :param channels: number of channels of the contraction; None: all products
    :param include_self: whether the center is one of its neighbors, at distance zero and with
        ``density.center_weight``
    :raises ValueError: for another ``nu``, and for ``channels`` without ``atomic_types``
    """

    def __init__(
        self,
        cutoff: float | Cutoff,
        *,
        nu: int = 1,
        l_max: int,
        radial: RadialBasis,
        density: AtomicDensity,
        channels: int | None = None,
        include_self: bool = False,
        atomic_types: list[int] | None = None,
        pseudo_species: Tensor | None = None,
        spline_accuracy: float | None = 1e-10,
    ):
        if nu not in (0, 1):
            raise ValueError(f"Triplets(nu={nu!r}): nu is 1, or 0 for two neighbors alone.")
        super().__init__(
            cutoff,
            n_factors=2 + nu,
            l_max=l_max,
            radial=radial,
            density=density,
            channels=channels,
            sample_names=[
                *["system", "first_atom", "second_atom", "third_atom"],
                *_SHIFTS_2,
                *_SHIFTS_3,
            ],
            atomic_types=atomic_types,
            pseudo_species=pseudo_species,
            spline_accuracy=spline_accuracy,
        )
        self.include_self = include_self
        chosen: dict[str, Any] = {"nu": nu, "include_self": include_self}
        self._arguments |= chosen

    def tuples(self, tagged: Tagged, members: Tensor) -> Tuples:
        """All triplets; see :meth:`TaggedDescriptor.tuples`."""
        tags, centers = tagged.tags, tagged.centers
        listed = members[tags.center]
        if not self.include_self:
            listed = listed & (tags.pair >= 0)
        tag, member = torch.where(listed)[0], torch.where(members)[0]
        number = torch.cumsum(members.to(torch.int64), 0) - 1  # of each center among the members
        center = number[tags.center[tag]]
        counts = torch.bincount(center, minlength=member.shape[0])
        ptr = torch.cat([counts.new_zeros(1), torch.cumsum(counts, 0)])
        every = torch.arange(member.shape[0], device=ptr.device)
        row, j, k = tuples_of_rows(ptr, every, every)
        names = torch.stack([centers.system[member][row], centers.atom[member][row]], 1)
        first, second = tag[j], tag[k]
        neighbors = torch.stack([tags.neighbor[first], tags.neighbor[second]], 1)
        samples = torch.cat([names, neighbors, tags.shifts[first], tags.shifts[second]], 1)
        third = tags.center.shape[0] + member
        return Tuples(tag, tag, third, TripleRows(j, k, center), samples.to(torch.int32))
