"""
The hot loops, compiled for the CPU at their first use (numba).

Import it where it is used, not before: ``from rhobar.ops import cpu`` inside a function, so that
``import rhobar`` does not pay for the compiler.
"""

from .coupling import (
    correlation_slopes,
    correlations,
    couple,
    couple_contracted,
    coupled_gram,
)
from .coupling_backward import correlations_backward, couple_contracted_backward
from .density import density, density_backward, density_gradients
from .grouping import Grouped, group
from .moved_kernels import moved_kernels
from .neighbor_search import neighbors_within
from .outputs import allocate
from .pairs import PairsWithin, pairs_within
from .power_spectrum import power_spectrum, power_spectrum_backward
from .radial import Radial, given, splined
from .rows import GradientRows, SpectrumRows, gradient_rows, spectrum_rows
from .soap import soap
from .soap_backward import soap_backward
from .soap_gradients import soap_gradients
from .soap_strain import soap_cell_gradients
from .summed_kernels import summed_kernels
from .triple_products import channel_triple_products, channel_triple_products_backward
from .weighted_kernels import weighted_kernels, weighted_values

__all__ = [
    "GradientRows",
    "Grouped",
    "PairsWithin",
    "Radial",
    "SpectrumRows",
    "allocate",
    "channel_triple_products",
    "channel_triple_products_backward",
    "correlation_slopes",
    "correlations",
    "correlations_backward",
    "couple",
    "couple_contracted",
    "couple_contracted_backward",
    "coupled_gram",
    "density",
    "density_backward",
    "density_gradients",
    "given",
    "gradient_rows",
    "group",
    "moved_kernels",
    "neighbors_within",
    "pairs_within",
    "power_spectrum",
    "power_spectrum_backward",
    "soap",
    "soap_backward",
    "soap_cell_gradients",
    "soap_gradients",
    "spectrum_rows",
    "splined",
    "summed_kernels",
    "weighted_kernels",
    "weighted_values",
]
