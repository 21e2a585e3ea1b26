"""Kernels: similarities between two environments, or two structures."""

from rhobar.kernels.dense_density import dense_density
from rhobar.kernels.environment_columns import (
    center_densities,
    environment_columns,
    mixed_kernel,
)
from rhobar.kernels.joint_matrix import joint_matrix
from rhobar.kernels.kernel_store import KernelStore
from rhobar.kernels.polynomial import PolynomialKernel
from rhobar.kernels.stored_mixture import StoredMixture
from rhobar.kernels.wigner_density import WignerDensity
from rhobar.kernels.wigner_kernel import WignerKernel

__all__ = [
    "KernelStore",
    "PolynomialKernel",
    "StoredMixture",
    "WignerDensity",
    "WignerKernel",
    "center_densities",
    "dense_density",
    "environment_columns",
    "joint_matrix",
    "mixed_kernel",
]
