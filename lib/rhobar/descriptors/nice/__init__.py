"""The NICE iteration: what is multiplied, how it is contracted, and the descriptor."""

from .blocks import DensityScale, Expansion, NiceBlock
from .nice import Nice

__all__ = ["DensityScale", "Expansion", "Nice", "NiceBlock"]
