"""Structures that differ although incomplete descriptors say they are equal."""

from .catalogue import catalogue
from .congruence import congruent
from .family import Family
from .methane_manifold import MethaneManifold
from .ring_pair import RingPair, sample_boron8
from .three_body_pair import ThreeBodyPair

__all__ = [
    "Family",
    "MethaneManifold",
    "RingPair",
    "ThreeBodyPair",
    "catalogue",
    "congruent",
    "sample_boron8",
]
