"""Laws of descriptors whose samples are tuples of a center and some of its neighbors."""

from __future__ import annotations

import numpy as np

from tests.laws.geometry import EquivariantLaws
from tests.laws.rows import Rows


class TupleLaws(EquivariantLaws):
    """Geometry says how centers change; names of their neighbors depend on order and cell."""

    def by_center(self, found: Rows) -> Rows:
        """Sums over the tuples of each center of values and of their cubes, which turn alike."""
        sums: Rows = {}
        for (key, sample), row in found.items():
            moments = np.stack([row, row**3])
            name = (key, sample[:2])
            sums[name] = sums[name] + moments if name in sums else moments
        return sums
