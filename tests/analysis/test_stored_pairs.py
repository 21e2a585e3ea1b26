"""Pairs from a file are audited like the families, and what is no pair is refused by number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ase
import ase.io
import numpy as np
import pytest

from rhobar.analysis import Verdict, audit, audit_columns, expected_verdicts
from rhobar.counterexamples import (
    CongruentControl,
    RingOrTriangles,
    ThreeBodyPair,
    ThreePlanes,
    write_catalogue,
)
from rhobar.data import read_frames


def written(path: Path, frames: list[ase.Atoms]) -> str:
    ase.io.write(path, frames, format="extxyz")
    return str(path)


def members(family: ThreeBodyPair | RingOrTriangles | ThreePlanes) -> list[ase.Atoms]:
    """Without what families say of themselves, and turned."""
    frames = [atoms.copy() for atoms in family.pair()]
    for atoms in frames:
        atoms.info.clear()
    frames[1].rotate(40.0, (1.0, 2.0, 3.0))
    return frames


def test_verdicts_of_a_file(tmp_path: Path) -> None:
    """Whole structures: what ν = 2 of the center misses, ν = 2 of all atoms sees."""
    path = written(tmp_path / "mine.xyz", members(RingOrTriangles((1.4,), ("C",))))
    (column, control) = audit_columns(path)
    assert (column.name, column.group, column.center) == ("mine", "wl1", None)
    assert control.name == "congruent_control"
    found = {row: audit(row, catalogue=path, n_pairs=5) for row in ("nu1", "nu2")}
    assert found["nu1"].verdicts == {"mine": Verdict.BLIND, "congruent_control": Verdict.EQUAL}
    assert found["nu2"].verdicts["mine"] == Verdict.RESOLVED
    assert found["nu2"].equal_along_distances == ("mine",)
    assert len([pair for pair in found["nu1"].pairs if pair.column == "mine"]) == 1


def test_center_of_a_file(tmp_path: Path) -> None:
    frames = members(ThreeBodyPair())
    for atoms in frames:
        atoms.info["centers"] = "0"
    path = written(tmp_path / "environments.xyz", frames)
    report = audit("nu2", catalogue=path, n_pairs=1)
    assert report.verdicts["environments"] == Verdict.BLIND
    assert report.equal_along_distances == ()  # the hydrogens see each other
    assert 1e-10 < report.pairs[0].floor <= 1e-6  # eight decimals
    assert audit("nu3", catalogue=path, n_pairs=1).verdicts["environments"] == Verdict.RESOLVED
    assert expected_verdicts("nu2", others=["environments"])["env3b"] == Verdict.BLIND


def test_file_of_the_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.xyz"
    write_catalogue(path, n_pairs=0)
    columns = {column.name: column for column in audit_columns(str(path))}
    assert columns["env3b"].center == 0
    assert columns["hexagon"].group == columns["axes3"].group == "wl1"
    assert columns["bk_tetra"].group == "given"
    assert columns["c6_bulk"].periodic
    assert columns["congruent_control"].group == "control"
    report = audit("nu1", catalogue=str(path), n_pairs=1)
    seen = {name for name, verdict in report.verdicts.items() if verdict == Verdict.RESOLVED}
    assert seen == {"bk_tetra", "prism20"}
    assert report.invariant


def _odd(frames: list[ase.Atoms]) -> None:
    frames.append(frames[0])


def _other_atoms(frames: list[ase.Atoms]) -> None:
    frames[1].numbers[2] = 7


def _congruent(frames: list[ase.Atoms]) -> None:
    frames[1] = CongruentControl().pair()[1]
    frames[0] = CongruentControl().pair()[0]
    for atoms in frames:
        atoms.info.clear()


def _unclear(frames: list[ase.Atoms]) -> None:
    """One atom is four millionths of an Å further out: at another distance, or the same?"""
    frames[1].positions[1] *= 1.0 + 4e-6


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_odd, r"holds 3 structures; pairs are two of them"),
        (_other_atoms, r"structures 0 and 1 are CH4 and CHNH2"),
        (_congruent, r"structures 0 and 1 are congruent"),
        (_unclear, r"structures 0 and 1: ambiguous distances: 1\.1 and 1\.1000023\d+ Å"),
    ],
)
def test_what_is_no_pair_is_refused(
    tmp_path: Path, spoil: Callable[[list[ase.Atoms]], None], message: str
) -> None:
    frames = [atoms.copy() for atoms in ThreeBodyPair().pair()]
    for atoms in frames:
        atoms.info.clear()
    spoil(frames)
    path = written(tmp_path / "pairs.xyz", frames)
    with pytest.raises(ValueError, match=rf"pairs\.xyz:? .*{message}|pairs\.xyz {message}"):
        audit_columns(path)


def test_periodic_pairs_of_a_file(tmp_path: Path) -> None:
    family = ThreePlanes(periods=(4.1, 5.2, 6.3))
    frames = [atoms.copy() for atoms in family.pair()]
    for atoms in frames:
        atoms.info.clear()
    path = written(tmp_path / "crystals.extxyz", frames)
    assert audit_columns(path)[0].group == "given"  # a cutoff would have to be chosen
    report = audit("nu1", catalogue=path, n_pairs=1)
    assert report.verdicts["crystals"] == Verdict.BLIND
    assert np.isfinite(report.pairs[0].distance)


# Published files ------------------------------------------------------------------------------


def published(mirror: Path, name: str, chosen: slice, folder: Path) -> str:
    """Some structures of a file, with their first atom as the center."""
    frames = list(read_frames(mirror / "degenerate" / name))[chosen]
    for atoms in frames:
        atoms.calc = None
        atoms.info = {"centers": "0", "entry": str(atoms.info.get("pair", "ring"))}
    return written(folder / "published.xyz", frames)


@pytest.mark.mirror
def test_published_environments(mirror: Path, tmp_path: Path) -> None:
    name = "prl2020_neighbourhood_pairs.xyz"
    path = published(mirror, name, slice(4), tmp_path)
    seen = {row: audit(row, catalogue=path, n_pairs=1).verdicts for row in ("nu1", "nu2", "nu3")}
    found = [[seen[row][entry] for row in seen] for entry in ("2body", "3body")]
    assert found == [["blind", "resolved", "resolved"], ["blind", "blind", "resolved"]]
    # the third pair of that file is one environment, turned by 180°
    with pytest.raises(ValueError, match="structures 0 and 1 are congruent"):
        audit_columns(published(mirror, name, slice(4, 6), tmp_path))


@pytest.mark.mirror
def test_published_boron_clusters(mirror: Path, tmp_path: Path) -> None:
    name = "boron8_4000_pbe_ccpvdz.extxyz.gz"
    path = published(mirror, name, slice(20, 26), tmp_path)
    for row, verdict in (("nu3", "blind"), ("triplets", "resolved")):
        verdicts = audit(row, catalogue=path, n_pairs=1).verdicts
        assert {str(found) for name, found in verdicts.items()} == {verdict, "equal"}
