"""The catalogue as a page to turn structures around in."""

from collections import Counter
from pathlib import Path

import ase.io

from job import begin
from rhobar.analysis import weisfeiler_lehman
from rhobar.counterexamples import read_catalogue
from rhobar.plotting import structure_page

CUTOFF = 6.0  # Å, of colors in periodic structures
TEXT = (
    "Pairs of structures that distances, bonds, or correlations of few neighbors confuse. Each row "
    "of points is one entry of the catalogue, each column one draw, its two members half a step "
    "apart; choose a point, and turn the structure with the mouse. Atoms can be colored by what "
    "messages along distances tell of them: wherever networks of distances are blind, both "
    "members have the same colors."
)


def main(catalogue: Path, page: Path) -> None:
    """Write the frames of ``catalogue`` with what is known of them (.html)."""
    frames = ase.io.read(catalogue, index=":")
    entries = [str(frame.info["entry"]) for frame in frames]
    order = list(dict.fromkeys(entries))
    draws: Counter[str] = Counter()
    places = []
    for frame, entry in zip(frames, entries, strict=True):
        places.append(draws[entry] + 0.4 * int(frame.info["label"]))
        draws[entry] += int(frame.info["label"])
    properties = {
        "draw": places,
        "entry number": [order.index(entry) for entry in entries],
        "member": [int(frame.info["label"]) for frame in frames],
        "entry": entries,
        "family": [str(frame.info["family"]) for frame in frames],
        "equal for": [str(frame.info["equal_for"]) for frame in frames],
        "told apart by": [str(frame.info["resolved_by"]) or "nothing" for frame in frames],
        "pair": [int(frame.info["pair"]) for frame in frames],
        "number of atoms": [len(frame) for frame in frames],
    }
    structure_page(
        page,
        frames,
        properties,
        axes=("draw", "entry number"),
        color="member",
        title="Structures that descriptors confuse",
        text=TEXT,
        atom_properties={"color by distances": _colors(catalogue)},
    )


def _colors(catalogue: Path) -> list[int]:
    """Stable colors of all atoms of all frames, numbered for each pair."""
    colors: list[int] = []
    for pair in read_catalogue(catalogue):
        first, second = pair.family.pair()
        cutoff = CUTOFF if first.pbc.any() else None
        found = weisfeiler_lehman(first, second, cutoff=cutoff, tol=1e-9)
        colors += [*found.colors_a.tolist(), *found.colors_b.tolist()]
    return colors


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(Path(job.input.catalogue), Path(job.output.page))
