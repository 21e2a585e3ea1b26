"""Products of two neighbor densities: the SOAP power spectrum."""

from typing import Optional, Union

import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from torch import Tensor

from rhobar.ops import Neighborhoods, power_spectrum, selected_power_spectrum

from .atom_environments import AtomEnvironments
from .blocks import properties_of
from .compiled_soap import compiled_spectrum, compute_spectrum
from .density_descriptor import DensityDescriptor
from .jacobian import Jacobian, refuse_what_cannot_fit, store_by_block
from .keyed_rows import KeyedRows
from .neighbor_density import Centers, Coefficients, sample_values
from .spectrum_layout import (
    declared_spectrum_keys,
    flat_spectrum,
    spectrum_labels,
    spectrum_map,
    spectrum_properties,
    spectrum_rows,
    spectrum_scale,
)


class SoapPowerSpectrum(DensityDescriptor):
    r"""
    Products of two neighbor densities around one center, summed over directions (nu = 2).

    .. math:: p^i_{an,a'n',l} = (-1)^l (2l + 1)^{-1/2} \sum_m c^i_{anlm} c^i_{a'n'lm}

    Bartok, Kondor, Csanyi, Phys. Rev. B 87, 184115 (2013), doi:10.1103/PhysRevB.87.184115.
    The center is part of its own density, with weight ``density.center_weight``.

    Out: keys ``center_type, neighbor_1_type, neighbor_2_type``; values
    ``(center, l * n_1 * n_2)``, no unit for Gaussians, Å^(-3) for Dirac densities; unchanged by
    rotation and inversion. A center is in a block if it sees both types. Blocks with
    ``neighbor_1_type > neighbor_2_type`` are left out and those with ``<`` carry a factor √2, so
    that scalar products of rows equal those over all pairs of types; both orders of ``n_1`` and
    ``n_2`` are stored.

    >>> import ase.build
    >>> from rhobar.descriptors import Gaussian, Gto, SoapPowerSpectrum
    >>> soap = SoapPowerSpectrum(cutoff=5.0, l_max=6, radial=Gto(8), density=Gaussian(0.3))
    >>> features = soap.compute(ase.build.molecule("CH3CH2OH"))
    >>> features.block({"center_type": 8, "neighbor_1_type": 1, "neighbor_2_type": 6}).values.shape
    torch.Size([1, 448])
    """

    def described(
        self,
        neighborhoods: Neighborhoods,
        centers: Centers,
        types: Tensor,
        selected_keys: Optional[Labels],
    ) -> TensorMap:
        """Fused where nothing comes between; see :meth:`Descriptor.described`."""
        if not torch.jit.is_scripting():  # type: ignore[attr-defined]
            if self._fuses(neighborhoods):
                return self._fused(neighborhoods, centers, types, selected_keys)
        values = self.density(neighborhoods)
        named = self.density.named(values, neighborhoods, types, centers.atom.shape[0])
        return self.features(named, centers, selected_keys)

    @torch.jit.unused
    def _fuses(self, neighborhoods: Neighborhoods) -> bool:
        """Whether nothing comes between densities and their products."""
        return self.density.mixing is None and self.density.compiles(neighborhoods.vectors)

    @torch.jit.unused
    def _fused(
        self,
        neighborhoods: Neighborhoods,
        centers: Centers,
        types: Tensor,
        selected_keys: Optional[Labels],
    ) -> TensorMap:
        return compiled_spectrum(self.density, neighborhoods, centers, types, selected_keys)

    @torch.jit.unused
    def computed(
        self,
        environments: AtomEnvironments,
        gradients: tuple[str, ...],
        selected_keys: Optional[Labels],
        out: Optional[TensorMap],
    ) -> TensorMap:
        """Values and stored gradients; see :meth:`compute`."""
        if self.density.mixing is not None:
            return super().computed(environments, gradients, selected_keys, out)
        return compute_spectrum(self.density, environments, gradients, selected_keys, out)

    @torch.jit.unused
    def pruned(
        self,
        environments: AtomEnvironments,
        gradients: tuple[str, ...],
        selected_keys: Optional[Labels],
        selected_properties: Union[Labels, TensorMap, None],
    ) -> TensorMap:
        """Some columns only, the others are never computed; see :meth:`compute`."""
        if gradients:
            return super().pruned(environments, gradients, selected_keys, selected_properties)
        coefficients = environments.coefficients()
        values = coefficients.values
        rows, first, second = self._rows(coefficients, environments.centers, selected_keys)
        scale = spectrum_scale(first, second, values.dtype)
        samples = sample_values(environments.centers, coefficients.center[first])
        properties = spectrum_properties(self.density.n_per_l)
        keys = spectrum_labels(rows.keys)
        blocks = []
        for k, key in enumerate(keys):
            chosen = properties.values[properties_of(properties, selected_properties, key)]
            columns = chosen.long().T.contiguous()
            parts = [values.new_zeros(0, len(chosen))]
            for part in torch.arange(int(rows.start[k]), int(rows.stop[k])).split(1024):
                product = selected_power_spectrum(
                    values[first[part]], values[second[part]], *columns
                )
                parts.append(scale[part, None] * product)
            blocks.append(
                TensorBlock(
                    values=torch.cat(parts),
                    samples=Labels(["system", "atom"], samples[rows.start[k] : rows.stop[k]]),
                    components=[],
                    properties=Labels(properties.names, chosen),
                )
            )
        return TensorMap(keys, blocks)

    def _rows(
        self, coefficients: Coefficients, centers: Centers, selected_keys: Optional[Labels]
    ) -> tuple[KeyedRows, Tensor, Tensor]:
        """Rows of the selected, else of the declared, else of all blocks."""
        keys: Optional[Tensor] = None
        if selected_keys is not None:
            keys = selected_keys.values
        elif self.density.declares_types:
            keys = declared_spectrum_keys(self.density.types, self.density.channel_names())
        return spectrum_rows(coefficients.center, coefficients.neighbor_type, centers, keys)

    def features(
        self, coefficients: Coefficients, centers: Centers, selected_keys: Optional[Labels]
    ) -> TensorMap:
        """Blocks ``(center, l * n_1 * n_2)``."""
        rows, first, second = self._rows(coefficients, centers, selected_keys)
        values = coefficients.values
        products = power_spectrum(values[first], values[second], self.density.l_max)
        products = flat_spectrum(products, self.density.n_per_l)
        products = spectrum_scale(first, second, values.dtype).unsqueeze(1) * products
        samples = sample_values(centers, coefficients.center[first])
        properties = spectrum_properties(self.density.n_per_l).to(values.device)
        return spectrum_map(products, rows, samples, properties)

    @torch.jit.unused
    def add_gradients(
        self,
        keys: Labels,
        blocks: list[TensorBlock],
        coefficients: Coefficients,
        centers: Centers,
        jacobian: Jacobian,
    ) -> None:
        """Store the derivatives of the products, by the product rule."""
        rows, first, second = spectrum_rows(
            coefficients.center, coefficients.neighbor_type, centers, keys.values
        )
        row, moved, left, right = jacobian.of_run_pairs(first, second)
        dtype = coefficients.values.dtype
        shape = (len(row), jacobian.values.shape[1], len(spectrum_properties(self.density.n_per_l)))
        refuse_what_cannot_fit(
            torch.Size(shape).numel(), dtype, f"{jacobian.parameter} gradients of SOAP"
        )
        values = torch.empty(shape, dtype=dtype)
        scale = spectrum_scale(first, second, dtype)[row]
        c, dc = coefficients.values, jacobian.values
        for part in torch.arange(len(row)).split(1024):
            slopes = self._slopes(dc, left[part], c[second[row[part]]], swapped=False)
            slopes += self._slopes(dc, right[part], c[first[row[part]]], swapped=True)
            values[part] = scale[part, None, None] * flat_spectrum(slopes, self.density.n_per_l)
        store_by_block(jacobian, blocks, rows, values, row, moved)

    def _slopes(self, dc: Tensor, entry: Tensor, c: Tensor, *, swapped: bool) -> Tensor:
        """Products of derivatives with ``c``, ``(row, axis, l, n, n)``; zero for entry -1."""
        l_max, n_axes = self.density.l_max, dc.shape[1]
        there = torch.where(entry >= 0)[0]
        slopes, constant = dc[entry[there]], c[there]
        result = c.new_zeros(len(entry), n_axes, l_max + 1, c.shape[2], c.shape[2])
        for axis in range(n_axes):
            pair = (slopes[:, axis], constant)
            result[there, axis] = power_spectrum(*(pair[::-1] if swapped else pair), l_max)
        return result
