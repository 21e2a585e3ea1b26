"""The hot loops: a torch reference of each, and its compiled form for a CPU."""

from .correlations import centers_at_once, correlation_slopes, correlations
from .coupling import (
    Coupling,
    couple,
    couple_contracted,
    coupled_gram,
    coupling_table,
    new_coupling,
)
from .density import density_coefficients
from .joint_kernels import joint_kernels
from .kernel_slopes import kernel_slopes
from .memory import available_memory
from .neighborhoods import Neighborhoods
from .power_spectrum import power_spectrum, selected_power_spectrum
from .rotation_powers import RotationFunction, RotationPowers
from .triple_products import (
    TripleRows,
    channel_triple_products,
    triple_paths,
    triple_products,
    triple_table,
)
from .weighted_kernels import WeightedKernels
from .wigner_iteration import CgIteration
from .wigner_sums import PairKernel, density_overlaps, summed_kernels

__all__ = [
    "CgIteration",
    "Coupling",
    "Neighborhoods",
    "PairKernel",
    "RotationFunction",
    "RotationPowers",
    "TripleRows",
    "WeightedKernels",
    "available_memory",
    "centers_at_once",
    "channel_triple_products",
    "correlation_slopes",
    "correlations",
    "couple",
    "couple_contracted",
    "coupled_gram",
    "coupling_table",
    "density_coefficients",
    "density_overlaps",
    "joint_kernels",
    "kernel_slopes",
    "new_coupling",
    "power_spectrum",
    "selected_power_spectrum",
    "summed_kernels",
    "triple_paths",
    "triple_products",
    "triple_table",
]
