"""Structures that differ although incomplete descriptors say they are equal."""

from .catalogue import catalogue
from .family import Family
from .methane_manifold import MethaneManifold
from .three_body_pair import ThreeBodyPair

__all__ = ["Family", "MethaneManifold", "ThreeBodyPair", "catalogue"]
