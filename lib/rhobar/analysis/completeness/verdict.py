"""What the distance between the features of two structures says of a model."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

FLOOR = {"float64": 1e-10, "float32": 1e-5}
"""by dtype, the smallest distance between features that can mean something"""
LARGEST_ROUNDING = 1e3
"""a congruent copy further away than this many ``FLOOR`` shows that a model is not invariant"""

_RESOLVED = 1e-3  # distance, relative to that of equally large noise
_ABOVE_ROUNDING = 1e3  # times the distance of a congruent copy
_AT_ROUNDING = 1e1


class Verdict(StrEnum):
    """
    What a model makes of a pair, from bad to good.

    =========  ====================================================  ==============================
    verdict    condition                                             meaning
    =========  ====================================================  ==============================
    wrong      a control with :math:`d > 10^3 ε`                     breaks a symmetry
    blind      :math:`d \\le 10\\, d_0`                                degenerate to rounding
    ambiguous  otherwise                                             more precision, or more pairs
    weak       :math:`d > 10^3 d_0`, :math:`d \\le 10^{-3}`            separates, too weakly to use
    resolved   :math:`d > 10^3 d_0`, :math:`d > 10^{-3}`              separates the pair
    equal      a control with :math:`d \\le 10^3 ε`                   as it has to be
    none       a copy of a structure further than :math:`10^3 ε`     not invariant: says nothing
    =========  ====================================================  ==============================

    d is the distance between the features of both members over that which noise of the size of
    their difference makes, d₀ ≥ ε the same for a structure and itself, moved.
    """

    WRONG = "wrong"
    BLIND = "blind"
    AMBIGUOUS = "ambiguous"
    WEAK = "weak"
    RESOLVED = "resolved"
    EQUAL = "equal"
    NONE = "none"


def pair_verdict(distance: float, floor: float) -> Verdict:
    """
    The verdict on one pair that is no control.

    :param distance: d
    :param floor: d₀, at least ε
    """
    if distance > _ABOVE_ROUNDING * floor:
        return Verdict.RESOLVED if distance > _RESOLVED else Verdict.WEAK
    return Verdict.BLIND if distance <= _AT_ROUNDING * floor else Verdict.AMBIGUOUS


def control_verdict(distance: float, epsilon: float) -> Verdict:
    """The verdict on a pair that nothing may tell apart."""
    return Verdict.WRONG if distance > LARGEST_ROUNDING * epsilon else Verdict.EQUAL


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The worst of some verdicts, which is that on a family."""
    order = list(Verdict)
    return min(verdicts, key=order.index)
