"""Numerical experiments on descriptors and models."""

from rhobar.analysis.body_order import (
    BodyOrderError,
    body_order_errors,
    many_body_energies,
    random_environments,
)
from rhobar.analysis.kernel_features import kernel_features
from rhobar.analysis.local_reconstruction import lfre
from rhobar.analysis.rbf_kernel import RbfKernel
from rhobar.analysis.reconstruction import gfrd, gfre

__all__ = [
    "BodyOrderError",
    "RbfKernel",
    "body_order_errors",
    "gfrd",
    "gfre",
    "kernel_features",
    "lfre",
    "many_body_energies",
    "random_environments",
]
