"""Colors, distances and angles of one pair that messages along distances confuse."""

from pathlib import Path

import ase
import numpy as np
import pandas as pd

from job import begin
from rhobar.analysis import weisfeiler_lehman
from rhobar.counterexamples import ThreePlanes
from rhobar.data import written_beside


def main(atoms: Path, edges: Path, angles: Path) -> None:
    """Write a row per atom, per ordered pair of atoms, and per angle, of both members."""
    members = ThreePlanes().pair()
    found = weisfeiler_lehman(*members)
    if not found.equal:
        raise RuntimeError(f"distances tell {members[0]} and {members[1]} apart.")
    numbers = np.unique(np.concatenate([found.colors_a, found.colors_b]))
    tables: dict[Path, list[pd.DataFrame]] = {atoms: [], edges: [], angles: []}
    for member, (frame, stable) in enumerate(
        zip(members, (found.colors_a, found.colors_b), strict=True)
    ):
        colors = np.searchsorted(numbers, stable)
        tables[atoms].append(_atoms(frame, colors).assign(member=member))
        tables[edges].append(_edges(frame, colors).assign(member=member))
        tables[angles].append(_angles(frame, colors).assign(member=member))
    for path, parts in tables.items():
        with written_beside(path) as temporary:
            pd.concat(parts, ignore_index=True).to_parquet(temporary, index=False)


def _atoms(frame: ase.Atoms, colors: np.ndarray) -> pd.DataFrame:
    x, y, z = frame.positions.T
    return pd.DataFrame({"number": frame.numbers, "x": x, "y": y, "z": z, "color": colors})


def _edges(frame: ase.Atoms, colors: np.ndarray) -> pd.DataFrame:
    first, second = np.nonzero(~np.eye(len(frame), dtype=bool))
    return pd.DataFrame(
        {
            "atom": first,
            "color": colors[first],
            "neighbor_color": colors[second],
            "distance": frame.get_all_distances()[first, second],
        }
    )


def _angles(frame: ase.Atoms, colors: np.ndarray) -> pd.DataFrame:
    """At each atom between any two others, degrees."""
    rows = []
    for atom in range(len(frame)):
        vectors = np.delete(frame.positions, atom, axis=0) - frame.positions[atom]
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        cosines = (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
        angles = np.rad2deg(np.arccos(np.clip(cosines, -1.0, 1.0)))
        rows += [{"color": colors[atom], "angle": angle} for angle in angles.tolist()]
    return pd.DataFrame(rows)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(Path(job.output.atoms), Path(job.output.edges), Path(job.output.angles))
