"""Radial and angular functions: tensors in, tensors out, no knowledge of atoms or blocks."""

from .atomic_density import AtomicDensity, Dirac, Gaussian
from .bessel import scaled_modified_bessel, spherical_bessel_zeros
from .cholesky_pivots import cholesky_pivots
from .clebsch_gordan import SparseClebschGordan, clebsch_gordan, sparse_clebsch_gordan
from .complete_basis import CompleteBasis, widening_overlap
from .cutoff import Cutoff
from .farthest_points import farthest_points
from .gto import Gto
from .hypergeometric import hyp1f1_decaying
from .kernel_products import (
    BilinearTerms,
    coupled_terms,
    frobenius_terms,
    joined_terms,
    kernel_slots,
    merged_terms,
    reversed_terms,
)
from .laplacian import Laplacian
from .radial_basis import RadialBasis
from .radial_integral import RadialIntegral
from .radial_spline import RadialSpline
from .rotation_quadrature import o3_quadrature, so3_quadrature
from .spherical_harmonics import SphericalHarmonics, spherical_harmonics
from .symmetrized_paths import SymmetrizedPaths, coupling_paths, symmetrized_paths
from .widening_gaussian import WideningGaussian
from .wigner_d import wigner_d
from .willatt import Willatt

__all__ = [
    "AtomicDensity",
    "BilinearTerms",
    "CompleteBasis",
    "Cutoff",
    "Dirac",
    "Gaussian",
    "Gto",
    "Laplacian",
    "RadialBasis",
    "RadialIntegral",
    "RadialSpline",
    "SparseClebschGordan",
    "SphericalHarmonics",
    "SymmetrizedPaths",
    "WideningGaussian",
    "Willatt",
    "cholesky_pivots",
    "clebsch_gordan",
    "coupled_terms",
    "coupling_paths",
    "farthest_points",
    "frobenius_terms",
    "hyp1f1_decaying",
    "joined_terms",
    "kernel_slots",
    "merged_terms",
    "o3_quadrature",
    "reversed_terms",
    "scaled_modified_bessel",
    "so3_quadrature",
    "sparse_clebsch_gordan",
    "spherical_bessel_zeros",
    "spherical_harmonics",
    "symmetrized_paths",
    "widening_overlap",
    "wigner_d",
]
