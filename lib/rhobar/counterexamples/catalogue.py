"""All families of degenerate structures."""

from __future__ import annotations

from .family import Family
from .methane_manifold import MethaneManifold
from .ring_pair import RingPair
from .three_body_pair import ThreeBodyPair


def catalogue() -> list[Family]:
    """
    One member of each family, with the parameters it is known by.

    >>> [family.name for family in catalogue()]
    ['env3b', 'env4b_rings', 'ch4_manifold']
    """
    return [ThreeBodyPair(), RingPair(), MethaneManifold()]
