"""Which pairs an audit shows to a model, and through which atoms it has to tell them apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import ase
import numpy as np

from rhobar.counterexamples import (
    CageIsomers,
    CongruentControl,
    DistanceTetrahedra,
    EquiangularAxes,
    Family,
    MethaneManifold,
    PolyhedronSubsets,
    RingOrTriangles,
    RingPair,
    ThreeAxes,
    ThreeBodyPair,
    ThreePlanes,
    TwoBodyPair,
)

CONTROL = "congruent_control"
"""the column whose pairs nothing may tell apart"""


class Pair(Protocol):
    """Two structures that may be hard to tell apart."""

    def pair(self) -> tuple[ase.Atoms, ase.Atoms]:
        """Both members, with the same atoms."""


@dataclass(frozen=True)
class Column:
    """One column of the table of an audit: a kind of pairs."""

    name: str
    group: str
    """``global-2b``, ``env``, ``wl1``, ``wl1-discrete`` or ``control``"""
    draw: Callable[[np.random.Generator], Family] | None = None
    """a random pair of this kind"""
    center: int | None = None
    """the atom whose features have to tell the members apart; None: those of all atoms"""
    periodic: bool = False
    rounding: float = 0.0
    """distance of features that coordinates of few digits explain"""

    def pairs(self, n_pairs: int, seed: int) -> Iterator[Pair]:
        """Random pairs, the same for the same seed whatever other columns there are."""
        assert self.draw is not None
        rng = np.random.default_rng([seed, *self.name.encode()])
        draw = self.draw
        return (draw(rng) for _ in range(n_pairs))


def _planes(n_periods: int) -> Callable[[np.random.Generator], Family]:
    """Pairs of planes with one to three random axes periodic."""

    def draw(rng: np.random.Generator) -> Family:
        axes = rng.choice(list("xyz"), n_periods, replace=False)
        return ThreePlanes.sample(rng, periodic="".join(axes))

    return draw


def _octahedron(rng: np.random.Generator) -> Family:
    """A distorted MX6 molecule; the cosine of the distortion is 0.2 to 0.45."""
    cosine = float(rng.uniform(0.2, 0.45))
    return ThreeAxes(cosines=(cosine, cosine, cosine), center="S")


def _cages(rng: np.random.Generator) -> Family:
    """Carbons alone: the graphs of their bonds are what is tested."""
    return replace(CageIsomers.sample(rng), hydrogens=False)


COLUMNS = (
    Column("bk_tetra", "global-2b", DistanceTetrahedra.sample),
    Column("env2b", "env", TwoBodyPair.sample, center=0),
    Column("env3b", "env", ThreeBodyPair.sample, center=0),
    Column("env4b_rings", "env", RingPair.sample, center=0),
    Column("ch4_manifold", "env", MethaneManifold.sample, center=0),
    Column("axes3", "wl1", ThreeAxes.sample),
    Column("planes", "wl1", ThreePlanes.sample),
    Column("planes_1d", "wl1", _planes(1), periodic=True),
    Column("planes_2d", "wl1", _planes(2), periodic=True),
    Column("planes_3d", "wl1", _planes(3), periodic=True),
    Column("hexagon", "wl1", RingOrTriangles.sample),
    Column("twograph", "wl1", EquiangularAxes.sample),
    Column("polyhedra", "wl1", PolyhedronSubsets.sample),
    Column("mx6_center", "env", _octahedron, center=6),
    Column("prism20", "wl1-discrete", _cages),
    Column(CONTROL, "control", CongruentControl.sample),
)
"""the columns, in the order of the table"""


def family_columns(catalogue: str) -> list[Column]:
    """
    The columns that ``catalogue`` names; see :func:`rhobar.analysis.audit_columns`.

    :raises ValueError: for other names
    """
    chosen = [column for column in COLUMNS if _is_in(column, catalogue)]
    if not chosen:
        names = ", ".join(column.name for column in COLUMNS)
        raise ValueError(
            f"no catalogue {catalogue!r}; choose all, wl1, env, finite, periodic, one of {names}, "
            "or a file of pairs (.xyz)."
        )
    return chosen


def _is_in(column: Column, catalogue: str) -> bool:
    if catalogue in ("periodic", "finite"):
        return column.periodic == (catalogue == "periodic")
    return catalogue in ("all", column.group, column.name)
