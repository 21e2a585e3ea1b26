"""
The hot loops of Wigner kernels for GPUs of NVIDIA, compiled at their first use (CuPy).

Tensors stay on their device. Import it where it is used, not before.
"""

from .device_code import found_device, is_available
from .summed_kernels import summed_kernels
from .weighted_kernels import weighted_kernels, weighted_values

__all__ = ["found_device", "is_available", "summed_kernels", "weighted_kernels", "weighted_values"]
