"""Pairs of structures from a file, to be audited like the families."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ase
import numpy as np

from rhobar.counterexamples import congruent
from rhobar.data import read_frames

from ..weisfeiler_lehman import weisfeiler_lehman
from .columns import COLUMNS, CONTROL, Column, family_columns

_ROUNDING = 1e-6  # of d: what eight decimals of coordinates may change
_WRITTEN = 1e-5  # Å, twice as far apart may be what is one and the same


@dataclass(frozen=True)
class StoredPair:
    """Two structures as they were read."""

    first: ase.Atoms
    second: ase.Atoms

    def pair(self) -> tuple[ase.Atoms, ase.Atoms]:
        """Both members."""
        return self.first, self.second


@dataclass(frozen=True)
class StoredColumn(Column):
    """Pairs that were read, in the order of their file."""

    stored: tuple[StoredPair, ...] = ()

    def pairs(self, n_pairs: int, seed: int) -> Iterator[StoredPair]:
        """The first ``n_pairs``."""
        del seed
        return iter(self.stored[:n_pairs])


def stored_columns(path: str | Path) -> list[Column]:
    """
    The pairs of a file: structures 0 and 1, 2 and 3, …, a column for each ``info["entry"]``.

    ``info["family"]`` serves as well; without both, all pairs are one column, named after the file.
    Where ``info["centers"]`` names one atom, as that of :func:`write_catalogue` does, its features
    are compared. The group is ``wl1`` where messages along distances cannot tell any pair apart.

    :raises ValueError: naming the structures that are no pair: of different atoms, congruent (but
        for controls), or with distances of which it is not clear whether they are equal
    """
    frames = list(read_frames(path))
    if not frames or len(frames) % 2:
        raise ValueError(
            f"{path} holds {len(frames)} structures; pairs are two of them, one after the other."
        )
    by_name: dict[tuple[str, int | None], list[StoredPair]] = {}
    equal: dict[tuple[str, int | None], bool] = {}
    for number in range(0, len(frames), 2):
        first, second = frames[number : number + 2]
        name = str(first.info.get("entry", first.info.get("family", Path(path).stem)))
        key = (name, _center(first.info.get("centers")))
        where = f"{path}: structures {number} and {number + 1}"
        _check(first, second, where, control=name == CONTROL, center=key[1])
        by_name.setdefault(key, []).append(StoredPair(first, second))
        equal[key] = equal.get(key, True) and _equal_along_distances(first, second, where)
    return [
        StoredColumn(
            name=name,
            group="control" if name == CONTROL else "wl1" if equal[name, center] else "given",
            center=center,
            periodic=any(pair.first.pbc.any() for pair in pairs),
            rounding=_ROUNDING,
            stored=tuple(pairs),
        )
        for (name, center), pairs in by_name.items()
    ]


def _center(centers: Any) -> int | None:
    """The only one of some centers, as extended XYZ gives them."""
    values = str(centers).split() if isinstance(centers, str) else np.ravel(centers).tolist()
    return int(values[0]) if centers is not None and len(values) == 1 else None


def _check(
    first: ase.Atoms, second: ase.Atoms, where: str, *, control: bool, center: int | None
) -> None:
    """Refuse what cannot be a pair."""
    if sorted(first.numbers) != sorted(second.numbers) or (first.pbc != second.pbc).any():
        raise ValueError(
            f"{where} are {first.symbols} and {second.symbols}, periodic along {first.pbc} and "
            f"{second.pbc}; a pair has the same atoms."
        )
    if first.pbc.any() or control:
        return
    if congruent(first, second, center=center, tolerance=_WRITTEN):
        raise ValueError(f"{where} are congruent: nothing may tell them apart. Leave them out.")


def _equal_along_distances(first: ase.Atoms, second: ase.Atoms, where: str) -> bool:
    """On the complete graph; not known of periodic structures."""
    if first.pbc.any():
        return False
    try:
        return weisfeiler_lehman(first, second).equal
    except ValueError as error:
        doubt, _, _ = str(error).partition(". Give")  # what an argument of the test would change
        raise ValueError(
            f"{where}: {doubt}. Write coordinates in all their digits, or leave the pair out."
        ) from error


def audit_columns(catalogue: str = "all") -> list[Column]:
    """
    The columns that ``catalogue`` names, and the control, which is always there.

    :param catalogue: ``all``, ``wl1`` (structures that messages along distances confuse), ``env``
        (environments of one center), ``finite``, ``periodic``, the name of a column, or a file of
        pairs (.xyz or .extxyz), see :func:`stored_columns`
    :raises ValueError: for other names, and files without pairs

    >>> [column.name for column in audit_columns("periodic")]
    ['planes_1d', 'planes_2d', 'planes_3d', 'congruent_control']
    """
    stored = Path(catalogue).suffix in (".xyz", ".extxyz")
    chosen = stored_columns(catalogue) if stored else family_columns(catalogue)
    control = COLUMNS[-1]
    return chosen if any(one.name == CONTROL for one in chosen) else [*chosen, control]
