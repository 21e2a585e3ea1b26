"""
The command ``rhobar``: parse, call the library, print.

Bad input ends with one line on standard error and a status other than 0; files appear complete or
not at all. Heavy libraries are imported by the commands that need them.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError

if TYPE_CHECKING:
    import ase
    from rich.progress import Progress

# Atoms computed at once: a few hundred MB of features, or of their gradients.
_ATOMS_PER_CHUNK = 1000
_ATOMS_PER_CHUNK_WITH_GRADIENTS = 50

app = typer.Typer(
    name="rhobar",
    help="Descriptors, kernels and models of atomic structures.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(
    help="Public data sets: what there is, bring it here, verify it.", no_args_is_help=True
)
app.add_typer(data_app, name="data")


class Scaling(BaseModel):
    """Weight rate / (rate + (r / scale)^exponent) of a neighbor at distance r; scale in Å."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scale: float = Field(gt=0, allow_inf_nan=False)
    rate: float = Field(ge=0, allow_inf_nan=False)
    exponent: float = Field(ge=0, allow_inf_nan=False)


class DescriptorHypers(BaseModel):
    """What the command line and a file of hyperparameters (JSON) may say; lengths in Å."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    descriptor: Literal["soap", "radial", "expansion", "lambda-soap"] = "soap"
    cutoff: float = Field(default=5.0, gt=0, allow_inf_nan=False)
    cutoff_width: float = Field(default=0.5, ge=0, allow_inf_nan=False)
    l_max: int = Field(default=6, ge=0)
    n_radial: int = Field(default=8, ge=1)
    radial: Literal["gto", "laplacian"] = "gto"
    density: Literal["gaussian", "dirac"] = "gaussian"
    smearing: float = Field(default=0.3, gt=0, allow_inf_nan=False)
    center_weight: float = Field(default=1.0, allow_inf_nan=False)
    scaling: Scaling | None = None
    atomic_types: tuple[int, ...] | None = Field(default=None, min_length=1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; ends the process with its status."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = app(args=arguments, standalone_mode=False, prog_name="rhobar") or 0
    except typer.TyperException as error:
        status = getattr(error, "exit_code", 2)
        _complain(getattr(error, "format_message", error.__str__)())
    except (ValueError, OSError, MemoryError) as error:
        status = 1
        _complain(str(error) or type(error).__name__)
    except (KeyboardInterrupt, typer.Abort):
        status = 130
        _complain("interrupted")
    sys.exit(status)


def _complain(message: str) -> None:
    """One line on standard error, whatever the message looks like."""
    print(f"rhobar: {' '.join(message.split())}", file=sys.stderr)  # noqa: T201


def _print_version(wanted: bool) -> None:
    if wanted:
        from rhobar import __version__

        typer.echo(f"rhobar {__version__}")
        raise typer.Exit


@app.callback()
def _options_of_all(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Say it and stop."),
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what is done.")] = False,
) -> None:
    del version  # its callback has answered
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if verbose else logging.WARNING,
        format="%(name)s: %(message)s",
    )


@app.command()
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
    chosen = _checked_hypers(hypers, {key: v for key, v in given.items() if v is not None})
    _check_writable(output)
    with _progress() as progress:
        n_structures, types = _survey(file, chosen, progress)
        n_atoms = _describe_chunks(file, output, chosen, types, n_structures, gradients, progress)
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


def _checked_hypers(path: Path | None, given: dict[str, Any]) -> DescriptorHypers:
    """Hyperparameters of the file, then those of the command line, checked together."""
    values: Any = {}
    if path is not None:
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"--hypers {path} is not JSON: {error}") from error
        if not isinstance(values, dict):
            raise ValueError(f"--hypers {path}: expected an object {{...}} of hyperparameters.")
    try:
        return DescriptorHypers(**{**values, **given})
    except ValidationError as error:
        known = ", ".join(DescriptorHypers.model_fields)
        complaints = [
            f"{'.'.join(map(str, one['loc']))} = {one['input']!r}: {one['msg']}"
            for one in error.errors()
        ]
        raise ValueError(
            f"hyperparameters refused: {'; '.join(complaints)}. Known are {known}."
        ) from None


@contextmanager
def _progress() -> Iterator[Progress]:
    """A progress bar on standard error where that is a terminal, else silence."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    silent = not sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), disable=silent) as progress:
        yield progress


def _survey(file: Path, hypers: DescriptorHypers, progress: Progress) -> tuple[int, list[int]]:
    """Read and check every structure before anything is computed: their number, their types."""
    from rhobar.data import read_frames
    from rhobar.systems import MINIMUM_DISTANCE, batched, pairs_within_cutoff

    types: set[int] = set()
    n_structures = 0
    task = progress.add_task("reading", total=None)
    for index, frame in enumerate(read_frames(file)):
        try:
            pairs_within_cutoff(batched([frame], first=index), MINIMUM_DISTANCE, first=index)
        except ValueError as error:
            raise ValueError(f"{file}: {error}") from error
        unknown = sorted(set(frame.numbers.tolist()) - set(hypers.atomic_types or frame.numbers))
        if unknown:
            raise ValueError(
                f"{file}: frame {index}: atomic type {unknown[0]} is none of atomic_types "
                f"{sorted(hypers.atomic_types or [])}; add it there, or leave the frame out."
            )
        types.update(frame.numbers.tolist())
        n_structures += 1
        progress.advance(task)
    if not n_structures:
        raise ValueError(f"{file} holds no structures.")
    return n_structures, sorted(hypers.atomic_types or types)


def _describe_chunks(
    file: Path,
    output: Path,
    hypers: DescriptorHypers,
    types: list[int],
    n_structures: int,
    gradients: bool,
    progress: Progress,
) -> int:
    """Compute chunk by chunk into ``output``; the number of atoms."""
    from rhobar.data import read_frames
    from rhobar.export import GrowingTensorMap

    model = _descriptor(hypers, types)
    size = _ATOMS_PER_CHUNK_WITH_GRADIENTS if gradients else _ATOMS_PER_CHUNK
    task = progress.add_task(hypers.descriptor, total=n_structures)
    n_atoms = 0
    with GrowingTensorMap(output.parent) as features:
        for frames in _chunks(read_frames(file), size):
            piece = model.compute(frames, gradients=["positions"] if gradients else [])
            features.append(piece, n_systems=len(frames))
            n_atoms += sum(map(len, frames))
            progress.advance(task, len(frames))
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


def _descriptor(hypers: DescriptorHypers, types: list[int] | None) -> Any:
    """The descriptor that the hyperparameters ask for."""
    from rhobar.descriptors import (
        LambdaSoap,
        SoapPowerSpectrum,
        SoapRadialSpectrum,
        SphericalExpansion,
    )
    from rhobar.math import Cutoff, Dirac, Gaussian, Gto, Laplacian, Willatt

    scaling = hypers.scaling
    weights = None if scaling is None else Willatt(**scaling.model_dump())
    density = (
        Gaussian(hypers.smearing, center_weight=hypers.center_weight, scaling=weights)
        if hypers.density == "gaussian"
        else Dirac(center_weight=hypers.center_weight, scaling=weights)
    )
    kinds = {
        "soap": SoapPowerSpectrum,
        "expansion": SphericalExpansion,
        "lambda-soap": LambdaSoap,
        "radial": SoapRadialSpectrum,
    }
    arguments: dict[str, Any] = {
        "cutoff": Cutoff(hypers.cutoff, width=hypers.cutoff_width),
        "radial": {"gto": Gto, "laplacian": Laplacian}[hypers.radial](hypers.n_radial),
        "density": density,
        "atomic_types": types,
    }
    if hypers.descriptor != "radial":
        arguments["l_max"] = hypers.l_max
    return kinds[hypers.descriptor](**arguments)


@app.command()
def audit(
    target: Annotated[
        str,
        typer.Argument(
            help="Exported model (.pt), fitted model (.npz), hyperparameters of a descriptor "
            "(.json), import path of an ASE calculator or descriptor (module:Name), or a known "
            "kind of model (nu2, ...)."
        ),
    ],
    catalogue: Annotated[
        str, typer.Option(help="all, wl1, env, finite, periodic, one family, or a file of pairs.")
    ] = "all",
    n_pairs: Annotated[int, typer.Option(min=1, help="Random pairs of each family.")] = 20,
    dtype: Annotated[
        Literal["float64", "float32"], typer.Option(help="Of descriptors; models have their own.")
    ] = "float64",
    out: Annotated[
        Path | None, typer.Option(help="Folder for audit.json, .csv, .html and .pdf.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, not a table.")] = False,
    expect: Annotated[
        str | None,
        typer.Option(help="Verdicts by family, YAML or JSON, or a kind of model: nu2, triplets, …"),
    ] = None,
    cutoff: Annotated[
        float | None, typer.Option(min=0.1, help="Å, for calculators: atoms see no further.")
    ] = None,
    atomic_types: Annotated[
        str | None, typer.Option(help="Atomic numbers that a calculator knows: 1,6,8.")
    ] = None,
    box: Annotated[
        bool, typer.Option("--box", help="Put molecules in a periodic box of 30 Å.")
    ] = False,
) -> None:
    """
    Which degenerate structures a descriptor or model can tell apart.

    Ends with 0 if it separates all of them, or is what --expect says; with 1 if not; with 2 for
    what cannot be audited.

    Example: rhobar audit model.pt --catalogue env --out audit
    """
    from rhobar import analysis

    try:
        if out is not None and out.exists() and not out.is_dir():
            raise ValueError(f"--out {out}: not a folder; choose another.")
        columns = [column.name for column in analysis.audit_columns(catalogue)]
        wanted = None if expect is None else analysis.expected_verdicts(expect, others=columns)
        asked = analysis.audit_target(
            _described_by(target),
            name=target,
            dtype=dtype,
            cutoff=cutoff,
            atomic_types=_numbers(atomic_types),
            box=box,
        )
        with _progress() as progress:
            task = progress.add_task("audit", total=len(columns))
            report = analysis.audit(
                asked,
                catalogue=catalogue,
                n_pairs=n_pairs,
                on_column=lambda name: progress.update(task, description=name, advance=1),
            )
        if out is not None:
            analysis.write_report(report, out)
            _draw_audit(report, out)
    except (ValueError, OSError) as error:
        raise _Refused(str(error)) from error
    typer.echo(json.dumps(report.as_dict()) if as_json else analysis.report_table(report))
    if wanted is None:
        raise typer.Exit(0 if report.passed else 1)
    others = analysis.verdict_differences(report.verdicts, wanted)
    for name, (before, found) in others.items():
        typer.echo(f"{name}: expected {before}, found {found}", err=True)
    raise typer.Exit(1 if others else 0)


class _Refused(typer.TyperException):
    """Bad input of a command whose status 1 means something else."""

    exit_code = 2


def _described_by(target: str) -> Any:
    """The descriptor of a file that `describe --hypers` takes; other targets as they are."""
    path = Path(target)
    if path.suffix != ".json" or not path.is_file() or '"type"' in path.read_text(encoding="utf-8"):
        return target
    hypers = _checked_hypers(path, {})
    return _descriptor(hypers, None if hypers.atomic_types is None else list(hypers.atomic_types))


def _numbers(text: str | None) -> list[int] | None:
    """Atomic numbers with commas between."""
    if text is None:
        return None
    numbers = [int(part) if part.strip().isdecimal() else 0 for part in text.split(",")]
    if not all(0 < number < 119 for number in numbers):
        raise ValueError(f"--atomic-types {text}: give atomic numbers, such as 1,6,8.")
    return numbers


def _draw_audit(report: Any, out: Path) -> None:
    """The picture of a report, where matplotlib is installed."""
    import importlib.util

    if importlib.util.find_spec("matplotlib") is None:
        typer.echo("audit.pdf is left out: it needs matplotlib (rhobar[workflow])", err=True)
        return
    import pandas

    from rhobar.plotting import audit_matrix, save_figure

    cells = pandas.DataFrame(
        {
            "model": report.traits.name,
            "family": [result.column for result in report.columns],
            "distance": [result.smallest for result in report.columns],
            "verdict": [str(result.verdict) for result in report.columns],
        }
    )
    save_figure(audit_matrix(cells), out / "audit.pdf")


@data_app.command("list")
def data_list() -> None:
    """
    Names, licences and titles of the data sets that can be fetched.

    Example: rhobar data list
    """
    from rhobar.data import catalogue

    for name, source in catalogue().items():
        typer.echo(f"{name:24} {source.kind:12} {source.licence:12} {source.title}")


@data_app.command("fetch")
def data_fetch(
    name: Annotated[str, typer.Argument(help="As `rhobar data list` shows it.")],
    folder: Annotated[Path, typer.Option(help="Where the files go.")] = Path("data"),
    mirror: Annotated[
        Path | None, typer.Option(help="Folder with copies, looked at first. [env: RHOBAR_MIRROR]")
    ] = None,
    sha256: Annotated[
        str | None, typer.Option(help="Of a file whose publisher states no checksum.")
    ] = None,
) -> None:
    """
    Bring the files of a data set here and verify size and checksum.

    Example: rhobar data fetch random-methane --folder data
    """
    from rhobar.data import DownloadError, fetch

    source = _source(name)
    checksums = None if sha256 is None else {file.name: sha256 for file in source.files.values()}
    try:
        paths = fetch(source, folder, mirror=mirror, checksums=checksums)
    except DownloadError as error:
        raise ValueError(str(error)) from error
    for path in paths.values():
        typer.echo(str(path))


@data_app.command("check")
def data_check(
    name: Annotated[str, typer.Argument(help="As `rhobar data list` shows it.")],
    folder: Annotated[Path, typer.Option(help="Where the files are.")] = Path("data"),
) -> None:
    """
    Compare the files of a data set with their published size and checksum.

    Example: rhobar data check random-methane --folder data
    """
    from rhobar.data import check

    states = check(_source(name), folder)
    for state in states:
        typer.echo(f"{state.state:8} {state.name} {state.detail}".rstrip())
    if any(state.state != "ok" for state in states):
        raise ValueError(f"{name} in {folder} is not complete; run `rhobar data fetch {name}`.")


def _source(name: str) -> Any:
    """Entry of the catalogue by name."""
    from rhobar.data import catalogue

    known = catalogue()
    if name not in known:
        raise ValueError(f"no data set {name!r}; `rhobar data list` shows {', '.join(known)}.")
    return known[name]


if __name__ == "__main__":
    main()
