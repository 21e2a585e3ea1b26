"""Kernels: similarities between two environments, or two structures."""

from rhobar.kernels.polynomial import PolynomialKernel
from rhobar.kernels.rbf import RbfKernel

__all__ = ["PolynomialKernel", "RbfKernel"]
