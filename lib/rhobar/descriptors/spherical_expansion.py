"""Density coefficients of centers, block by block."""

from typing import Optional

import torch
from metatensor.torch import Labels, TensorBlock, TensorMap

from .blocks import o3_mu, radial_index, tensor_map
from .density_descriptor import DensityDescriptor
from .jacobian import Jacobian
from .keyed_rows import keyed_rows
from .neighbor_density import Centers, Coefficients, run_names, sample_values


class SphericalExpansion(DensityDescriptor):
    r"""
    The neighbor density of each center in radial functions and spherical harmonics (nu = 1).

    .. math:: c^{i,a}_{nlm} = \sum_{j: a_j = a} f_c(r_{ji}) u(r_{ji}) I_{nl}(r_{ji})
              Y_{lm}(\hat r_{ji})

    Bartok, Kondor, Csanyi, Phys. Rev. B 87, 184115 (2013), doi:10.1103/PhysRevB.87.184115, with
    Gaussians normalised in the square. The center is part of its own density, with weight
    ``density.center_weight``.

    Out: keys ``o3_lambda, o3_sigma, center_type, neighbor_type``, sorted by the types, then by
    ``o3_lambda``; values ``(center, o3_mu, n)``, no unit for Gaussians, Å^(-3/2) for Dirac
    densities; turn as spherical harmonics. A center is in a block if it sees the neighbor type.

    >>> import ase.build
    >>> from rhobar.descriptors import Gaussian, Gto, SphericalExpansion
    >>> expansion = SphericalExpansion(
    ...     cutoff=4.0, l_max=2, radial=Gto(3), density=Gaussian(0.3)
    ... )
    >>> expansion.compute(ase.build.molecule("H2O")).block({"o3_lambda": 2, "center_type": 8,
    ...     "neighbor_type": 1}).values.shape
    torch.Size([1, 5, 3])
    """

    def features(
        self, coefficients: Coefficients, centers: Centers, selected_keys: Optional[Labels]
    ) -> TensorMap:
        """Blocks ``(center, o3_mu, n)`` of the coefficients."""
        wanted = self.density.declared_pairs()
        if selected_keys is not None:
            wanted = torch.unique(selected_keys.values[:, 2:].to(torch.int64), dim=0)
        rows = keyed_rows(run_names(coefficients, centers), wanted)
        samples = sample_values(centers, coefficients.center[rows.order])
        ordered = coefficients.values[rows.order]
        device = ordered.device
        keys: list[list[int]] = []
        blocks: list[TensorBlock] = []
        types: list[list[int]] = rows.keys.tolist()
        for k in range(len(types)):
            inside = slice(int(rows.start[k]), int(rows.stop[k]))
            for l, n in enumerate(self.density.n_per_l):
                keys.append([l, 1, types[k][0], types[k][1]])
                blocks.append(
                    TensorBlock(
                        values=ordered[inside, l * l : (l + 1) * (l + 1), :n],
                        samples=Labels(["system", "atom"], samples[inside]),
                        components=[o3_mu(l, device)],
                        properties=radial_index(n, device),
                    )
                )
        names = ["o3_lambda", "o3_sigma", "center_type", "neighbor_type"]
        return tensor_map(names, keys, blocks, selected_keys, device)

    @torch.jit.unused
    def add_gradients(
        self,
        keys: Labels,
        blocks: list[TensorBlock],
        coefficients: Coefficients,
        centers: Centers,
        jacobian: Jacobian,
    ) -> None:
        """Store the derivatives of the coefficients, row by row."""
        types = keys.values[:, 2:].to(torch.int64)
        rows = keyed_rows(run_names(coefficients, centers), torch.unique(types, dim=0))
        for key, block in zip(keys, blocks, strict=True):
            l = int(key["o3_lambda"])
            k = int(torch.where((rows.keys == key.values[2:]).all(dim=1))[0])
            row, entry = jacobian.of_runs(rows.order[rows.start[k] : rows.stop[k]])
            m, n = slice(l * l, (l + 1) * (l + 1)), len(block.properties)
            values = jacobian.values[:, :, m, :n][entry]
            jacobian.add_to(block, values, row, jacobian.moved[entry])
