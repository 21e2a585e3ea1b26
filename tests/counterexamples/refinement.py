"""Weisfeiler-Lehman refinement of graphs with distances, written for reading."""

from __future__ import annotations

from collections import defaultdict

import ase
import numpy as np
from ase.neighborlist import neighbor_list

COMPLETE = 100.0  # Å, longer than any finite structure here


def same_colors(
    first: ase.Atoms, second: ase.Atoms, cutoff: float = COMPLETE, *, lengths: bool = True
) -> bool:
    """
    Whether one-dimensional refinement gives both the same multisets of colors, at every step.

    All images within the cutoff are edges, those of an atom itself as well.

    :param lengths: whether edges know how long they are, to 1e-6 Å
    """
    graphs = [neighbor_list("ijd", atoms, cutoff) for atoms in (first, second)]
    values = np.sort(np.concatenate([d for _, _, d in graphs]))
    starts = values[np.diff(values, prepend=-1.0) > 1e-6]  # of clusters of equal distances
    colors = [atoms.numbers.tolist() for atoms in (first, second)]
    while True:
        signatures = []
        for (i, j, d), old in zip(graphs, colors, strict=True):
            labels = np.searchsorted(starts, d, side="right") if lengths else np.zeros(len(d), int)
            seen: dict[int, list[tuple[int, int]]] = defaultdict(list)
            for center, neighbor, label in zip(i, j, labels.tolist(), strict=True):
                seen[center].append((old[neighbor], label))
            signatures.append([(old[atom], *sorted(seen[atom])) for atom in range(len(old))])
        if sorted(signatures[0]) != sorted(signatures[1]):
            return False
        ids = {signature: k for k, signature in enumerate(sorted(set(signatures[0])))}
        refined = [[ids[signature] for signature in found] for found in signatures]
        if len(ids) == len(set(colors[0])):
            return True
        colors = refined
