"""A network that passes messages along distances."""

import math
from collections.abc import Sequence
from typing import Optional

import ase
import torch
from metatensor.torch import TensorMap
from metatomic.torch import NeighborListOptions, System
from torch import Tensor

from .composition import Composition
from .distance_graphs import DistanceGraphs, atom_numbers, dense_features, edges_within
from .energy_map import computed_energies, energy_map
from .environments import Descriptor


class DistanceGnn(torch.nn.Module):
    r"""
    Energy of a structure by messages between atoms that know distances and nothing else.

    .. math:: h_i^{(0)} = e_{a_i} + A\, \hat p_i, \qquad
              m_i^{(t)} = \sum_j f_c(r_{ij})\, W_t(b(r_{ij})) \odot h_j^{(t)}
    .. math:: h_i^{(t+1)} = h_i^{(t)} + U_t(m_i^{(t)}), \qquad
              E = \sum_i [o_{a_i} + s V(h_i^{(T)})]
    .. math:: b_k(r) = e^{-\gamma (r - \mu_k)^2}, \qquad
              \mu_k = \frac{k\, r_\max}{n - 1}, \qquad \gamma = \frac{n^2}{2 r_\max^2}

    W, U and V are perceptrons of two layers with SiLU between them, :math:`f_c = \tfrac12 [1 +
    \cos(\pi r / r_c)]`; sums run over all periodic images within the cutoff. This is SchNet
    (Schütt et al., J. Chem. Phys. 148, 241722 (2018), doi:10.1063/1.5019779) in its simplest form.
    Whatever its weights and depth, it gives one energy to structures that
    :func:`rhobar.analysis.weisfeiler_lehman` cannot tell apart (Pozdnyakov, Ceriotti, Mach. Learn.:
    Sci. Technol. 3, 045020 (2022), doi:10.1088/2632-2153/aca1f8), unless its atoms start with
    more: invariants p of a descriptor, here over the root of their mean square,
    :math:`\hat p = p / \sqrt{\langle p^2 \rangle}`.

    The offsets o are zero and the scale s is one until :meth:`set_baseline` says otherwise. Weights
    are drawn in float64. No sum is normalised: with a cutoff, far-apart copies add; without one,
    atoms hear each other from everywhere. Results follow the order of atoms by rounding only.

    :param atomic_types: the types that may occur
    :param cutoff: r_c in Å; None: every atom hears all others of a structure that is not periodic
    :param r_max: where the last Gaussian sits, Å; it does not cut anything
    :param hidden: number of components of h
    :param layers: number of updates T
    :param n_radial: number n of Gaussians, at least two
    :param descriptor: makes p from the same ``atomic_types``; None: atoms know their type alone
    :param seed: of the weights
    :raises ValueError: for numbers out of range, or a descriptor of other types
    """

    types: Tensor
    places: Tensor
    offsets: Tensor
    scale: Tensor

    def __init__(
        self,
        atomic_types: list[int],
        *,
        cutoff: float | None = None,
        r_max: float = 6.0,
        hidden: int = 64,
        layers: int = 4,
        n_radial: int = 24,
        descriptor: Descriptor | None = None,
        seed: int = 0,
    ):
        super().__init__()
        _check_sizes(cutoff, r_max=r_max, hidden=hidden, layers=layers, n_radial=n_radial)
        types = sorted({int(number) for number in atomic_types})
        columns = 0 if descriptor is None else _columns(descriptor, types)
        self.cutoff = cutoff
        self.descriptor = descriptor
        self.columns = columns
        self.gamma = 0.5 * (n_radial / r_max) ** 2
        self.register_buffer("types", torch.tensor(types, dtype=torch.int64), persistent=False)
        places = torch.linspace(0.0, r_max, n_radial, dtype=torch.float64)
        self.register_buffer("places", places, persistent=False)
        self.register_buffer("offsets", torch.zeros(len(types), dtype=torch.float64))
        self.register_buffer("scale", torch.ones((), dtype=torch.float64))
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            self.embedding = torch.nn.Embedding(len(types), hidden)
            self.filters = _perceptrons(layers, n_radial, hidden, hidden)
            self.updates = _perceptrons(layers, hidden, hidden, hidden)
            self.readout = _perceptron(hidden, hidden, 1)
            self.projection: torch.nn.Module = torch.nn.Identity()
            if columns > 0:  # last, so that the other weights are those without a descriptor
                self.projection = torch.nn.Linear(columns, hidden, bias=False)
        self.to(torch.float64)

    def requested_neighbor_lists(self) -> list[NeighborListOptions]:
        """Those of the cutoff and of the descriptor; none if both are missing."""
        lists: list[NeighborListOptions] = []
        if self.cutoff is not None:
            lists.append(_options(self.cutoff))
        if self.descriptor is not None:
            lists += self.descriptor.requested_neighbor_lists()
        return lists

    @torch.jit.unused
    def interaction_range(self) -> float:
        """How far, Å, an atom can be from those whose energies it changes; may be infinite."""
        if self.cutoff is None:
            return math.inf
        reach = self.cutoff * len(self.filters)
        if self.descriptor is not None:
            reach += self.descriptor.requested_neighbor_lists()[0].cutoff
        return reach

    def forward(self, systems: list[System]) -> TensorMap:
        """
        Energies of ``systems``, which hold the requested neighbor lists; differentiable.

        Key ``_``, samples ``system``, property ``energy``; eV once trained on eV.

        :raises ValueError: see :meth:`graphs`
        """
        graphs = self.graphs(systems)
        return energy_map(self.energies(graphs))

    @torch.jit.unused
    def compute(
        self, frames: ase.Atoms | Sequence[ase.Atoms], gradients: Sequence[str] = ()
    ) -> TensorMap:
        """
        Energies of ``frames`` (Å) as :meth:`forward` gives them, without autograd history.

        :param gradients: any of ``positions`` and ``strain``, stored beside the values
        :raises ValueError: see :meth:`graphs`; for unknown kinds of gradients
        """
        return computed_energies(self, frames, gradients)

    @torch.jit.unused
    def set_baseline(self, composition: Composition, scale: float) -> None:
        """
        Count energies from those of the composition (eV), in units of ``scale`` (eV).

        :raises ValueError: for a composition of types that the model does not know
        """
        types = torch.tensor(composition.atomic_types)
        self.offsets[self._type_places(types)] = composition.energies.to(self.offsets)
        self.scale.fill_(scale)

    def graphs(self, systems: list[System]) -> DistanceGraphs:
        """
        What :meth:`energies` needs of ``systems``; made once, it serves a whole training.

        :raises ValueError: for no systems, types that were not declared, systems of another dtype
            than the weights, and periodic systems without a cutoff
        """
        if len(systems) == 0:
            raise ValueError("the list of systems is empty; give at least one.")
        numbers, system = atom_numbers(systems)
        places = self._type_places(numbers)
        for one in systems:
            if one.positions.dtype != self.places.dtype:
                raise ValueError(
                    "systems and weights are of different dtypes; convert one by .to(dtype=...)."
                )
        options: Optional[NeighborListOptions] = None  # noqa: UP045 - scripted
        if self.cutoff is not None:
            options = _options(self.cutoff)
        center, neighbor, vectors = edges_within(systems, options)
        features = self.places.new_zeros([len(numbers), 0])
        if self.descriptor is not None:
            found: TensorMap = self.descriptor(systems)
            features = dense_features(found, system, len(systems), self.columns)
        distances = torch.linalg.vector_norm(vectors, dim=1)
        return DistanceGraphs(places, system, center, neighbor, distances, features, len(systems))

    def energies(self, graphs: DistanceGraphs) -> Tensor:
        """``(system,)``, the sums of :meth:`atomic_energies`."""
        atomic = self.atomic_energies(graphs)
        return atomic.new_zeros([graphs.n_systems]).index_add(0, graphs.system, atomic)

    def atomic_energies(self, graphs: DistanceGraphs) -> Tensor:
        """``(atom,)``, what each atom of ``graphs`` contributes."""
        offsets = graphs.distances.unsqueeze(1) - self.places  # (edge, n_radial)
        radial = torch.exp(-self.gamma * offsets.square())
        hidden = self.embedding(graphs.types)  # (atom, hidden)
        if self.columns > 0:
            squares = graphs.features.square().mean(1, keepdim=True)
            # where comes before the root, whose derivative at zero is infinite
            scale = torch.where(squares > 0, squares, torch.ones_like(squares)).rsqrt()
            hidden = hidden + self.projection(scale * graphs.features)
        weight = self._weight(graphs.distances).unsqueeze(1)
        for layer_filter, update in zip(self.filters, self.updates):  # noqa: B905 - scripted
            message = weight * layer_filter(radial) * hidden[graphs.neighbor]
            heard = torch.zeros_like(hidden).index_add(0, graphs.center, message)
            hidden = hidden + update(heard)
        energies: Tensor = self.readout(hidden).squeeze(1)
        return self.offsets[graphs.types] + self.scale * energies

    def _weight(self, distances: Tensor) -> Tensor:
        """f_c, ``(edge,)``."""
        cutoff = self.cutoff
        if cutoff is None:
            return torch.ones_like(distances)
        return 0.5 * (1.0 + torch.cos(math.pi * (distances / cutoff).clamp(max=1.0)))

    def _type_places(self, numbers: Tensor) -> Tensor:
        known = torch.isin(numbers, self.types)
        if not bool(known.all()):
            unknown: list[int] = torch.unique(numbers[~known]).tolist()
            declared: list[int] = self.types.tolist()
            raise ValueError(
                f"atomic types {unknown} are not among atomic_types={declared}. Declare them when "
                "the model is made, or leave out their structures."
            )
        return torch.searchsorted(self.types, numbers)


def _perceptron(n_in: int, n_hidden: int, n_out: int) -> torch.nn.Sequential:
    return torch.nn.Sequential(
        torch.nn.Linear(n_in, n_hidden), torch.nn.SiLU(), torch.nn.Linear(n_hidden, n_out)
    )


def _perceptrons(count: int, n_in: int, n_hidden: int, n_out: int) -> torch.nn.ModuleList:
    return torch.nn.ModuleList([_perceptron(n_in, n_hidden, n_out) for _ in range(count)])


def _options(cutoff: float) -> NeighborListOptions:
    """As :func:`rhobar.systems.neighbor_options`, for TorchScript."""
    return NeighborListOptions(cutoff=cutoff, full_list=True, strict=True)


def _columns(descriptor: Descriptor, types: list[int]) -> int:
    """Number of features of each atom."""
    declared = descriptor.hypers()["atomic_types"]
    if declared is None or sorted(declared) != types:
        raise ValueError(
            f"DistanceGnn: atomic_types = {types}, and those of its descriptor are {declared}; "
            "give both the same."
        )
    lone = ase.Atoms([types[0]])
    features = descriptor.compute([lone])  # of declared types: all blocks that exist
    others = [name for name in features.keys.names if name != "center_type"]
    return int(features.keys_to_properties(others).block(0).values.shape[1])


def _check_sizes(cutoff: float | None, **sizes: float) -> None:
    least = {"n_radial": 2}
    for name, value in sizes.items():
        if not least.get(name, 0) < value + (name == "n_radial") < math.inf:
            raise ValueError(f"DistanceGnn: {name} = {value} is too small or not finite.")
    if cutoff is not None and not 0 < cutoff < math.inf:
        raise ValueError(f"DistanceGnn: cutoff = {cutoff} Å; give a positive length, or None.")
