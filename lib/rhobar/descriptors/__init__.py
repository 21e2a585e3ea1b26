"""Structures in, metatensor blocks out."""

from rhobar.math import (
    CompleteBasis,
    Cutoff,
    Dirac,
    Gaussian,
    Gto,
    Laplacian,
    WideningGaussian,
    Willatt,
)

from .bispectrum import Bispectrum
from .density_correlations import DensityCorrelations
from .environments import by_center_type, by_order, normalized
from .lambda_soap import LambdaSoap
from .neighbor_tuples import NeighborTuples
from .nice import DensityScale, Expansion, Nice, NiceBlock
from .pairs import Pairs
from .radial_spectrum import SoapRadialSpectrum
from .selection import select_properties, select_samples
from .soap import SoapPowerSpectrum
from .spherical_expansion import SphericalExpansion
from .triplets import Triplets

__all__ = [
    "Bispectrum",
    "CompleteBasis",
    "Cutoff",
    "DensityCorrelations",
    "DensityScale",
    "Dirac",
    "Expansion",
    "Gaussian",
    "Gto",
    "LambdaSoap",
    "Laplacian",
    "NeighborTuples",
    "Nice",
    "NiceBlock",
    "Pairs",
    "SoapPowerSpectrum",
    "SoapRadialSpectrum",
    "SphericalExpansion",
    "Triplets",
    "WideningGaussian",
    "Willatt",
    "by_center_type",
    "by_order",
    "normalized",
    "select_properties",
    "select_samples",
]
