"""Kernels between structures from all correlations of their neighbor densities."""

from __future__ import annotations

import logging
import operator
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import ase
import torch
from metatensor.torch import TensorMap
from metatomic.torch import System
from torch import Tensor

from rhobar.ops import CgIteration, PairKernel, RotationFunction, RotationPowers

from .pair_sums import PairSums, kernel_device
from .structure_lists import center_counts, center_pair_count, check_lists
from .wigner_blocks import center_map, structure_map
from .wigner_density import WignerDensity
from .wigner_gradients import moves
from .wigner_pairs import center_pairs, matrix_shape, refuse_what_cannot_fit, system_pairs

ENGINES = ("grid", "cg")


class Estimate(NamedTuple):
    """What a computation will take."""

    pairs: int
    """of centers of one type"""
    seconds: float
    """of one thread"""
    bytes: int
    """of the result"""


@dataclass(frozen=True)
class WignerKernel:
    r"""
    Similarity of structures by ν-fold products of their neighbor densities, for ν = 1 … nu_max.

    .. math:: K^\nu(A, B) = \sum_{i \in A, j \in B} \delta_{a_i a_j} \kappa^\nu(i, j), \qquad
        \kappa^\nu_{0+}(i, j) = \int_{O(3)} dR \, S_{ij}(R)^\nu, \qquad
        S_{ij}(R) = \sum_a \int \rho^a_i(\mathbf{x}) \rho^a_j(R^{-1} \mathbf{x}) \, d^3x

    Bigi, Pozdnyakov, Ceriotti, J. Chem. Phys. 161, 044116 (2024), doi:10.1063/5.0208746. Sums, no
    averages, nothing is normalised; ν = 0 is the composition kernel,
    :math:`\sum_a N_a(A) N_a(B)`. It equals the scalar product of all invariants of body order
    ν + 1, of an infinite number of contractions, and costs the same for every number of channels.

    :param density: what is compared
    :param nu_max: highest order of correlation, included
    :param engine: "grid", exact, by rotations; or "cg", by Clebsch-Gordan products with orders of
        angular momentum above ``lambda_max`` left out, as the paper has it. They differ from ν = 4
        on, by a factor more than anything: fit and predict with the same one. Exact tensors of
        ν ≥ 5 are refused where they are millions of products (l_max = 3); take "cg" for them
    :param lambda_max: for the engine "cg", see :class:`rhobar.ops.CgIteration`
    :param center_types: types of the atoms that count as centers; None: all
    """

    density: WignerDensity
    nu_max: int = 4
    engine: str = "grid"
    lambda_max: int = 3
    center_types: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise ValueError(f"WignerKernel(engine={self.engine!r}): choose one of {ENGINES}.")
        if not isinstance(self.density, WignerDensity):
            raise TypeError(
                f"WignerKernel(density={self.density!r}): give a rhobar.kernels.WignerDensity."
            )
        if self.center_types is not None:
            object.__setattr__(self, "center_types", _checked_types(self.center_types))
        self.pair_kernel()

    def pair_kernel(self, target: tuple[int, int] = (0, 1)) -> PairKernel:
        """
        What turns the overlaps of two densities into kernels of ``(o3_lambda, o3_sigma)``.

        :raises ValueError: for what is no target
        """
        target = _checked_target(target)
        if self.engine == "grid":
            return RotationPowers(self.density.l_max, self.nu_max, target)
        return CgIteration(self.density.l_max, self.nu_max, self.lambda_max, target)

    def matrices(
        self,
        frames: Sequence[ase.Atoms],
        other: Sequence[ase.Atoms] | None = None,
        *,
        target: tuple[int, int] = (0, 1),
        per_atom: bool = False,
        num_threads: int | None = None,
        device: str | torch.device = "cpu",
    ) -> Tensor:
        """
        Kernels of all pairs of structures, for ν = 0 … nu_max.

        Says at level INFO, and on the terminal with a bar, what it will take if it is over a
        minute.

        :param other: the columns; None: ``frames`` again, for half the work
        :param target: ``(o3_lambda, o3_sigma)`` of a tensor that turns with the structures
        :param per_atom: a row for each atom of ``frames``, one after the other, instead of sums
        :param num_threads: default: torch's
        :param device: where pairs of centers are summed, ``"cpu"`` or ``"cuda"``, a GPU of NVIDIA
            with the extra ``gpu``; structures, densities and the result are on the CPU
        :returns: float64, ``(n, n', nu_max + 1)``; for other targets than (0, 1)
            ``(n, 2 o3_lambda + 1, n', 2 o3_lambda + 1, nu_max + 1)``, ν = 0 of which is zero. The
            components of λ = 1 are (y, z, x)
        :raises ValueError: for bad structures
        :raises MemoryError: for a result that cannot fit, before anything is computed
        :raises RuntimeError: for a device that is not there
        """
        check_lists(frames, other)
        kernel = self.pair_kernel(target)
        sums = PairSums(kernel, num_threads, kernel_device(device))
        n_rows = sum(map(len, frames)) if per_atom else len(frames)
        n_columns = len(frames if other is None else other)
        refuse_what_cannot_fit(matrix_shape(kernel, n_rows, n_columns), "Wigner kernels")
        pairs = center_pairs(self.density, frames, other, self.center_types, num_threads)
        return pairs.matrices(sums, per_atom=per_atom)

    def mixed_matrix(
        self,
        weights: Sequence[float] | Tensor,
        frames: Sequence[ase.Atoms],
        other: Sequence[ase.Atoms] | None = None,
        *,
        num_threads: int | None = None,
        device: str | torch.device = "cpu",
    ) -> Tensor:
        r"""
        One kernel of all orders, :math:`\sum_\nu b_\nu K^\nu`, in a fraction of the memory.

        :param weights: b of ν = 0 … nu_max
        :param device: see :meth:`matrices`
        :returns: ``(n, n')`` float64
        :raises ValueError: for another number of weights
        :raises MemoryError: for a result that cannot fit, before anything is computed
        """
        b = torch.as_tensor(weights, dtype=torch.float64)
        if b.shape != (self.nu_max + 1,):
            raise ValueError(
                f"WignerKernel.mixed_matrix: {self.nu_max + 1} weights are due, of ν = 0 … "
                f"{self.nu_max}; got shape {tuple(b.shape)}."
            )
        check_lists(frames, other)
        sums = PairSums(self.pair_kernel(), num_threads, kernel_device(device))
        shape = len(frames), len(frames if other is None else other)
        refuse_what_cannot_fit(shape, "mixed Wigner kernels")
        pairs = center_pairs(self.density, frames, other, self.center_types, num_threads)
        result = pairs.mixed(sums, b[1:])
        counts = torch.zeros_like(result)
        pairs.add_composition(counts, per_atom=False)
        return result.add_(counts, alpha=float(b[0]))

    def estimate(
        self, frames: Sequence[ase.Atoms], other: Sequence[ase.Atoms] | None = None
    ) -> Estimate:
        """
        What :meth:`matrices` of invariants would take, from the time of a sample of 64 structures.

        Logged at level INFO too; of one thread, with all compiled before.
        """
        check_lists(frames, other)
        columns = frames if other is None else other
        samples = [part[:: max(1, len(part) // 64)][:64] for part in (frames, columns)]
        self.matrices(*samples, num_threads=1)
        start = time.perf_counter()
        self.matrices(*samples, num_threads=1)
        spent = time.perf_counter() - start
        counts = [center_counts(part, self.center_types) for part in (frames, columns, *samples)]
        n_pairs, n_sampled = center_pair_count(*counts[:2]), center_pair_count(*counts[2:])
        n_pairs //= 2 if other is None else 1
        size = 8 * len(frames) * len(columns) * (self.nu_max + 1)
        estimate = Estimate(n_pairs, spent * n_pairs / max(n_sampled, 1), size)
        logging.getLogger(__name__).info(
            "Wigner kernels of %d x %d structures: %.3g pairs of centers, %.3g s, %.3g GB",
            len(frames), len(columns), estimate.pairs, estimate.seconds, estimate.bytes / 1e9,
        )  # fmt: skip
        return estimate

    def compute(
        self,
        frames: Sequence[ase.Atoms],
        other: Sequence[ase.Atoms] | None = None,
        gradients: Sequence[str] = (),
        *,
        targets: Sequence[tuple[int, int]] = ((0, 1),),
        per_atom: bool = False,
        num_threads: int | None = None,
    ) -> TensorMap:
        """
        Kernels as blocks.

        Out: keys ``nu, o3_lambda, o3_sigma``, samples ``system``, components ``o3_mu``, properties
        ``system_ref, o3_mu_ref``; with ``per_atom`` keys ``nu, o3_lambda, o3_sigma, center_type``,
        samples ``system, atom`` and properties ``system_ref, atom_ref, o3_mu_ref``, for ν ≥ 1 and
        types of centers on both sides.

        :param other: the columns, ``…_ref``; None: ``frames`` again
        :param gradients: any of ``positions``, ``strain``, of the structures in ``frames`` only,
            stored beside the values. Those of the columns are in ``compute(other, frames, …)``,
            since :math:`\\kappa_{\\mu \\mu'}(i, j) = \\kappa_{\\mu' \\mu}(j, i)`
        :param targets: ``(o3_lambda, o3_sigma)`` of the kernels
        :param per_atom: kernels of single centers instead of their sums over structures
        :raises ValueError: for bad structures, unknown kinds of gradients
        :raises MemoryError: for what cannot fit
        """
        if isinstance(gradients, str) or not set(gradients) <= {"positions", "strain"}:
            raise ValueError(
                f"gradients={gradients!r}: give a list of any of 'positions', 'strain'."
            )
        if not targets:
            raise ValueError("targets is empty; give [(0, 1)] for energies, [(1, 1)] for dipoles.")
        pairs = center_pairs(self.density, frames, other, self.center_types, num_threads)
        kernels = {kernel.target: kernel for kernel in map(self.pair_kernel, targets)}
        moved = [moves(self.density, frames, pairs, parameter) for parameter in gradients]
        blocks = center_map if per_atom else structure_map
        return blocks(pairs, kernels, moved, num_threads)

    def of_systems(self, systems: list[System], other: Sequence[ase.Atoms]) -> Tensor:
        """
        The same as :meth:`matrices`, differentiable by autograd with respect to ``systems``.

        For short lists: by the reference of the engine, and with all pairs in memory.

        :param systems: with neighbor lists, see :meth:`WignerDensity.requested_neighbor_lists`
        :returns: ``(n, n', nu_max + 1)`` in float64
        """
        pairs = system_pairs(self.density, systems, other, self.center_types)
        sums = pairs.differentiable_sums(self.pair_kernel())[..., 0, 0]
        counts = sums.new_zeros(sums.shape[:2])
        pairs.add_composition(counts, per_atom=False)
        return torch.cat([counts[:, :, None], sums], dim=2)

    def function_matrix(
        self,
        function: Callable[[Tensor], Tensor],
        frames: Sequence[ase.Atoms],
        other: Sequence[ase.Atoms] | None = None,
        *,
        degree: int | None = None,
        target: tuple[int, int] = (0, 1),
    ) -> Tensor:
        r"""
        Kernels of all orders at once, from a function F of the rotated overlap S.

        .. math:: \kappa^F(i, j) = \int_{O(3)} dR \, F(S_{ij}(R))

        A polynomial gives a weighted sum of :meth:`matrices`, its constant that of ν = 0; the
        exponential gives :math:`\sum_{\nu = 0}^\infty \kappa^\nu / \nu!`. ``nu_max`` has no
        effect.

        :param function: element by element, such as ``torch.exp``
        :param degree: of the quadrature: ``l_max`` times the highest power of S that counts, and
            o3_lambda; None: what the exponential needs for 1e-14 at the largest S that can be
        :returns: ``(n, n')`` float64; for other targets than (0, 1)
            ``(n, 2 o3_lambda + 1, n', 2 o3_lambda + 1)``
        :raises MemoryError: for a quadrature that cannot fit
        """
        target = _checked_target(target)
        if self.engine != "grid":
            raise ValueError(
                f"WignerKernel(engine={self.engine!r}): only the grid takes functions; "
                "use engine='grid'."
            )
        pairs = center_pairs(self.density, frames, other, self.center_types, None)
        l_max = self.density.l_max
        if degree is None:
            order = exponential_order(pairs.largest_overlap())
            degree = l_max * order + target[0]
        kernel = RotationFunction(function, l_max, degree, target)
        n_nodes = (degree + 1) ** 2 * (degree // 2 + 1)
        tables = 2 * (9 + sum((2 * l + 1) ** 2 for l in range(l_max + 1)))  # and what makes them
        refuse_what_cannot_fit(
            (n_nodes, tables),
            f"rotations of a quadrature of degree {degree}",
            "Give the degree that the function needs, or densities of smaller overlaps.",
        )
        matrices = pairs.matrices(PairSums(kernel), per_atom=False)
        return matrices[..., 1].contiguous()


def _checked_target(target: tuple[int, int]) -> tuple[int, int]:
    """Two whole numbers; which ones there are is seen where they are used."""
    try:
        o3_lambda, o3_sigma = map(operator.index, target)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"target={target!r}: give (o3_lambda, o3_sigma), such as (0, 1) for energies or "
            "(1, 1) for dipoles."
        ) from error
    return o3_lambda, o3_sigma


def _checked_types(center_types: Sequence[int]) -> tuple[int, ...]:
    """At least one type of atoms."""
    try:
        found = tuple(map(operator.index, center_types))
    except TypeError:
        found = ()
    if not found:
        raise ValueError(
            f"WignerKernel(center_types={center_types!r}): give types of atoms, such as (6,) for "
            "carbon, or None for all."
        )
    return found


def exponential_order(largest: float) -> int:
    r"""The lowest N with :math:`\sum_{\nu > N} s^\nu / \nu! < 10^{-14} e^s` at s = ``largest``."""
    from scipy.special import gammainc

    order = max(1, int(largest))
    while gammainc(order + 1, largest) > 1e-14:  # the sum over e^s, DLMF 8.4.10
        order += 1
    return order
