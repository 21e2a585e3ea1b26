"""All families of degenerate structures."""

from __future__ import annotations

from .cage_isomers import CageIsomers
from .congruent_control import CongruentControl
from .distance_tetrahedra import DistanceTetrahedra
from .equiangular_axes import EquiangularAxes
from .family import Family
from .methane_manifold import MethaneManifold
from .polyhedron_subsets import PolyhedronSubsets
from .ring_or_triangles import RingOrTriangles
from .ring_pair import RingPair
from .three_axes import ThreeAxes
from .three_body_pair import ThreeBodyPair
from .three_planes import ThreePlanes
from .two_body_pair import TwoBodyPair


def catalogue() -> list[Family]:
    """
    One member of each family, with the parameters it is known by; the last is the control.

    >>> print(*(family.name for family in catalogue()))
    bk_tetra env2b env3b env4b_rings ch4_manifold axes3 planes hexagon twograph polyhedra prism20
    congruent_control
    """
    return [
        DistanceTetrahedra(),
        TwoBodyPair(),
        ThreeBodyPair(),
        RingPair(),
        MethaneManifold(),
        ThreeAxes(),
        ThreePlanes(),
        RingOrTriangles(),
        EquiangularAxes(),
        PolyhedronSubsets(),
        CageIsomers(),
        CongruentControl(),
    ]
