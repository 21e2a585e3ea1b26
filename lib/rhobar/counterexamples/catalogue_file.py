"""The catalogue as a file of structures, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import ase
import numpy as np

from rhobar.data import written_beside

from .catalogue import catalogue
from .family import Family
from .presets import presets
from .three_planes import ThreePlanes

_PERIODIC = ("x", "xy", "xyz")
_DIGITS = 1e-7  # Å; extended XYZ holds eight decimals


@dataclass(frozen=True)
class CataloguePair:
    """One pair of a catalogue."""

    entry: str
    """a family, a family with its periodic axes, or a preset: what draws are grouped by"""
    family: Family
    """the pair itself"""


def sampled_catalogue(*, n_pairs: int = 20, seed: int = 0) -> list[CataloguePair]:
    """
    Every family as it is known, then ``n_pairs`` draws of it, and every preset.

    Entries are the names of the families, ``planes-x``, ``planes-xy`` and ``planes-xyz`` for
    draws of :class:`ThreePlanes` repeated along these axes, and the names of the presets.

    :raises ValueError: for a negative ``n_pairs``

    >>> pairs = sampled_catalogue(n_pairs=1)
    >>> print(len(pairs), pairs[0].entry, pairs[-1].entry)
    33 bk_tetra benzene_stack
    """
    if n_pairs < 0:
        raise ValueError(
            f"n_pairs = {n_pairs}: give the number of draws of each family, 0 or more."
        )
    rng = np.random.default_rng(seed)
    pairs: list[CataloguePair] = []
    for known in catalogue():
        drawn = [known, *(type(known).sample(rng) for _ in range(n_pairs))]
        pairs += [CataloguePair(known.name, family) for family in drawn]
    for axes in _PERIODIC:
        pairs += [
            CataloguePair(f"planes-{axes}", ThreePlanes.sample(rng, periodic=axes))
            for _ in range(n_pairs)
        ]
    return [*pairs, *(CataloguePair(name, family) for name, family in presets().items())]


def write_catalogue(path: str | Path, *, n_pairs: int = 20, seed: int = 0) -> None:
    """
    Save :func:`sampled_catalogue` as extended XYZ, the two members of a pair one after the other.

    ``info`` holds what :class:`Family` says of a member, and ``pair`` (number in the file) and
    ``entry``. Positions have eight decimals there, so distances that are equal differ by 1e-8 Å:
    compare them with ``tol=1e-4``, or take the exact pairs from :func:`read_catalogue`.

    :param path: .xyz or .extxyz, written whole or not at all
    """
    from ase.io import write

    pairs = sampled_catalogue(n_pairs=n_pairs, seed=seed)
    with written_beside(path) as temporary:
        write(temporary, list(_frames(pairs)), format="extxyz")


def read_catalogue(path: str | Path) -> list[CataloguePair]:
    """
    The pairs of a file in full precision, made again from the parameters that it holds.

    :raises ValueError: naming the frame whose family is unknown, or whose positions are not those
        of its parameters
    """
    from ase.io import read

    frames = cast("list[ase.Atoms]", read(path, index=":", format="extxyz"))
    known = {family.name: type(family) for family in catalogue()}
    pairs = []
    for number in range(0, len(frames), 2):
        info = frames[number].info
        if info.get("family") not in known:
            raise ValueError(
                f"{path}: frame {number} is of the family {info.get('family')!r}; families are "
                f"{', '.join(known)}, as written by write_catalogue."
            )
        stored: dict[str, Any] = json.loads(info["params"])
        parameters = {name: _tuples(value) for name, value in stored.items()}
        pairs.append(CataloguePair(str(info["entry"]), known[info["family"]](**parameters)))
        for offset, member in enumerate(pairs[-1].family.pair()):
            _check_same(member, frames[number + offset], f"{path}: frame {number + offset}")
    return pairs


def _frames(pairs: list[CataloguePair]) -> Iterator[ase.Atoms]:
    for number, pair in enumerate(pairs):
        for member in pair.family.pair():
            atoms = member.copy()
            atoms.info.update(
                pair=number,
                entry=pair.entry,
                resolved_by=", ".join(member.info["resolved_by"]),
                centers=" ".join(str(center) for center in member.info["centers"]),
            )
            yield atoms


def _tuples(value: Any) -> Any:
    """Lists of JSON as the tuples that families have."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _check_same(made: ase.Atoms, read: ase.Atoms, where: str) -> None:
    """Up to rotation, because that of eigenvectors differs from machine to machine."""
    if made.numbers.tolist() != read.numbers.tolist() or not np.allclose(
        made.get_all_distances(), read.get_all_distances(), rtol=0.0, atol=_DIGITS
    ):
        raise ValueError(
            f"{where} does not hold the structure of its own params; write the file again."
        )
