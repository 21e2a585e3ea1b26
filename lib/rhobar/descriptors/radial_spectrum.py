"""Neighbor densities averaged over directions."""

from typing import Optional

import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from torch import Tensor

from rhobar.math import AtomicDensity, Cutoff, RadialBasis

from .blocks import radial_index
from .density_descriptor import DensityDescriptor
from .jacobian import Jacobian
from .keyed_rows import keyed_rows
from .neighbor_density import Centers, Coefficients, run_names, sample_values


class SoapRadialSpectrum(DensityDescriptor):
    r"""
    How far neighbors of each type are: the density without its directions (nu = 1).

    .. math:: x^{i,a}_n = c^{i,a}_{n00} = \frac{1}{\sqrt{4\pi}} \sum_{j: a_j = a}
              f_c(r_{ji}) u(r_{ji}) I_{n0}(r_{ji})

    Bartok, Kondor, Csanyi, Phys. Rev. B 87, 184115 (2013), doi:10.1103/PhysRevB.87.184115. Sums
    of these features over atoms are sums over pairs.

    Out: keys ``center_type, neighbor_type``; values ``(center, n)``, no unit for Gaussians,
    Å^(-3/2) for Dirac densities; unchanged by rotation and inversion.
    """

    def __init__(
        self,
        cutoff: float | Cutoff,
        *,
        radial: RadialBasis,
        density: AtomicDensity,
        atomic_types: list[int] | None = None,
        pseudo_species: Tensor | None = None,
        spline_accuracy: float | None = 1e-10,
    ):
        super().__init__(
            cutoff,
            l_max=0,
            radial=radial,
            density=density,
            atomic_types=atomic_types,
            pseudo_species=pseudo_species,
            spline_accuracy=spline_accuracy,
        )

    def features(
        self, coefficients: Coefficients, centers: Centers, selected_keys: Optional[Labels]
    ) -> TensorMap:
        """Blocks ``(center, n)``."""
        wanted = self.density.declared_pairs()
        if selected_keys is not None:
            wanted = selected_keys.values.to(torch.int64)
        rows = keyed_rows(run_names(coefficients, centers), wanted)
        samples = sample_values(centers, coefficients.center[rows.order])
        ordered = coefficients.values[rows.order, 0]
        blocks: list[TensorBlock] = []
        for k in range(rows.keys.shape[0]):
            inside = slice(int(rows.start[k]), int(rows.stop[k]))
            blocks.append(
                TensorBlock(
                    values=ordered[inside],
                    samples=Labels(["system", "atom"], samples[inside]),
                    components=[],
                    properties=radial_index(self.density.n_radial, ordered.device),
                )
            )
        return TensorMap(
            Labels(["center_type", "neighbor_type"], rows.keys.to(torch.int32)), blocks
        )

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
        rows = keyed_rows(run_names(coefficients, centers), keys.values.to(torch.int64))
        for k, block in enumerate(blocks):
            row, entry = jacobian.of_runs(rows.order[rows.start[k] : rows.stop[k]])
            jacobian.add_to(block, jacobian.values[entry, :, 0], row, jacobian.moved[entry])
