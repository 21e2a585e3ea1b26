"""What distances and power spectra tell of periodic pairs within growing cutoffs."""

from collections.abc import Sequence
from pathlib import Path

import ase
import pandas as pd

from job import begin
from rhobar.analysis import spectrum_difference, weisfeiler_lehman
from rhobar.counterexamples import presets
from rhobar.data import written_beside

PAIRS = ("c6_chain", "c6_slab", "c6_bulk")
SHEAR = 0.4  # Å, of the second period along the first


def main(points: Path, cutoffs: Sequence[float]) -> None:
    """Write a row per pair and cutoff (.parquet); the bulk once more in a sheared cell."""
    rows = []
    for entry in PAIRS:
        pair = presets()[entry].pair()
        rows += _rows(entry, pair, cutoffs, sheared=False)
        if entry == "c6_bulk":
            rows += _rows(entry, tuple(map(_sheared, pair)), cutoffs, sheared=True)
    with written_beside(points) as temporary:
        pd.DataFrame(rows).to_parquet(temporary, index=False)


def _rows(
    entry: str, pair: tuple[ase.Atoms, ...], cutoffs: Sequence[float], *, sheared: bool
) -> list[dict[str, object]]:
    first, second = pair
    return [
        {
            "entry": entry,
            "sheared": sheared,
            "cutoff": cutoff,
            "difference": spectrum_difference(first, second, nu=2, cutoff=cutoff),
            "equal_by_distances": weisfeiler_lehman(first, second, cutoff=cutoff, tol=1e-9).equal,
        }
        for cutoff in cutoffs
    ]


def _sheared(atoms: ase.Atoms) -> ase.Atoms:
    sheared = atoms.copy()
    cell = sheared.cell.array.copy()
    cell[1, 0] += SHEAR
    sheared.set_cell(cell)
    return sheared


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(Path(job.output.points), job.params.cutoffs)
