"""Files for other programs."""

from rhobar.export.growing import GrowingTensorMap

__all__ = ["GrowingTensorMap"]
