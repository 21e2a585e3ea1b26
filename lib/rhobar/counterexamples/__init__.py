"""Structures that differ although incomplete descriptors say they are equal."""

from .cage_isomers import CageIsomers
from .catalogue import catalogue
from .catalogue_file import (
    CataloguePair,
    read_catalogue,
    sampled_catalogue,
    write_catalogue,
)
from .congruence import congruent
from .congruent_control import CongruentControl
from .distance_tetrahedra import DistanceTetrahedra, tetrahedron_orders
from .equiangular_axes import EquiangularAxes
from .family import Family
from .methane_manifold import MethaneManifold
from .polyhedron_subsets import PolyhedronSubsets, polyhedron_subsets
from .presets import presets
from .ring_or_triangles import RingOrTriangles
from .ring_pair import RingPair, sample_boron8
from .singular_methane import singular_methane
from .three_axes import ThreeAxes
from .three_body_pair import ThreeBodyPair
from .three_planes import ThreePlanes
from .two_body_pair import TwoBodyPair

__all__ = [
    "CageIsomers",
    "CataloguePair",
    "CongruentControl",
    "DistanceTetrahedra",
    "EquiangularAxes",
    "Family",
    "MethaneManifold",
    "PolyhedronSubsets",
    "RingOrTriangles",
    "RingPair",
    "ThreeAxes",
    "ThreeBodyPair",
    "ThreePlanes",
    "TwoBodyPair",
    "catalogue",
    "congruent",
    "polyhedron_subsets",
    "presets",
    "read_catalogue",
    "sample_boron8",
    "sampled_catalogue",
    "singular_methane",
    "tetrahedron_orders",
    "write_catalogue",
]
