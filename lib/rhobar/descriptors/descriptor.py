"""From frames to blocks: what every descriptor takes, and what it refuses."""

import abc
import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Optional, Self, Union

import ase
import torch
from metatensor.torch import Labels, TensorMap
from metatomic.torch import NeighborListOptions, System
from torch import Tensor

from rhobar.math import AtomicDensity, Cutoff, RadialBasis

from .atom_environments import AtomEnvironments
from .blocks import copied_into, properties_of, with_columns
from .compiled import using_threads
from .featomic_hypers import arguments_from_featomic
from .neighbor_density import NeighborDensity


class Descriptor(torch.nn.Module, metaclass=abc.ABCMeta):
    """
    Features of centers, made from their neighbors within a cutoff.

    :param cutoff: radius in Å, or a ``Cutoff``; a bare number gets a cosine end of 0.5 Å
    :param l_max: highest angular order, included
    :param radial: radial basis, ``Gto(n_radial)`` or ``Laplacian(n_radial)``
    :param density: density of one atom, ``Gaussian(width)``, ``Dirac()`` or, on radial bases
        within the cutoff, ``WideningGaussian(width, rate)``
    :param atomic_types: the types that may occur, which fixes the keys; None: those of the input
    :param pseudo_species: mixing weights ``(pseudo-species, atomic type)``, learnable; their
        columns follow the sorted ``atomic_types``. Neighbor types of the keys are then 0, 1, …
    :param spline_accuracy: mean error of tabulated radial integrals; None: analytic ones
    """

    def __init__(
        self,
        cutoff: float | Cutoff,
        *,
        l_max: int,
        radial: RadialBasis,
        density: AtomicDensity,
        atomic_types: list[int] | None = None,
        pseudo_species: Tensor | None = None,
        spline_accuracy: float | None = 1e-10,
    ):
        super().__init__()
        self.density = NeighborDensity(
            cutoff,
            l_max=l_max,
            radial=radial,
            density=density,
            atomic_types=atomic_types,
            pseudo_species=pseudo_species,
            spline_accuracy=spline_accuracy,
        )
        arguments: dict[str, Any] = {
            "cutoff": self.density.cutoff,
            "l_max": l_max,
            "radial": radial,
            "density": density,
            "atomic_types": atomic_types,
            "spline_accuracy": spline_accuracy,
        }
        self._arguments = arguments

    @torch.jit.unused
    def hypers(self) -> dict[str, Any]:
        """The constructor's arguments: ``type(self)(**self.hypers())`` is the same descriptor."""
        arguments = {**self._arguments, "pseudo_species": self.density.mixing}
        return {name: arguments[name] for name in inspect.signature(type(self)).parameters}

    @classmethod
    def from_featomic(
        cls,
        *,
        cutoff: Mapping[str, Any],
        density: Mapping[str, Any],
        basis: Mapping[str, Any],
        **others: Any,
    ) -> Self:
        """
        The same descriptor from featomic's hyperparameters (also those of ``torch`` calculators).

        :param others: arguments of the constructor that these do not hold, such as ``nu``
        :raises ValueError: for a key or a choice that rhobar does not know
        """
        return cls(**arguments_from_featomic(cls.__name__, cutoff, density, basis), **others)

    def requested_neighbor_lists(self) -> list[NeighborListOptions]:
        """The list that ``forward`` wants; :func:`rhobar.systems.neighbors_added` makes it."""
        return self.density.requested_neighbor_lists()

    def needs_all_centers(self) -> bool:
        """Whether features of some centers take the densities of all atoms."""
        return False

    @abc.abstractmethod
    def forward(
        self,
        systems: list[System],
        selected_samples: Optional[Labels] = None,
        selected_keys: Optional[Labels] = None,
    ) -> TensorMap:
        """
        Features of ``systems``, which hold the requested neighbor list; differentiable.

        :param selected_samples: names among ``system, atom``: the centers to describe
        :param selected_keys: exactly these blocks, in this order
        :raises ValueError: see :meth:`NeighborDensity.pairs`
        """

    def compute(
        self,
        frames: ase.Atoms | Sequence[ase.Atoms],
        gradients: Sequence[str] = (),
        *,
        selected_samples: Optional[Labels] = None,
        selected_keys: Optional[Labels] = None,
        selected_properties: Union[Labels, TensorMap, None] = None,
        num_threads: int | None = None,
        out: Optional[TensorMap] = None,
    ) -> TensorMap:
        """
        Features of ``frames`` (Å) by the compiled path: same numbers, no history for autograd.

        :param gradients: any of ``positions``, ``cell``, ``strain``, stored beside the values
        :param selected_samples: names among ``system, atom``: the centers to describe
        :param selected_keys: exactly these blocks, in this order
        :param selected_properties: only these columns, of the blocks that have them; or a
            TensorMap, such as :func:`select_properties` gives, with the columns of each block
        :param num_threads: default: torch's
        :param out: an earlier result whose memory may be used again; it is overwritten
        :raises ValueError: for frames that :func:`rhobar.systems.validate` refuses, types that
            were not declared, unknown kinds of gradients
        :raises MemoryError: for gradients that cannot fit, before anything is allocated
        """
        frames = [frames] if isinstance(frames, ase.Atoms) else list(frames)
        unknown = sorted(set(gradients) - {"positions", "cell", "strain"})
        if unknown:
            raise ValueError(
                f"gradients={list(gradients)!r}: {unknown} are none of 'positions', 'cell', "
                "'strain'."
            )
        environments = AtomEnvironments.of(
            self.density,
            frames,
            selected_samples,
            num_threads,
            all_centers=self.needs_all_centers(),
        )
        with torch.no_grad(), using_threads(environments.num_threads):
            if selected_properties is None:
                return self.computed(environments, tuple(gradients), selected_keys, out)
            result = self.pruned(environments, tuple(gradients), selected_keys, selected_properties)
        return result if out is None else copied_into(out, result)

    @torch.jit.unused
    def pruned(
        self,
        environments: AtomEnvironments,
        gradients: tuple[str, ...],
        selected_keys: Optional[Labels],
        selected_properties: Union[Labels, TensorMap, None],
    ) -> TensorMap:
        """Some columns only; see :meth:`compute`. Here all are computed and some are kept."""
        result = self.computed(environments, gradients, selected_keys, None)
        blocks = []
        for key, block in result.items():
            wanted = properties_of(block.properties, selected_properties, key)
            blocks.append(with_columns(block, wanted))
        return TensorMap(result.keys, blocks)

    @abc.abstractmethod
    def computed(
        self,
        environments: AtomEnvironments,
        gradients: tuple[str, ...],
        selected_keys: Optional[Labels],
        out: Optional[TensorMap],
    ) -> TensorMap:
        """Values and stored gradients; see :meth:`compute`."""
