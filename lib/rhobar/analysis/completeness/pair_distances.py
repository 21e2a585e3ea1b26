"""How far apart a target sees two structures, in units that compare between targets."""

from __future__ import annotations

from dataclasses import dataclass

import ase
import numpy as np
from numpy.typing import NDArray

from .columns import CONTROL, Column
from .matched_noise import LEAST_NOISE, aligned_rmsd, displaced, moved_copy
from .placement import scaled_inside, with_types
from .target import AuditTarget
from .verdict import FLOOR, LARGEST_ROUNDING, Verdict, control_verdict, pair_verdict

_N_NOISY = 20


@dataclass(frozen=True)
class PairDistance:
    """What a target makes of one pair."""

    column: str
    pair: int
    """number of the pair in its column"""
    center: int | None
    """the atom whose features were compared; None: those of the structure"""
    rmsd: float
    """Å, between the members"""
    distance: float
    """d, between the features of the members, over the median for noise of the same size"""
    floor: float
    """d₀, the same for a member and itself, moved; at least ε, and what digits of a file explain"""
    energy_difference: float | None
    """meV per atom, between the members; None: the target has no energies"""
    verdict: Verdict

    @property
    def invariant(self) -> bool:
        """Whether a moved copy was as near as rounding explains."""
        return self.verdict != Verdict.NONE


def column_distances(
    target: AuditTarget, column: Column, *, n_pairs: int, seed: int, nearest: bool = False
) -> list[PairDistance]:
    r"""
    Distances between the members of random pairs of one column.

    .. math:: d = \frac{|ξ(A) - ξ(B)|}{\mathrm{median}_{A'} |ξ(A) - ξ(A')|}

    over 20 A' with Gaussian noise on each coordinate, its standard deviation that of the distance
    of the members after alignment, 0.05 Å or more.

    :param nearest: scale structures so that atoms see their nearest neighbors only
    """
    rng = np.random.default_rng([seed, *column.name.encode()])
    center = column.center if target.traits.by_center else None
    found = []
    for number, drawn in enumerate(column.pairs(n_pairs, seed)):
        pair = scaled_inside(drawn.pair(), target.traits.cutoff, nearest=nearest)
        pair = with_types(pair, target.traits.atomic_types)
        rmsd = aligned_rmsd(*pair, center=column.center)
        rows = _rows(target, pair, center, max(rmsd, LEAST_NOISE), rng)
        distance, rounding = _relative(rows)
        epsilon = FLOOR[target.traits.dtype]
        floor = max(rounding, epsilon, column.rounding)
        difference = abs(float(rows[1, 0] - rows[0, 0])) * 1e3 / len(pair[0])
        found.append(
            PairDistance(
                column=column.name,
                pair=number,
                center=center,
                rmsd=rmsd,
                distance=distance,
                floor=floor,
                energy_difference=difference if target.traits.is_energy else None,
                verdict=_verdict(column, distance, rounding, epsilon),
            )
        )
    return found


def _relative(rows: NDArray[np.float64]) -> tuple[float, float]:
    """
    d and d₀ from the rows of both members, the moved copy and the noisy ones.

    What does not respond to noise either sees nothing: 0.
    """
    lengths = np.linalg.norm(rows[1:] - rows[0], axis=1)
    reference = float(np.median(lengths[2:]))
    if reference == 0.0:
        return 0.0, 0.0
    return float(lengths[0]) / reference, float(lengths[1]) / reference


def _verdict(column: Column, distance: float, rounding: float, epsilon: float) -> Verdict:
    if column.name == CONTROL:
        return control_verdict(distance, max(epsilon, column.rounding))
    if rounding > LARGEST_ROUNDING * epsilon:
        return Verdict.NONE
    return pair_verdict(distance, max(rounding, epsilon, column.rounding))


def _rows(
    target: AuditTarget,
    pair: list[ase.Atoms],
    center: int | None,
    noise: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Of both members, a moved copy of the first, and noisy ones, all at once."""
    copy, moved_center = moved_copy(pair[0], rng, center=center)
    frames = [*pair, copy, *(displaced(pair[0], rng, noise) for _ in range(_N_NOISY))]
    if center is None or moved_center is None:
        return target.rows(frames, None)
    return target.rows(frames, [center, center, moved_center, *[center] * _N_NOISY])
