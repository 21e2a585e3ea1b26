"""The neighbor densities that Wigner kernels compare, as dense arrays."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import ase
import torch
from metatensor.torch import TensorMap
from metatomic.torch import NeighborListOptions, System
from torch import Tensor

from rhobar.descriptors import (
    CompleteBasis,
    Cutoff,
    Laplacian,
    SphericalExpansion,
    WideningGaussian,
)
from rhobar.math import RadialIntegral
from rhobar.ops import available_memory

from .dense_density import dense_density
from .structure_lists import check_frames, check_systems

_PORTION = 4_000
"""atoms that are expanded at once: below 100 MB at 25 radial functions of five neighbor types"""

_MISSED = 1e-7
"""part of a neighbor's own density that a compression may leave out; overlaps miss its square"""


class CenterDensities(NamedTuple):
    """Densities around the centers of one type."""

    values: Tensor
    """``(center, (l_max + 1)**2, channel)`` float64, Å^(-3/2); a channel is a neighbor type and a
    radial function of it, and those that an l lacks are zero"""
    system: Tensor
    """``(center,)`` int64, not decreasing"""
    atom: Tensor
    """``(center,)`` int64, number of the atom in its system"""


@dataclass(frozen=True, kw_only=True)
class WignerDensity:
    r"""
    Neighbor densities of Gaussians that widen with distance, the input of :class:`WignerKernel`.

    .. math:: \rho^a_i(\mathbf{x}) = \sum_{j: a_j = a} f_c(r_{ji}) A(r_{ji}) \,
        g_{\sigma(r_{ji})}(\mathbf{x} - \mathbf{r}_{ji}), \qquad
        \sigma(r) = smearing \cdot e^{smearing\_rate \cdot r}

    Bigi, Pozdnyakov, Ceriotti, J. Chem. Phys. 161, 044116 (2024), doi:10.1063/5.0208746. A
    density without its center, for each type a of neighbors and around every atom;
    :class:`rhobar.math.WideningGaussian` has A(r) of both conventions.

    Radial functions are reduced to combinations of them that no density can do without: per l,
    what they leave out of any neighbor's density is below 1e-7 of it, and below 1e-13 of overlaps.

    :param cutoff: radius in Å
    :param cutoff_width: length of its cosine end, Å; 0.0 is a step
    :param l_max: highest angular order, included
    :param n_radial: number of Laplacian eigenstates at each l; without effect if ``analytic``
    :param smearing: width of a Gaussian at distance zero, Å
    :param smearing_rate: how fast it grows, 1/Å
    :param convention: "may2023", with which the paper's numbers were made, or "jul2023", where the
        rate is one over its length
    :param radial: "laplacian", or "analytic" for overlaps without a radial basis, the limit of an
        infinite one in which the density beyond the cutoff counts too
    :param spline_accuracy: mean error of tabulated radial integrals; None: no table
    """

    cutoff: float
    cutoff_width: float = 0.5
    l_max: int = 3
    n_radial: int = 25
    smearing: float
    smearing_rate: float
    convention: str = "may2023"
    radial: str = "laplacian"
    spline_accuracy: float | None = 1e-10

    def __post_init__(self) -> None:
        if self.radial not in ("laplacian", "analytic"):
            raise ValueError(
                f"WignerDensity(radial={self.radial!r}): choose 'laplacian' or 'analytic'."
            )
        for name, number, least in (("l_max", self.l_max, 0), ("n_radial", self.n_radial, 1)):
            if not isinstance(number, int) or number < least:
                raise ValueError(
                    f"WignerDensity({name}={number!r}): a whole number, at least {least}, is due."
                )
        if self.spline_accuracy is not None and not self.spline_accuracy > 0:
            raise ValueError(
                f"WignerDensity(spline_accuracy={self.spline_accuracy!r}): give an error above "
                "zero, or None for no table."
            )
        WideningGaussian(self.smearing, self.smearing_rate, self.convention)
        Cutoff(self.cutoff, width=self.cutoff_width)

    @property
    def expansion(self) -> SphericalExpansion:
        """
        The density coefficients in the radial basis, a module.

        The same one for all equal densities: copy it before moving it to a device or dtype.
        """
        return _expansion(self)

    @property
    def compressions(self) -> Tensor:
        """Per l, what radial functions are combined with to channels, ``(l_max + 1, n, kept)``."""
        return _compressions(self)

    def requested_neighbor_lists(self) -> list[NeighborListOptions]:
        """The list that :meth:`of_systems` wants, see :func:`rhobar.systems.neighbors_added`."""
        return self.expansion.requested_neighbor_lists()

    def of_frames(
        self,
        frames: Sequence[ase.Atoms],
        neighbor_types: Sequence[int],
        *,
        num_threads: int | None = None,
    ) -> dict[int, CenterDensities]:
        """
        Densities around the atoms of ``frames`` by the type of the center, sorted.

        Memory: 8 bytes for each number of ``values``, and 100 MB for a portion of the frames.

        :param neighbor_types: the channels, sorted; neighbors of other types are left out
        :raises ValueError: for bad structures or none, or without types
        :raises MemoryError: if they cannot fit
        """
        check_frames(frames)
        _check_channels(neighbor_types, sum(map(len, frames)))
        self._refuse_what_cannot_fit(sum(map(len, frames)), len(neighbor_types))
        parts: dict[int, list[CenterDensities]] = {}
        for first, portion in _portions(frames):
            sizes = [len(frame) for frame in portion]
            blocks = self.expansion.compute(portion, num_threads=num_threads)
            for center_type, found in self._dense(blocks, neighbor_types, sizes).items():
                found = found._replace(system=found.system + first)
                parts.setdefault(center_type, []).append(found)
        return {
            center_type: CenterDensities(*(torch.cat(c) for c in zip(*found, strict=True)))
            for center_type, found in sorted(parts.items())
        }

    def of_systems(
        self, systems: list[System], neighbor_types: Sequence[int]
    ) -> dict[int, CenterDensities]:
        """The same for systems with their neighbor lists; differentiable by autograd."""
        check_systems(systems)
        sizes = [len(system) for system in systems]
        _check_channels(neighbor_types, sum(sizes))
        return self._dense(self.expansion(systems), neighbor_types, sizes)

    def _refuse_what_cannot_fit(self, n_atoms: int, n_types: int) -> None:
        """Densities and, while they are put together, the copy of one type of centers."""
        n_channels = n_types * self.compressions.shape[2]
        size, available = 16 * n_atoms * (self.l_max + 1) ** 2 * n_channels, available_memory()
        if size > available:
            raise MemoryError(
                f"densities of {n_atoms} atoms in {n_channels} channels take {size / 1e9:.3g} GB "
                f"and {available / 1e9:.3g} GB are available. Take fewer or smaller structures at "
                "a time, or fewer radial functions."
            )

    def _dense(
        self, blocks: TensorMap, neighbor_types: Sequence[int], sizes: Sequence[int]
    ) -> dict[int, CenterDensities]:
        """Densities by center type from blocks of the expansion of systems of some sizes."""
        first = torch.tensor([0, *sizes], device=blocks.device).cumsum(0)
        found = {}
        for center_type in torch.unique(blocks.keys.column("center_type")).tolist():
            # every center has a row there
            own = blocks.block(
                {"o3_lambda": 0, "center_type": center_type, "neighbor_type": center_type}
            )
            system, atom = own.samples.values.to(torch.int64).T
            row = torch.zeros(sum(sizes), dtype=torch.int64, device=blocks.device)
            row[first[system] + atom] = torch.arange(len(system), device=blocks.device)
            values = dense_density(
                blocks,
                center_type,
                list(map(int, neighbor_types)),
                self.compressions.to(own.values),
                row,
                first,
                len(system),
            )
            found[center_type] = CenterDensities(values, system, atom)
        return found


def _check_channels(neighbor_types: Sequence[int], n_atoms: int) -> None:
    """Nothing, if they are an order of channels that others have too, and some for any atoms."""
    if (n_atoms and not len(neighbor_types)) or sorted(set(neighbor_types)) != list(neighbor_types):
        raise ValueError(
            f"neighbor_types={neighbor_types!r}: give each type of atoms once, sorted, at least "
            "one."
        )


def _portions(frames: Sequence[ase.Atoms]) -> Iterator[tuple[int, list[ase.Atoms]]]:
    """Frames of up to ``_PORTION`` atoms together, and the number of the first."""
    first, count = 0, 0
    for number, frame in enumerate(frames):
        if count and count + len(frame) > _PORTION:
            yield first, list(frames[first:number])
            first, count = number, 0
        count += len(frame)
    if first < len(frames):
        yield first, list(frames[first:])


@functools.lru_cache(maxsize=8)
def _expansion(density: WignerDensity) -> SphericalExpansion:
    """The module of a density; its tables take seconds for sharp Gaussians."""
    gaussian = WideningGaussian(density.smearing, density.smearing_rate, density.convention)
    radial: Laplacian | CompleteBasis = Laplacian(density.n_radial)
    if density.radial == "analytic":
        radial = CompleteBasis.of(gaussian, cutoff=density.cutoff, l_max=density.l_max)
    return SphericalExpansion(
        Cutoff(density.cutoff, width=density.cutoff_width),
        l_max=density.l_max,
        radial=radial,
        density=gaussian,
        spline_accuracy=density.spline_accuracy,
    )


@functools.lru_cache(maxsize=8)
def _compressions(density: WignerDensity) -> Tensor:
    """
    For each l what radial functions are combined with, ``(l_max + 1, n, kept)``.

    Of a table of integrals at many distances, each row scaled to a neighbor of unit density, the
    right singular vectors that leave out less than ``_MISSED`` of every row.
    """
    hypers = density.expansion.hypers()
    basis = hypers["radial"]
    integral = RadialIntegral(basis, hypers["density"], cutoff=density.cutoff, l_max=density.l_max)
    if isinstance(basis, CompleteBasis):
        return torch.eye(basis.n_radial, dtype=torch.float64).repeat(density.l_max + 1, 1, 1)
    distances = torch.linspace(0.0, density.cutoff, 2001, dtype=torch.float64)
    with torch.no_grad():
        table = torch.cat([integral(part) for part in distances.split(256)])
    table = table / torch.linalg.vector_norm(table[:, :1], dim=2, keepdim=True)
    vectors, counts = [], []
    for l in range(density.l_max + 1):
        _, _, directions = torch.linalg.svd(table[:, l], full_matrices=False)
        products = (table[:, l] @ directions.T).square()
        missed = products.flip(1).cumsum(1).flip(1).amax(0).sqrt()  # without the first n
        counts.append(int((missed > _MISSED).sum()))
        vectors.append(directions.T)
    kept = torch.arange(max(counts)) < torch.tensor(counts)[:, None, None]
    return torch.stack(vectors)[:, :, : max(counts)] * kept
