"""The density of neighbors around every center, in a basis: what all density descriptors share."""

import math
from typing import NamedTuple, Optional

import torch
from metatensor.torch import Labels
from metatomic.torch import NeighborListOptions, System
from torch import Tensor

from rhobar.math import (
    AtomicDensity,
    Cutoff,
    RadialBasis,
    RadialIntegral,
    RadialSpline,
    SphericalHarmonics,
)
from rhobar.ops import Neighborhoods, density_coefficients

from .compiled import compiled_density


class Centers(NamedTuple):
    """The atoms that are described, ``(center,)`` int64 each; runs refer to them by position."""

    system: Tensor
    atom: Tensor
    type: Tensor


class CenterPairs(NamedTuple):
    """Neighbors of centers within the cutoff, in the order of the neighbor lists."""

    vectors: Tensor
    """``(pair, 3)`` from center to neighbor, Å"""
    center: Tensor
    """``(pair,)`` int64, position of the center among all centers"""
    neighbor: Tensor
    """``(pair,)`` int64, number of the neighbor atom in its system"""
    shifts: Tensor
    """``(pair, 3)`` int64, how many lattice vectors its image is away"""
    channel: Tensor
    """``(pair,)`` int64, which of the types the neighbor has"""


class Coefficients(NamedTuple):
    """Density coefficients, one row per center and neighbor type or pseudo-species."""

    values: Tensor
    """``(run, (l_max + 1)**2, n)``"""
    center: Tensor
    """``(run,)`` position of the center, not decreasing"""
    neighbor_type: Tensor
    """``(run,)`` increasing within a center"""


def sample_values(centers: Centers, center: Tensor) -> Tensor:
    """Values of samples ``system, atom`` for ``center`` ``(row,)``."""
    return torch.stack([centers.system[center], centers.atom[center]], 1).to(torch.int32)


def run_names(coefficients: Coefficients, centers: Centers) -> Tensor:
    """Key ``(center_type, neighbor_type)`` of each run."""
    return torch.stack([centers.type[coefficients.center], coefficients.neighbor_type], 1)


class NeighborDensity(torch.nn.Module):
    r"""
    Coefficients of the neighbor density, one set per center and neighbor channel.

    .. math:: c^{i,a}_{nlm} = \sum_{j: a_j = a} f_c(r_{ji}) u(r_{ji}) I_{nl}(r_{ji})
              Y_{lm}(\hat r_{ji})

    A channel is a neighbor type or, with ``pseudo_species``, a fixed or learned mixture
    :math:`c^{i,q} = \sum_a W_{qa} c^{i,a}` (Willatt, Musil, Ceriotti, Phys. Chem. Chem. Phys. 20,
    29661 (2018), doi:10.1039/C8CP05921G), numbered from 0.

    :param cutoff: radius in Å, or a :class:`Cutoff`; a bare number gets a cosine end of 0.5 Å
    :param l_max: highest angular order, included
    :param radial: radial basis
    :param density: density of one atom
    :param atomic_types: the types that may occur, which fixes the keys; None: those of the input
    :param pseudo_species: mixing weights ``(pseudo-species, atomic type)`` in the order of the
        sorted ``atomic_types``; a parameter of the module
    :param spline_accuracy: mean error of tabulated radial integrals; None: no table
    """

    n_per_l: list[int]
    types: Tensor
    self_values: Tensor

    def __init__(
        self,
        cutoff: float | Cutoff,
        *,
        l_max: int,
        radial: RadialBasis,
        density: AtomicDensity,
        atomic_types: list[int] | None,
        pseudo_species: Tensor | None,
        spline_accuracy: float | None,
    ):
        super().__init__()
        self.cutoff = cutoff if isinstance(cutoff, Cutoff) else _with_cosine_end(cutoff)
        self.l_max = l_max
        self.n_radial = radial.n_radial
        self.n_per_l = radial.n_per_l(l_max)
        self.scaling = density.scaling
        integral = RadialIntegral(radial, density, cutoff=self.cutoff.radius, l_max=l_max)
        integrals: torch.nn.Module = integral
        if spline_accuracy is not None:
            integrals = RadialSpline(integral, accuracy=spline_accuracy)
        self.radial = integrals
        self.harmonics = SphericalHarmonics(l_max)
        # f_c(0) = u(0) = 1, so that only the integral of the center itself remains
        center = density.center_weight / math.sqrt(4 * math.pi) * integral.center_values()
        self.register_buffer("self_values", center, persistent=False)
        self.declares_types = atomic_types is not None
        self.register_buffer("types", _checked_types(atomic_types), persistent=False)
        self.mixing = _checked_mixing(pseudo_species, self.types, self.declares_types)

    def requested_neighbor_lists(self) -> list[NeighborListOptions]:
        """One full, strict list, as :func:`rhobar.systems.neighbors_added` makes it."""
        return [NeighborListOptions(cutoff=self.cutoff.radius, full_list=True, strict=True)]

    def weight(self, distances: Tensor) -> Tensor:
        """How much a neighbor counts at each distance: cutoff function times scaling."""
        weight: Tensor = self.cutoff(distances)
        if self.scaling is not None:
            weight = weight * self.scaling(distances)
        return weight

    def forward(self, neighborhoods: Neighborhoods) -> Tensor:
        """Coefficients ``(run, (l_max + 1)**2, n)``; compiled on a CPU, unless scripted."""
        if torch.jit.is_scripting():  # type: ignore[attr-defined]
            return self.reference(neighborhoods)
        return self._dispatched(neighborhoods)

    @torch.jit.unused
    def compiles(self, vectors: Tensor) -> bool:
        """Whether there is a compiled op for such vectors."""
        return vectors.device.type == "cpu"

    @torch.jit.unused
    def _dispatched(self, neighborhoods: Neighborhoods) -> Tensor:
        if self.compiles(neighborhoods.vectors):
            return compiled_density(self, neighborhoods)
        return self.reference(neighborhoods)

    def reference(self, neighborhoods: Neighborhoods) -> Tensor:
        """Coefficients ``(run, (l_max + 1)**2, n)``, by the reference op."""
        # where the distance is zero its gradient is defined as zero
        squares = neighborhoods.vectors.square().sum(dim=1)
        distances = torch.where(squares > 0, squares, torch.ones_like(squares)).sqrt()
        distances = torch.where(squares > 0, distances, torch.zeros_like(squares))
        radial = self.weight(distances).unsqueeze(1).unsqueeze(2) * self.radial(distances)
        harmonics: Tensor = self.harmonics(neighborhoods.vectors)
        return density_coefficients(neighborhoods, radial, harmonics, self.self_values)

    @torch.jit.unused
    def radial_with_slopes(self, distances: Tensor) -> tuple[Tensor, Tensor]:
        """Radial parts with weights, and their derivatives (1/Å), both ``(pair, l, n)``."""
        with torch.enable_grad():
            r = distances.detach().clone().requires_grad_()
            values = self.weight(r)[:, None, None] * self.radial(r)
            # the gradient of sum(ones * values) is linear in ones, so its own gradient with
            # respect to them are the derivatives of all values at once
            ones = torch.ones_like(values, requires_grad=True)
            (slopes,) = torch.autograd.grad(values, r, ones, create_graph=True)
            (derivatives,) = torch.autograd.grad(slopes.sum(), ones)
        return values.detach(), derivatives

    def channel_types(self, found: Tensor) -> Tensor:
        """Types by channel: the declared ones, else those in ``found`` ``(atom,)``, sorted."""
        if not self.declares_types:
            return torch.unique(found.to(torch.int64))
        known = torch.isin(found, self.types)
        if not bool(known.all()):
            unknown: list[int] = torch.unique(found[~known]).tolist()
            declared: list[int] = self.types.tolist()
            raise ValueError(
                f"atomic types {unknown} are not among atomic_types={declared}. Declare them when "
                "the descriptor is made, or leave out their structures."
            )
        return self.types

    def channel_names(self) -> Tensor:
        """What declared channels are called in keys: types, or numbers of pseudo-species."""
        mixing = self.mixing
        if mixing is None:
            return self.types
        return torch.arange(mixing.shape[0], device=self.types.device)

    def channels_of(self, coefficients: Coefficients, centers: Centers, center_type: int) -> Tensor:
        """Sorted channels that any center of one type sees; the declared ones, if they are."""
        if self.declares_types:
            return self.channel_names()
        inside = centers.type[coefficients.center] == center_type
        return torch.unique(coefficients.neighbor_type[inside])

    def center_types(self, centers: Centers) -> Tensor:
        """Sorted types of the centers; the declared ones, if they are."""
        return self.types if self.declares_types else torch.unique(centers.type)

    def declared_pairs(self) -> Optional[Tensor]:
        """All ``(center_type, neighbor_type)``, sorted; None where no types were declared."""
        if not self.declares_types:
            return None
        return torch.cartesian_prod(self.types, self.channel_names()).reshape(-1, 2)

    def named(
        self, values: Tensor, neighborhoods: Neighborhoods, types: Tensor, n_centers: int
    ) -> Coefficients:
        """
        Name the runs; with pseudo-species, contract types to them, all present at each center.

        :param values: ``(run, (l_max + 1)**2, n)``
        :param types: ``(channel,)``, type of each channel
        """
        mixing = self.mixing
        if mixing is None:
            names = types[neighborhoods.run_channel]
            return Coefficients(values, neighborhoods.run_center, names)
        count = mixing.shape[0]
        products = mixing[:, neighborhoods.run_channel].unsqueeze(2).unsqueeze(3) * values
        mixed = torch.zeros(
            [count, n_centers, values.shape[1], values.shape[2]],
            dtype=values.dtype,
            device=values.device,
        )
        mixed = mixed.index_add(1, neighborhoods.run_center, products)
        center = torch.arange(n_centers, device=values.device)
        return Coefficients(
            mixed.transpose(0, 1).flatten(0, 1),
            torch.repeat_interleave(center, count),
            torch.arange(count, device=values.device).repeat(n_centers),
        )

    def neighborhoods(
        self, systems: list[System], selected_samples: Optional[Labels]
    ) -> tuple[Neighborhoods, Centers, Tensor]:
        """
        Pairs of ``systems`` by center and channel, the centers, and the types of the channels.

        :raises ValueError: see :meth:`pairs`
        """
        pairs, centers, types = self.pairs(systems, selected_samples)
        own = torch.searchsorted(types, centers.type)
        grouped, _ = grouped_by_channel(
            pairs.center, pairs.channel, pairs.vectors, own, types.shape[0]
        )
        return grouped, centers, types

    def pairs(
        self, systems: list[System], selected_samples: Optional[Labels]
    ) -> tuple[CenterPairs, Centers, Tensor]:
        """
        Pairs of ``systems`` as their lists hold them, the centers, the types of the channels.

        :raises ValueError: without systems, for another dtype than the module's, for types that
            were not declared, and where positions require gradients and neighbors do not
        """
        if len(systems) == 0:
            raise ValueError("the list of systems is empty; give at least one.")
        options = self.requested_neighbor_lists()[0]
        vectors: list[Tensor] = []
        samples: list[Tensor] = []
        seconds: list[Tensor] = []
        types: list[Tensor] = []
        atoms: list[Tensor] = []
        numbers: list[Tensor] = []
        start = 0
        for index, system in enumerate(systems):
            self._check_dtype(system)
            block = system.get_neighbor_list(options)
            if system.positions.requires_grad and not block.values.requires_grad:
                if len(block.samples) > 0:
                    raise ValueError(
                        f"positions of system {index} require gradients but its neighbor list "
                        "does not; add it by rhobar.systems.neighbors_added after setting "
                        "requires_grad."
                    )
            sample = block.samples.values.to(torch.int64)
            seconds.append(sample[:, 1] + start)
            samples.append(torch.cat([sample[:, :1] + start, sample[:, 1:]], 1))
            vectors.append(block.values.reshape(-1, 3))
            types.append(system.types.to(torch.int64))
            n = len(system)
            atoms.append(torch.arange(n, device=system.types.device))
            numbers.append(torch.full_like(atoms[-1], index))
            start += n
        all_types = torch.cat(types)
        channel_types = self.channel_types(all_types)
        channels = torch.searchsorted(channel_types, all_types)
        atom, number = torch.cat(atoms), torch.cat(numbers)
        chosen = chosen_centers(number, atom, selected_samples)
        position = torch.cumsum(chosen.to(torch.int64), 0) - 1  # of each atom among the centers
        sample = torch.cat(samples)
        inside = chosen[sample[:, 0]]
        sample, second = sample[inside], torch.cat(seconds)[inside]
        pairs = CenterPairs(
            vectors=torch.cat(vectors)[inside],
            center=position[sample[:, 0]],
            neighbor=sample[:, 1],
            shifts=sample[:, 2:],
            channel=channels[second],
        )
        return pairs, Centers(number[chosen], atom[chosen], all_types[chosen]), channel_types

    def _check_dtype(self, system: System) -> None:
        if system.positions.dtype != self.self_values.dtype:
            raise ValueError(
                f"systems are in {_dtype_name(system.positions.dtype)}, the descriptor in "
                f"{_dtype_name(self.self_values.dtype)}; convert one by .to(dtype=...)."
            )


def grouped_by_channel(
    center: Tensor, channel: Tensor, vectors: Tensor, center_channel: Tensor, n_channels: int
) -> tuple[Neighborhoods, Tensor]:
    """
    Sort pairs into runs; pairs keep their order inside a run.

    :param center: ``(pair,)``, position of the center among all centers
    :param channel: ``(pair,)``, channel of the neighbor
    :param vectors: ``(pair, 3)``, Å
    :param center_channel: ``(center,)``, channel of each center's own type
    :returns: the runs, and the input's pairs in their order
    """
    n_centers = center_channel.shape[0]
    own = torch.arange(n_centers, device=center.device) * n_channels + center_channel
    key = center * n_channels + channel
    runs, run_of = torch.unique(torch.cat([own, key]), return_inverse=True)
    sizes = torch.bincount(run_of[n_centers:], minlength=runs.shape[0])
    order = torch.argsort(run_of[n_centers:], stable=True)
    run_self = torch.zeros(runs.shape[0], dtype=vectors.dtype, device=vectors.device)
    run_self[run_of[:n_centers]] = 1.0
    base = max(n_channels, 1)
    neighborhoods = Neighborhoods(
        vectors=vectors[order],
        run_ptr=torch.cat([sizes.new_zeros(1), torch.cumsum(sizes, 0)]),
        run_center=torch.div(runs, base, rounding_mode="floor"),
        run_channel=runs % base,
        run_self=run_self,
    )
    return neighborhoods, order


def chosen_centers(system: Tensor, atom: Tensor, selected_samples: Optional[Labels]) -> Tensor:
    """Which atoms are centers."""
    if selected_samples is None:
        return torch.ones_like(atom, dtype=torch.bool)
    samples = Labels(["system", "atom"], torch.stack([system, atom], 1).to(torch.int32))
    chosen = torch.zeros_like(atom, dtype=torch.bool)
    chosen[samples.select(selected_samples.to(samples.device))] = True
    return chosen


def _dtype_name(dtype: torch.dtype) -> str:
    if dtype == torch.float32:
        return "float32"
    return "float64" if dtype == torch.float64 else "another dtype"


def _with_cosine_end(radius: float) -> Cutoff:
    return Cutoff(radius, width=0.5)


def _checked_types(atomic_types: list[int] | None) -> Tensor:
    if atomic_types is None:
        return torch.zeros(0, dtype=torch.int64)
    types = sorted(int(a) for a in atomic_types)
    if not types or len(set(types)) < len(types):
        raise ValueError(
            f"atomic_types={atomic_types!r}: give each type once, at least one, or None for those "
            "of the input."
        )
    return torch.tensor(types, dtype=torch.int64)


def _checked_mixing(
    weights: Tensor | None, types: Tensor, declared: bool
) -> torch.nn.Parameter | None:
    if weights is None:
        return None
    weights = torch.as_tensor(weights, dtype=torch.float64)
    if not declared:
        raise ValueError("pseudo_species needs atomic_types, the columns of its weights.")
    if weights.ndim != 2 or weights.shape[0] == 0 or weights.shape[1] != len(types):
        raise ValueError(
            f"pseudo_species has shape {tuple(weights.shape)}; it has to be (pseudo-species, "
            f"{len(types)}), a column for each of atomic_types={types.tolist()}."
        )
    return torch.nn.Parameter(weights.clone())
