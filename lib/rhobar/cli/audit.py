"""``rhobar audit``: which degenerate structures a descriptor or model can tell apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from .descriptor_hypers import checked_hypers, descriptor_of


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
    from rhobar.data import ProgressBar

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
        with ProgressBar("audit", len(columns)) as bar:
            report = analysis.audit(
                asked,
                catalogue=catalogue,
                n_pairs=n_pairs,
                on_column=lambda name: bar.advance(note=name),
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
    hypers = checked_hypers(path, {})
    return descriptor_of(hypers, None if hypers.atomic_types is None else list(hypers.atomic_types))


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
