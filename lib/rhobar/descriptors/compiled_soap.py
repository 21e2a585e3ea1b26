"""The power spectrum without densities in between: blocks written by one compiled loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from numpy.typing import NDArray
from torch import Tensor

from rhobar.ops import Neighborhoods

from .atom_environments import AtomEnvironments
from .compiled import CompiledOp, compiled_radial, in_double
from .jacobian import GRADIENT_COMPONENTS, refuse_what_cannot_fit
from .neighbor_density import Centers, NeighborDensity
from .spectrum_layout import (
    declared_spectrum_keys,
    flat_spectrum,
    spectrum_labels,
    spectrum_properties,
    spectrum_scale,
)

if TYPE_CHECKING:
    from rhobar.ops import cpu


@dataclass(frozen=True)
class SpectrumBlocks:
    """Rows of a power spectrum as the compiled ops write them, and the blocks they belong to."""

    density: NeighborDensity
    rows: cpu.SpectrumRows
    keys: Tensor
    """``(block, 3)`` types, all blocks of the result in its order, also those without rows"""
    place: list[int]
    """``(block,)`` which block of ``rows`` it is; -1 for none"""
    centers: Centers
    """what ``rows.center`` counts"""
    properties: Labels

    @classmethod
    def of(
        cls,
        density: NeighborDensity,
        neighborhoods: Neighborhoods,
        centers: Centers,
        types: Tensor,
        selected_keys: Labels | None,
    ) -> SpectrumBlocks:
        """Lay out the spectrum of ``neighborhoods``."""
        from rhobar.ops import cpu

        keys = None
        if selected_keys is not None:
            keys = selected_keys.values.to(torch.int64)
        elif density.declares_types:
            keys = declared_spectrum_keys(density.types, density.types)
        rows = cpu.spectrum_rows(
            neighborhoods,
            center_types=torch.searchsorted(types, centers.type).numpy(),
            n_channels=len(types),
            selected=None if keys is None else _mask(keys, types),
        )
        found = types[torch.from_numpy(rows.keys)].reshape(-1, 3)
        position = {tuple(key): place for place, key in enumerate(found.tolist())}
        keys = found if keys is None else keys
        return cls(
            density=density,
            rows=rows,
            keys=keys,
            place=[position.get(tuple(key), -1) for key in keys.tolist()],
            centers=centers,
            properties=_properties(tuple(density.n_per_l)),
        )

    @property
    def n_per_l(self) -> list[int] | None:
        """Sizes for the compiled ops; None where all are equal."""
        sizes = self.density.n_per_l
        return None if min(sizes) == max(sizes) else sizes

    def allocated(self, *axes: int, ptr: NDArray[np.int64] | None = None) -> list[Tensor]:
        """Memory of ``rows``' blocks, ``(row, *axes, property)``, in one piece."""
        from rhobar.ops import cpu

        ptr = self.rows.block_ptr if ptr is None else ptr
        return cpu.allocate(ptr, (*axes, len(self.properties)), self.density.self_values.dtype)

    def tensor_map(self, values: Sequence[Tensor], add: Any = None) -> TensorMap:
        """Blocks around ``values``; ``add(block, place)`` may store gradients in each."""
        blocks = []
        centers = torch.stack([self.centers.system, self.centers.atom], 1).int()
        samples = centers[torch.from_numpy(self.rows.center)]
        limits = list(pairwise(self.rows.block_ptr.tolist()))
        nothing = torch.zeros(0, len(self.properties), dtype=self.density.self_values.dtype)
        for place in self.place:
            start, stop = limits[place] if place >= 0 else (0, 0)
            block = TensorBlock(
                values=values[place] if place >= 0 else nothing,
                samples=Labels(["system", "atom"], samples[start:stop], assume_unique=True),
                components=[],
                properties=self.properties,
            )
            if add is not None:
                add(block, place)
            blocks.append(block)
        return TensorMap(spectrum_labels(self.keys), blocks)


def compiled_spectrum(
    density: NeighborDensity,
    neighborhoods: Neighborhoods,
    centers: Centers,
    types: Tensor,
    selected_keys: Labels | None,
) -> TensorMap:
    """Differentiable blocks from pairs."""
    from rhobar.ops import cpu

    plain, threads = in_double(neighborhoods), torch.get_num_threads()
    layout = SpectrumBlocks.of(density, plain, centers, types, selected_keys)
    needs_slopes = torch.is_grad_enabled() and neighborhoods.vectors.requires_grad
    radial = compiled_radial(density, plain.vectors, slopes=needs_slopes)
    options: dict[str, Any] = {"n_per_l": layout.n_per_l, "num_threads": threads}

    def values() -> tuple[Tensor, ...]:
        result = layout.allocated()
        cpu.soap(plain, radial, layout.rows, result, **options)
        return tuple(result)

    def backward(gradients: tuple[Tensor, ...]) -> tuple[Tensor]:
        parts = [gradient.detach().contiguous() for gradient in gradients]
        return (cpu.soap_backward(plain, radial, layout.rows, parts, **options),)

    def reference(vectors: Tensor) -> tuple[Tensor, ...]:
        return _reference_rows(density, neighborhoods._replace(vectors=vectors), layout.rows)

    return layout.tensor_map(CompiledOp(values, backward, reference)(neighborhoods.vectors))


def compute_spectrum(
    density: NeighborDensity,
    environments: AtomEnvironments,
    gradients: tuple[str, ...],
    selected_keys: Labels | None,
    out: TensorMap | None,
) -> TensorMap:
    """Blocks of frames with stored gradients, in the memory of ``out`` where it is given."""
    from rhobar.ops import cpu

    neighborhoods, threads = environments.neighborhoods, environments.num_threads
    layout = SpectrumBlocks.of(
        density, neighborhoods, environments.centers, environments.types, selected_keys
    )
    radial = compiled_radial(density, neighborhoods.vectors, slopes=bool(gradients))
    options: dict[str, Any] = {"n_per_l": layout.n_per_l, "num_threads": threads}
    values = layout.allocated() if out is None else _reused(out, layout)
    if not gradients:
        named: list[TensorMap] = []
        cpu.soap(
            neighborhoods,
            radial,
            layout.rows,
            values,
            **options,
            meanwhile=lambda: named.append(layout.tensor_map(values)),
        )
        return named[0]
    cpu.soap(neighborhoods, radial, layout.rows, values, **options)
    stored = {}
    for parameter in gradients:
        stored[parameter] = _stored(environments, layout, radial, parameter, out, options)

    def add(block: TensorBlock, place: int) -> None:
        for parameter, (parts, samples) in stored.items():
            axes = GRADIENT_COMPONENTS[parameter]
            nothing = block.values.new_zeros(0, *(len(a) for a in axes), len(layout.properties))
            gradient = TensorBlock(
                values=parts[place] if place >= 0 else nothing,
                samples=samples(place),
                components=axes,
                properties=layout.properties,
            )
            block.add_gradient(parameter, gradient)

    return layout.tensor_map(values, add)


@lru_cache
def _properties(n_per_l: tuple[int, ...]) -> Labels:
    return spectrum_properties(list(n_per_l))


def _stored(
    environments: AtomEnvironments,
    layout: SpectrumBlocks,
    radial: Any,
    parameter: str,
    out: TensorMap | None,
    options: dict[str, Any],
) -> tuple[list[Tensor], Any]:
    """Gradients of each block of rows, and a function to their samples."""
    from rhobar.ops import cpu

    rows, ptr = layout.rows, layout.rows.block_ptr
    axes = tuple(len(labels) for labels in GRADIENT_COMPONENTS[parameter])
    grad_ptr = ptr
    if parameter == "positions":
        moved = cpu.gradient_rows(environments.grouped, rows)
        grad_ptr = moved.row_ptr[ptr]
    n_values = int(grad_ptr[-1]) * int(np.prod(axes)) * len(layout.properties)
    if out is None:
        refuse_what_cannot_fit(
            n_values, layout.density.self_values.dtype, f"{parameter} gradients of SOAP"
        )
        values = layout.allocated(*axes, ptr=grad_ptr)
    else:
        values = _reused(out, layout, parameter, np.diff(grad_ptr), axes)
    if parameter != "positions":
        weights = environments.vector_factors(parameter)
        cpu.soap_cell_gradients(
            environments.neighborhoods, radial, rows, weights, values, **options
        )
        return values, lambda place: _row_samples(int(np.diff(ptr)[place]) if place >= 0 else 0)
    cpu.soap_gradients(environments.grouped, radial, rows, moved, values, **options)
    sizes = torch.from_numpy(np.diff(moved.row_ptr))
    row = torch.repeat_interleave(torch.arange(len(sizes)), sizes)
    atom = torch.from_numpy(moved.atom)
    columns = torch.stack([row, environments.atoms.system[atom], environments.atoms.atom[atom]], 1)

    def samples(place: int) -> Labels:
        start, stop = grad_ptr[place : place + 2] if place >= 0 else (0, 0)
        part = columns[start:stop].clone()
        part[:, 0] -= int(ptr[place])
        return Labels(["sample", "system", "atom"], part.int(), assume_unique=True)

    return values, samples


def _row_samples(count: int) -> Labels:
    return Labels.range("sample", count)


def _reused(
    out: TensorMap,
    layout: SpectrumBlocks,
    parameter: str | None = None,
    sizes: NDArray[np.int64] | None = None,
    axes: tuple[int, ...] = (),
) -> list[Tensor]:
    """The memory of ``out``, in the order of the rows' blocks."""
    sizes = np.diff(layout.rows.block_ptr) if sizes is None else sizes
    memory: list[Tensor] = [torch.empty(0)] * len(sizes)
    n_properties = len(layout.properties)
    if out.keys != spectrum_labels(layout.keys):
        raise ValueError(
            "out= has other keys than the result. Give the result of a call for frames of the "
            "same types, or leave it out."
        )
    for block, place in zip(out.blocks(), layout.place, strict=True):
        if place < 0:
            continue
        if parameter is not None and parameter not in block.gradients_list():
            raise ValueError(
                f"out= has no {parameter} gradients. Give the result of a call with the same "
                "gradients, or leave it out."
            )
        values = (block if parameter is None else block.gradient(parameter)).values
        expected = (int(sizes[place]), *axes, n_properties)
        if tuple(values.shape) != expected or values.dtype != layout.density.self_values.dtype:
            raise ValueError(
                f"out= has a block of shape {tuple(values.shape)} and {values.dtype} where the "
                f"result needs {expected} and {layout.density.self_values.dtype}. Give the result "
                "of a call for frames with the same neighbors, or leave it out."
            )
        memory[place] = values
    return memory


def _mask(keys: Tensor, types: Tensor) -> NDArray[np.bool_]:
    """Which of all blocks ``(center type, channel, channel)`` are among ``keys``."""
    mask = np.zeros((len(types),) * 3, dtype=np.bool_)
    if len(types):
        channels = torch.searchsorted(types, keys.contiguous()).clamp(max=len(types) - 1)
        known = (types[channels] == keys).all(dim=1)
        mask[tuple(channels[known].T.numpy())] = True
    return mask


def _reference_rows(
    density: NeighborDensity, neighborhoods: Neighborhoods, rows: cpu.SpectrumRows
) -> tuple[Tensor, ...]:
    """The blocks of ``rows`` by reference ops, ``(row, property)`` each."""
    from rhobar.ops import power_spectrum

    from .keyed_rows import run_pairs

    first, second = run_pairs(neighborhoods.run_center)
    place = torch.from_numpy(rows.entry_row)
    kept = torch.where(place >= 0)[0]
    order = kept[torch.argsort(place[kept])]
    first, second = first[order], second[order]
    c = density.reference(neighborhoods)
    products = flat_spectrum(power_spectrum(c[first], c[second], density.l_max), density.n_per_l)
    products = spectrum_scale(first, second, products.dtype)[:, None] * products
    return products.split(np.diff(rows.block_ptr).tolist())
