"""What an audit found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

import rhobar

from .crossing import CrossingResponse
from .pair_distances import PairDistance
from .target import TargetTraits
from .verdict import Verdict, worst

_FAILURES = (Verdict.BLIND, Verdict.WRONG, Verdict.NONE)


@dataclass(frozen=True)
class ColumnResult:
    """All pairs of one family together."""

    column: str
    of_center: bool
    """whether features of one center were compared, else those of structures"""
    verdict: Verdict
    """the worst over all pairs"""
    smallest: float
    """d of the pair that is seen least"""
    median: float
    """d of the pair in the middle"""
    floor: float
    """the largest d₀"""
    energy_difference: float | None
    """meV per atom, median; None: no energies"""


@dataclass(frozen=True)
class AuditReport:
    """Verdicts of :func:`audit` and the numbers behind them."""

    traits: TargetTraits
    """what was audited"""
    catalogue: str
    n_pairs: int
    seed: int
    equal_along_distances: tuple[str, ...]
    """columns whose pairs no network that passes messages along distances can tell apart"""
    pairs: tuple[PairDistance, ...]
    """with all atoms within the cutoff"""
    nearest: tuple[PairDistance, ...]
    """with nearest neighbors only, up to five of each family; periodic families left out"""
    crossing: CrossingResponse | None
    """None where the catalogue is without ``ch4_manifold``"""
    null_directions: dict[str, int]
    """see :func:`rhobar.analysis.completeness.crossing.null_directions`; empty likewise"""
    seconds: float

    @property
    def columns(self) -> list[ColumnResult]:
        """One result for each family."""
        return _by_column(self.pairs)

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """The verdict on each family."""
        return {result.column: result.verdict for result in self.columns}

    @property
    def nearest_verdicts(self) -> dict[str, Verdict]:
        """The same where only nearest neighbors are within the cutoff."""
        return {result.column: result.verdict for result in _by_column(self.nearest)}

    @property
    def invariant(self) -> bool:
        """Whether moved copies of structures gave the same features, to rounding."""
        return all(pair.verdict not in (Verdict.NONE, Verdict.WRONG) for pair in self.pairs)

    @property
    def passed(self) -> bool:
        """Whether nothing is blind or wrong; weak passes."""
        return not any(verdict in _FAILURES for verdict in self.verdicts.values())

    def as_dict(self) -> dict[str, Any]:
        """Everything, as JSON takes it."""
        return {
            "target": asdict(self.traits),
            "catalogue": self.catalogue,
            "n_pairs": self.n_pairs,
            "seed": self.seed,
            "passed": self.passed,
            "invariant": self.invariant,
            "verdicts": {name: str(verdict) for name, verdict in self.verdicts.items()},
            "equal_along_distances": list(self.equal_along_distances),
            "nearest_neighbors_only": {
                name: str(verdict) for name, verdict in self.nearest_verdicts.items()
            },
            "columns": [asdict(result) for result in self.columns],
            "pairs": [asdict(pair) for pair in self.pairs],
            "crossing": None if self.crossing is None else asdict(self.crossing),
            "null_directions": self.null_directions,
            "seconds": round(self.seconds, 2),
            "versions": {"rhobar": rhobar.__version__, "torch": torch.__version__},
        }


def _by_column(pairs: Sequence[PairDistance]) -> list[ColumnResult]:
    """Results in the order in which columns first appear."""
    results = []
    for column in dict.fromkeys(pair.column for pair in pairs):
        mine = [pair for pair in pairs if pair.column == column]
        distances = [pair.distance for pair in mine]
        energies = [p.energy_difference for p in mine if p.energy_difference is not None]
        results.append(
            ColumnResult(
                column=column,
                of_center=mine[0].center is not None,
                verdict=worst([pair.verdict for pair in mine]),
                smallest=min(distances),
                median=float(np.median(distances)),
                floor=max(pair.floor for pair in mine),
                energy_difference=float(np.median(energies)) if energies else None,
            )
        )
    return results
