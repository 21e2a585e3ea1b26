"""Files for other programs."""

from rhobar.export.atomistic import export_model
from rhobar.export.growing import GrowingTensorMap

__all__ = ["GrowingTensorMap", "export_model"]
