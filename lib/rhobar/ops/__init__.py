"""The hot loops: a torch reference of each, and its compiled form for a CPU."""

from .density import density_coefficients
from .neighborhoods import Neighborhoods
from .power_spectrum import power_spectrum, selected_power_spectrum

__all__ = [
    "Neighborhoods",
    "density_coefficients",
    "power_spectrum",
    "selected_power_spectrum",
]
