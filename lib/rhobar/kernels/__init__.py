"""Kernels: similarities between two environments, or two structures."""

from rhobar.kernels.polynomial import PolynomialKernel

__all__ = ["PolynomialKernel"]
