"""``rhobar describe``: features of the atoms in a file."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .descriptor_hypers import DescriptorHypers, checked_hypers, descriptor_of

if TYPE_CHECKING:
    import ase

# Atoms computed at once: a few hundred MB of features, or of their gradients.
_ATOMS_PER_CHUNK = 1000
_ATOMS_PER_CHUNK_WITH_GRADIENTS = 50


def describe(
    file: Annotated[Path, typer.Argument(help="Structures, in any form that ASE reads.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Features: a new .mts file.")],
    descriptor: Annotated[
        str | None, typer.Option(help="soap (default), radial, expansion or lambda-soap.")
    ] = None,
    cutoff: Annotated[float | None, typer.Option(help="Radius in Å (default 5).")] = None,
    l_max: Annotated[int | None, typer.Option(help="Highest angular order (default 6).")] = None,
    n_radial: Annotated[int | None, typer.Option(help="Radial functions (default 8).")] = None,
    smearing: Annotated[
        float | None, typer.Option(help="Width of an atomic Gaussian in Å (default 0.3).")
    ] = None,
    hypers: Annotated[
        Path | None,
        typer.Option(
            help="JSON file with these options and cutoff_width, radial (gto, laplacian), density "
            "(gaussian, dirac), center_weight, scaling, atomic_types; those given here win."
        ),
    ] = None,
    gradients: Annotated[
        bool, typer.Option("--gradients", help="Also derivatives by the positions.")
    ] = False,
) -> None:
    """
    Features of every atom in FILE, as a metatensor file.

    Structures are read and computed in chunks, so that FILE may be larger than the memory.

    Example: rhobar describe molecules.xyz --descriptor soap --cutoff 4.5 --output soap.mts
    """
    given = {
        "descriptor": descriptor,
        "cutoff": cutoff,
        "l_max": l_max,
        "n_radial": n_radial,
        "smearing": smearing,
    }
    chosen = checked_hypers(hypers, {key: v for key, v in given.items() if v is not None})
    _check_writable(output)
    n_structures, types = _survey(file, chosen)
    n_atoms = _describe_chunks(file, output, chosen, types, n_structures, gradients)
    if sys.stderr.isatty():
        typer.echo(f"{output}: {n_structures} structures, {n_atoms} atoms", err=True)


def _check_writable(output: Path) -> None:
    """Refuse an output that could not be written, before hours are spent on it."""
    if output.suffix != ".mts":
        raise ValueError(f"--output {output}: features are written as .mts; choose such a name.")
    if output.is_dir() or not output.parent.is_dir():
        raise ValueError(f"--output {output}: not a file in an existing folder; choose another.")
    try:
        with tempfile.TemporaryFile(dir=output.parent):
            pass
    except OSError as error:
        raise ValueError(f"--output {output} cannot be written: {error.strerror}.") from error


def _survey(file: Path, hypers: DescriptorHypers) -> tuple[int, list[int]]:
    """Read and check every structure before anything is computed: their number, their types."""
    from rhobar.data import ProgressBar, read_frames

    types: set[int] = set()
    n_structures = 0
    with ProgressBar("reading", None) as bar:
        for index, frame in enumerate(read_frames(file)):
            _check(frame, f"{file}: ", index, hypers.atomic_types)
            types.update(frame.numbers.tolist())
            n_structures += 1
            bar.advance()
    if not n_structures:
        raise ValueError(f"{file} holds no structures.")
    return n_structures, sorted(hypers.atomic_types or types)


def _check(frame: ase.Atoms, where: str, index: int, known: tuple[int, ...] | None) -> None:
    """Refuse a structure that the library would refuse, or of other types than declared."""
    from rhobar.systems import MINIMUM_DISTANCE, batched, pairs_within_cutoff

    try:
        pairs_within_cutoff(batched([frame], first=index), MINIMUM_DISTANCE, first=index)
    except ValueError as error:
        raise ValueError(f"{where}{error}") from error
    unknown = sorted(set(frame.numbers.tolist()) - set(known or frame.numbers))
    if unknown:
        raise ValueError(
            f"{where}frame {index}: atomic type {unknown[0]} is none of atomic_types "
            f"{sorted(known or [])}; add it there, or leave the frame out."
        )


def _describe_chunks(
    file: Path,
    output: Path,
    hypers: DescriptorHypers,
    types: list[int],
    n_structures: int,
    gradients: bool,
) -> int:
    """Compute chunk by chunk into ``output``; the number of atoms."""
    from rhobar.data import ProgressBar, read_frames
    from rhobar.export import GrowingTensorMap

    model = descriptor_of(hypers, types)
    size = _ATOMS_PER_CHUNK_WITH_GRADIENTS if gradients else _ATOMS_PER_CHUNK
    n_atoms = 0
    with (
        GrowingTensorMap(output.parent) as features,
        ProgressBar(hypers.descriptor, n_structures) as bar,
    ):
        for frames in _chunks(read_frames(file), size):
            piece = model.compute(frames, gradients=["positions"] if gradients else [])
            features.append(piece, n_systems=len(frames))
            n_atoms += sum(map(len, frames))
            bar.advance(len(frames))
        features.save(output)
    return n_atoms


def _chunks(frames: Iterator[ase.Atoms], n_atoms: int) -> Iterator[list[ase.Atoms]]:
    """Lists of structures with about ``n_atoms`` atoms together, at least one structure each."""
    chunk: list[ase.Atoms] = []
    for frame in frames:
        if chunk and sum(map(len, chunk)) + len(frame) > n_atoms:
            yield chunk
            chunk = []
        chunk.append(frame)
    if chunk:
        yield chunk
