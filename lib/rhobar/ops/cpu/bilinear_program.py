"""Bilinear terms in the order in which the compiled loops read them."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rhobar.math import BilinearTerms

from .compilation import compiled_part
from .pair_lanes import LONGEST, PAIRS, sum_products

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


class BilinearProgram(NamedTuple):
    """
    Values that follow from others one after the other, see :func:`.pair_lanes.sum_products`.

    Terms of one value that share a factor are groups of at most 4, which takes three quarters of
    the multiplications.
    """

    out: Integers
    """``(value,)``, where each goes, in numbers"""
    counts: Integers
    """``(value * 4,)``, how many groups of 1, …, 4 terms each has"""
    place_ptr: Integers
    """``(value,)``, where its groups begin in ``places``"""
    weight_ptr: Integers
    """``(value,)``, where they begin in ``weights``"""
    places: Integers
    weights: Array


def bilinear_program(parts: list[BilinearTerms]) -> BilinearProgram:
    """
    Program of merged terms.

    :param parts: values of one part are made from slots of earlier ones and of the input
    """
    out: list[int] = []
    counts: list[int] = []
    places: list[int] = []
    weights: list[float] = []
    place_ptr: list[int] = []
    weight_ptr: list[int] = []
    for terms in parts:
        for value in np.unique(terms.out):
            groups = _groups(terms, np.flatnonzero(terms.out == value))
            out.append(int(value))
            place_ptr.append(len(places))
            weight_ptr.append(len(weights))
            for length in range(1, LONGEST + 1):
                chosen = [group for group in groups if len(group[1]) == length]
                counts.append(len(chosen))
                for common, others, coefficients in chosen:
                    places += [common, *others]
                    weights += coefficients
    return BilinearProgram(
        out=PAIRS * np.array(out, dtype=np.int64),
        counts=np.array(counts, dtype=np.int64),
        place_ptr=np.array(place_ptr, dtype=np.int64),
        weight_ptr=np.array(weight_ptr, dtype=np.int64),
        places=PAIRS * np.array(places, dtype=np.int64),
        weights=np.array(weights, dtype=np.float64),
    )


def _groups(terms: BilinearTerms, rows: Integers) -> list[tuple[int, list[int], list[float]]]:
    """Terms of one value as (common factor, other factors, coefficients), greedily large."""
    left = {
        (int(terms.left[row]), int(terms.right[row])): float(terms.coefficient[row]) for row in rows
    }
    groups = []
    while left:
        uses = Counter(slot for pair in left for slot in set(pair))
        common = max(uses, key=lambda slot: (uses[slot], -slot))
        members = [pair for pair in left if common in pair]
        for start in range(0, len(members), LONGEST):
            part = members[start : start + LONGEST]
            others = [b if a == common else a for a, b in part]
            groups.append((common, others, [left[pair] for pair in part]))
        for pair in members:
            del left[pair]
    return groups


@compiled_part
def run_program(program: BilinearProgram, slots: Array) -> None:
    """Make all values of a program, for 32 pairs."""
    for k in range(len(program.out)):
        sum_products(
            slots,
            program.counts,
            k * LONGEST,
            program.places,
            program.place_ptr[k],
            program.weights,
            program.weight_ptr[k],
            program.out[k],
        )
