"""Degenerate pairs that look like chemistry."""

from __future__ import annotations

from .family import Family
from .ring_or_triangles import RingOrTriangles
from .three_axes import ThreeAxes
from .three_planes import ThreePlanes


def presets() -> dict[str, Family]:
    """
    Pairs with sensible bond lengths and coordination, by name; their geometries are not relaxed.

    ``c6_bulk``, ``c6_slab`` and ``c6_chain`` repeat six carbons in three, two and one dimensions;
    ``water_dimer`` is two waters; ``mx6`` a distorted SF6; ``benzene_stack`` benzene and two C3H3.

    >>> {name: int(pair.structure(+1).pbc.sum()) for name, pair in presets().items()}
    {'c6_bulk': 3, 'c6_slab': 2, 'c6_chain': 1, 'water_dimer': 0, 'mx6': 0, 'benzene_stack': 0}
    """
    return {
        "c6_bulk": ThreePlanes(
            (0.8166, 0.5208), (2.1878, 0.9704), (0.5331, 1.2728), (3.9875, 2.8855, 3.5785)
        ),
        "c6_slab": ThreePlanes(
            (1.0742, 1.4225), (0.5312, 0.5318), (1.5216, 0.8039), (3.8968, 3.9110, 0.0)
        ),
        "c6_chain": ThreePlanes(
            (1.4631, 1.2053), (0.3940, 0.7666), (1.3937, 0.7582), (2.7681, 0.0, 0.0)
        ),
        "water_dimer": ThreePlanes(
            (0.7789, 0.7508), (1.3415, 0.3288), (0.5437, 0.5655), symbols=("O", "H", "H")
        ),
        "mx6": ThreeAxes(radii=(1.56, 1.56, 1.56), cosines=(0.2, 0.2, 0.2), center="S"),
        "benzene_stack": RingOrTriangles(),
    }
