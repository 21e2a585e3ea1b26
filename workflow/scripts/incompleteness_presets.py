"""Energies and forces of pairs that look like chemistry, by two potentials."""

from pathlib import Path

import pandas as pd

from job import begin
from rhobar.analysis import pair_energies, three_body_energies
from rhobar.counterexamples import presets
from rhobar.data import written_beside, xtb_energies

POTENTIALS = {"GFN1-xTB": xtb_energies, "three bodies": three_body_energies}


def main(table: Path) -> None:
    """
    Write to ``table`` (.parquet) one row per preset, potential and quantity, with both members'.

    A quantity is the ``energy`` (eV), or the force along a parameter of the family (eV/Å; for
    cosines eV): no network of distances can be right about both members.
    """
    rows = []
    for preset, family in presets().items():
        for potential, energies in POTENTIALS.items():
            found = pair_energies(family, energies)
            values = {"energy": found.energies, **found.forces}
            rows += [
                {
                    "preset": preset,
                    "potential": potential,
                    "quantity": quantity,
                    "first": first,
                    "second": second,
                }
                for quantity, (first, second) in values.items()
            ]
    with written_beside(table) as temporary:
        pd.DataFrame(rows).to_parquet(temporary, index=False)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(Path(job.output.presets))
