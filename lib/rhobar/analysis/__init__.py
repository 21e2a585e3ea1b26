"""Numerical experiments on descriptors and models."""

from rhobar.analysis.body_order import (
    BodyOrderError,
    body_order_errors,
    many_body_energies,
    random_environments,
)
from rhobar.analysis.environment_jacobian import EnvironmentJacobian, environment_jacobians
from rhobar.analysis.jacobian_spectrum import (
    JacobianSpectrum,
    jacobian_spectra,
    jacobian_spectrum,
    spectrum_of,
)
from rhobar.analysis.kernel_features import kernel_features
from rhobar.analysis.local_reconstruction import lfre
from rhobar.analysis.methane_sheets import (
    SheetPoint,
    along_manifold,
    collapse_exponent,
    triple_product_energy,
)
from rhobar.analysis.rbf_kernel import RbfKernel
from rhobar.analysis.reconstruction import gfrd, gfre

__all__ = [
    "BodyOrderError",
    "EnvironmentJacobian",
    "JacobianSpectrum",
    "RbfKernel",
    "SheetPoint",
    "along_manifold",
    "body_order_errors",
    "collapse_exponent",
    "environment_jacobians",
    "gfrd",
    "gfre",
    "jacobian_spectra",
    "jacobian_spectrum",
    "kernel_features",
    "lfre",
    "many_body_energies",
    "random_environments",
    "spectrum_of",
    "triple_product_energy",
]
