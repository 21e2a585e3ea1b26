"""N-body iterative contraction of equivariants: features of many neighbors, kept few."""

from collections.abc import Sequence
from typing import Any, Optional, Self, cast

import ase
import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from torch import Tensor

from rhobar.math import AtomicDensity, Cutoff, RadialBasis

from ..atom_environments import AtomEnvironments
from ..blocks import o3_mu, tensor_map
from ..compiled import using_threads
from ..dense_coefficients import dense_coefficients, dense_slopes
from ..density_descriptor import DensityDescriptor
from ..jacobian import Jacobian, refuse_what_cannot_fit
from ..neighbor_density import Centers, Coefficients, sample_values
from .blocks import DensityScale, NiceBlock
from .fitting import fitted_sequence
from .selection import block_symmetry
from .sequence import NiceIteration, NiceSequence, unfitted_sequence


class Nice(DensityDescriptor):
    r"""
    Invariants of nu = 1 … ``nu_max`` neighbors, contracted order by order: NICE.

    .. math:: F^{\nu + 1}_{q \lambda \mu} = \sum_p V_{pq} \Big[ \sum_{m m'}
              C^{l_p k_p \lambda}_{m m' \mu} F^\nu_{i_p l_p m} F^1_{j_p k_p m'}
              - \sum_{\nu' \le \nu} \sum_{q'} W^{\nu'}_{p q'} F^{\nu'}_{q' \lambda \mu} \Big]

    Of all products those of important features are made (:class:`Expansion`); what lower orders
    predict of them is subtracted (W) and the rest contracted to its principal components (V), for
    each (λ, σ) by itself and with the same weights for all μ, so that features turn with the
    structure. Nigam, Pozdnyakov, Ceriotti, J. Chem. Phys. 153, 121101 (2020),
    doi:10.1063/5.0021116. Departures from the original code: products of zero importance are
    never made; of two products of densities that differ in their order one is made, times √2;
    all centers of the fit serve every step, unless ``fit`` is told otherwise; products are not
    multiplied by √2 each, as those of complex harmonics there; blocks are named by σ, which is the
    parity under inversion times :math:`(-1)^\lambda`. Signs: the largest weight of each component
    is positive.

    Out: keys ``nu, center_type``, those of the fit; values ``(center, component)``, unchanged by
    rotation and inversion. Components of one order are uncorrelated over the fit, and
    their order is that of their variances. Atoms of types that were no centers in the fit are
    neighbors only.

    >>> import ase.build
    >>> from rhobar.descriptors import Gaussian, Gto, Nice
    >>> frames = [ase.build.molecule(name) for name in ("CH4", "C2H6", "C2H4", "C2H2")]
    >>> nice = Nice(cutoff=4.0, l_max=2, radial=Gto(3), density=Gaussian(0.3), nu_max=2)
    >>> features = nice.fit(frames).compute(frames)
    >>> features.keys.names, features.block({"nu": 2, "center_type": 6}).properties.names
    (['nu', 'center_type'], ['component'])

    :param nu_max: highest number of neighbors in a product
    :param blocks: the iterations, ``nu_max - 1`` of them; None: ``NiceBlock.ch4_light(nu_max)``
    :param scale: a factor for the density of each center; None: densities as they are
    :param shared: one model for the centers of all types, fitted on all of them, instead of one
        for each type
    """

    center_types: Tensor
    neighbor_types: Tensor

    def __init__(
        self,
        cutoff: float | Cutoff,
        *,
        l_max: int,
        radial: RadialBasis,
        density: AtomicDensity,
        nu_max: int = 3,
        blocks: Optional[Sequence[NiceBlock]] = None,
        scale: Optional[DensityScale] = DensityScale(),  # noqa: B008 - frozen
        shared: bool = False,
        atomic_types: list[int] | None = None,
        spline_accuracy: float | None = 1e-10,
    ):
        super().__init__(
            cutoff,
            l_max=l_max,
            radial=radial,
            density=density,
            atomic_types=atomic_types,
            spline_accuracy=spline_accuracy,
        )
        self._blocks = _checked_blocks(blocks, nu_max)
        self._scale = scale
        self.shared = shared
        self.nu_max = nu_max
        self._arguments.update(nu_max=nu_max, blocks=self._blocks, scale=scale, shared=shared)
        self._declared = atomic_types
        nothing = torch.zeros(0, dtype=torch.int64)
        self.register_buffer("center_types", nothing)
        self.register_buffer("neighbor_types", nothing.clone())
        self.sequences = torch.nn.ModuleList()

    @torch.jit.unused
    def fit(
        self,
        frames: ase.Atoms | Sequence[ase.Atoms],
        *,
        selected_samples: Optional[Labels] = None,
        rows_per_feature: int | None = None,
        num_threads: int | None = None,
    ) -> Self:
        r"""
        Find products, purifiers and components from the centers of ``frames`` (Å); deterministic.

        From here on the atomic types of ``frames`` are those that may occur. Memory, beside the
        density coefficients of the centers: a few times :math:`8 \sum (n_l + n_p)^2` bytes, over
        the (λ, σ) blocks of one branch with :math:`n_l` lower features and :math:`n_p` products,
        and 64 MiB of features.

        :param selected_samples: names among ``system, atom``: the centers to learn from; types
            of which there is none are not described later
        :param rows_per_feature: rows from which each prediction and contraction is found, of the
            first centers, times the number of its features; a center counts as :math:`\lambda + 1`
            of them. The original code has 10; None: all centers serve everywhere
        :raises ValueError: for fewer than two centers of a type, numbers of components above the
            rank of their features, and what :meth:`compute` refuses
        :raises MemoryError: for Gram matrices that cannot fit, before anything is allocated
        """
        frames = [frames] if isinstance(frames, ase.Atoms) else list(frames)
        if rows_per_feature is not None and rows_per_feature < 1:
            raise ValueError(
                f"Nice.fit: rows_per_feature={rows_per_feature}; give at least 1, or None."
            )
        self._declare(self._declared)
        environments = AtomEnvironments.of(self.density, frames, selected_samples, num_threads)
        found = torch.unique(environments.atoms.type)
        with torch.no_grad(), using_threads(environments.num_threads):
            coefficients = environments.coefficients()
            types = torch.unique(environments.centers.type)
            sequences = [
                fitted_sequence(
                    dense_coefficients(
                        coefficients, rows, found, len(environments.centers.type)
                    ).double(),
                    self._blocks,
                    self._scale,
                    n_per_l=self.density.n_per_l,
                    rows_per_feature=rows_per_feature,
                    name=name,
                )
                for name, rows in self._models(environments.centers, types)
            ]
        self._adopt(sequences, types, found)
        return self

    @torch.jit.unused
    def _models(self, centers: Centers, types: Tensor) -> list[tuple[str, Tensor]]:
        """Name and centers of each model."""
        if self.shared:
            return [("all center types", torch.arange(len(centers.type)))]
        return [
            (f"center_type={center_type}", torch.where(centers.type == center_type)[0])
            for center_type in types.tolist()
        ]

    @torch.jit.unused
    def _adopt(self, sequences: list[NiceSequence], centers: Tensor, neighbors: Tensor) -> None:
        """Take the result of a fit."""
        like = self.density.self_values
        self.sequences = torch.nn.ModuleList(sequences).to(device=like.device, dtype=like.dtype)
        self.center_types = centers.to(like.device)
        self.neighbor_types = neighbors.to(like.device)
        self._declare(neighbors.tolist())
        if self._arguments["atomic_types"] is None:
            self._arguments["atomic_types"] = neighbors.tolist()

    @torch.jit.unused
    def _declare(self, types: list[int] | None) -> None:
        """Which types may occur from now on."""
        self.density.declares_types = types is not None
        values = torch.tensor(sorted(types or []), dtype=torch.int64)
        self.density.types = values.to(self.density.types.device)

    @torch.jit.unused
    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *others: Any) -> None:
        """Make modules for what a state holds, before the numbers are read."""
        start = f"{prefix}sequences."
        count = len({name[len(start) :].split(".")[0] for name in state if name.startswith(start)})
        types = [state.get(prefix + name) for name in ("center_types", "neighbor_types")]
        if count and types[0] is not None and types[1] is not None:
            sequences = [
                unfitted_sequence(self._scale, self._blocks, self.density.n_per_l)
                for _ in range(count)
            ]
            self._adopt(sequences, types[0].clone(), types[1].clone())
        super()._load_from_state_dict(state, prefix, *others)

    @torch.jit.unused
    def _sequence(self, place: int) -> NiceSequence:
        """The model of the centers of one of ``center_types``."""
        return cast(NiceSequence, self.sequences[0 if self.shared else place])

    def features(
        self, coefficients: Coefficients, centers: Centers, selected_keys: Optional[Labels]
    ) -> TensorMap:
        """Blocks ``(center, component)``."""
        if len(self.sequences) == 0:
            raise ValueError("Nice is not fitted; call fit(frames) first, or load a state.")
        types: list[int] = self.center_types.tolist()
        values: list[list[Tensor]] = []
        for k, sequence in enumerate(self.sequences):
            for t in range(len(types)):
                if self.shared or t == k:
                    rows = torch.where(centers.type == types[t])[0]
                    dense = dense_coefficients(
                        coefficients, rows, self.neighbor_types, centers.type.shape[0]
                    )
                    values.append(sequence(dense, True))
        keys: list[list[int]] = []
        blocks: list[TensorBlock] = []
        for nu in range(self.nu_max):
            for t in range(len(types)):
                keys.append([nu + 1, types[t]])
                rows = torch.where(centers.type == types[t])[0]
                samples = Labels(["system", "atom"], sample_values(centers, rows))
                no_components: list[Labels] = []
                blocks.append(
                    TensorBlock(
                        values=values[t][nu],
                        samples=samples,
                        components=no_components,
                        properties=component_index(values[t][nu]),
                    )
                )
        return tensor_map(["nu", "center_type"], keys, blocks, selected_keys, centers.type.device)

    @torch.jit.unused
    def add_gradients(
        self,
        keys: Labels,
        blocks: list[TensorBlock],
        coefficients: Coefficients,
        centers: Centers,
        jacobian: Jacobian,
    ) -> None:
        """Store the derivatives of the features, by forward-mode differentiation."""
        by_key = {
            tuple(key): block for key, block in zip(keys.values.tolist(), blocks, strict=True)
        }
        for t, center_type in enumerate(self.center_types.tolist()):
            wanted = [nu for nu in range(self.nu_max) if (nu + 1, center_type) in by_key]
            if not wanted:
                continue
            sequence = self._sequence(t)
            rows = torch.where(centers.type == center_type)[0]
            n_centers = len(centers.type)
            dense = dense_coefficients(coefficients, rows, self.neighbor_types, n_centers)
            row, moved, slopes = dense_slopes(coefficients, rows, self.neighbor_types, jacobian)
            size = sum(by_key[nu + 1, center_type].values.shape[1] for nu in wanted)
            refuse_what_cannot_fit(
                size * len(row) * slopes.shape[1], dense.dtype, f"{jacobian.parameter} gradients"
            )
            found = _derivatives(sequence, dense, row, slopes)
            for nu in wanted:
                jacobian.add_to(by_key[nu + 1, center_type], found[nu], row, moved)

    @torch.jit.unused
    def equivariants(
        self,
        frames: ase.Atoms | Sequence[ase.Atoms],
        *,
        selected_samples: Optional[Labels] = None,
        num_threads: int | None = None,
    ) -> TensorMap:
        """
        The features from which the iteration goes on, of all λ and σ.

        Out: keys ``nu, o3_lambda, o3_sigma, center_type``; values ``(center, o3_mu, component)``
        turn as spherical harmonics. Blocks without components are left out; so are pseudotensors
        of order ν where only invariants of order ν + 1 follow, which use none.

        :raises ValueError: as :meth:`compute`
        """
        frames = [frames] if isinstance(frames, ase.Atoms) else list(frames)
        environments = AtomEnvironments.of(self.density, frames, selected_samples, num_threads)
        centers = environments.centers
        keys: list[list[int]] = []
        blocks: list[TensorBlock] = []
        with torch.no_grad(), using_threads(environments.num_threads):
            coefficients = environments.coefficients()
            for t, center_type in enumerate(self.center_types.tolist()):
                rows = torch.where(centers.type == center_type)[0]
                dense = dense_coefficients(
                    coefficients, rows, self.neighbor_types, len(centers.type)
                )
                sequence = self._sequence(t)
                samples = Labels(["system", "atom"], sample_values(centers, rows))
                orders = sequence.orders(dense, compiled=True)
                for nu, order in enumerate(orders, start=1):
                    for number, values in enumerate(order):
                        o3_lambda, o3_sigma = block_symmetry(number)
                        if values.shape[2]:
                            keys.append([nu, o3_lambda, o3_sigma, center_type])
                            components = [o3_mu(o3_lambda, values.device)]
                            blocks.append(
                                TensorBlock(values, samples, components, component_index(values))
                            )
        names = ["nu", "o3_lambda", "o3_sigma", "center_type"]
        return tensor_map(names, keys, blocks, None, torch.device("cpu"))

    @torch.jit.unused
    def variances(self) -> dict[tuple[int, int, int, int], Tensor]:
        """
        Mean square of each component over the fit, decreasing: the spectra of the contraction.

        :return: by ``(center_type, nu, o3_lambda, o3_sigma)``, those of :meth:`equivariants` and,
            in a last block without a covariant branch, of the invariants
        """
        found: dict[tuple[int, int, int, int], Tensor] = {}
        for t, center_type in enumerate(self.center_types.tolist()):
            sequence = self._sequence(t)
            for l, values in enumerate(sequence.variances()):
                found[center_type, 1, l, 1] = values[0]
            for nu, module in enumerate(sequence.iterations, start=2):
                iteration = cast(NiceIteration, module)
                step = iteration.covariant if iteration.covariant.numbers else iteration.invariant
                for number, values in zip(step.numbers, step.variances(), strict=True):
                    o3_lambda, o3_sigma = block_symmetry(number)
                    found[center_type, nu, o3_lambda, o3_sigma] = values[0]
        return found


def component_index(values: Tensor) -> Labels:
    """Properties ``component`` of the last axis."""
    numbers = torch.arange(values.shape[-1], dtype=torch.int32, device=values.device)
    return Labels(["component"], numbers.unsqueeze(1))


def _derivatives(
    sequence: NiceSequence, dense: Tensor, row: Tensor, slopes: Tensor
) -> list[Tensor]:
    """Derivatives ``(entry, axis, component)`` of each order along slopes of the density."""
    parts = []
    for some in torch.arange(len(row)).split(256):
        slope = slopes[some]
        there = dense[row[some]].repeat_interleave(slope.shape[1], dim=0)
        found = torch.func.jvp(
            lambda x: sequence(x, compiled=False), (there,), (slope.flatten(0, 1),)
        )[1]
        parts.append([values.unflatten(0, slope.shape[:2]) for values in found])
    return [torch.cat(order) for order in zip(*parts, strict=True)]


def _checked_blocks(blocks: Optional[Sequence[NiceBlock]], nu_max: int) -> list[NiceBlock]:
    if nu_max < 1:
        raise ValueError(f"Nice: nu_max={nu_max}; give at least 1.")
    if blocks is None:
        return NiceBlock.ch4_light(nu_max)
    if len(blocks) != nu_max - 1:
        raise ValueError(
            f"Nice: nu_max={nu_max} takes {nu_max - 1} blocks, got {len(blocks)}: one from ν to "
            "ν + 1 for each ν below nu_max."
        )
    for nu, block in enumerate(blocks[:-1], start=1):
        if block.covariant is None:
            raise ValueError(
                f"Nice: blocks[{nu - 1}] makes no covariants of order {nu + 1}, which the next "
                "block needs; only the last one may leave them out."
            )
    return list(blocks)
