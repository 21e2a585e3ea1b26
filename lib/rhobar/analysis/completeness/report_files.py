"""Reports of audits as text, JSON, CSV and a page."""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path

from rhobar.data import written_beside

from .pair_distances import PairDistance
from .report import AuditReport
from .verdict import Verdict

_COLORS = {
    Verdict.RESOLVED: "#d5ead6",
    Verdict.EQUAL: "#d5ead6",
    Verdict.WEAK: "#fdf3cd",
    Verdict.AMBIGUOUS: "#fdf3cd",
    Verdict.BLIND: "#f6cfcb",
    Verdict.WRONG: "#e79a93",
    Verdict.NONE: "#dddddd",
}
_HEADER = ["family", "of", "verdict", "nearest only", "smallest d", "median d", "largest d0"]


def report_table(report: AuditReport) -> str:
    """
    The report as text: one line for each family, then what else was found.

    d is relative to the change that noise as large as the difference of the members makes; d0 is
    that of a moved copy.
    """
    table = [_header(report), *_rows(report)]
    widths = [max(len(row[k]) for row in table) for k in range(len(table[0]))]
    lines = ["  ".join(f"{c:{w}}" for c, w in zip(row, widths, strict=True)) for row in table]
    return "\n".join([line.rstrip() for line in lines] + ["", *_findings(report)])


def _header(report: AuditReport) -> list[str]:
    return [*_HEADER, "meV/atom"] if report.traits.is_energy else _HEADER


def _rows(report: AuditReport) -> list[list[str]]:
    nearest = report.nearest_verdicts
    rows = []
    for result in report.columns:
        row = [
            result.column,
            "center" if result.of_center else "all atoms",
            str(result.verdict),
            str(nearest.get(result.column, "")),
            *(f"{value:.1e}" for value in (result.smallest, result.median, result.floor)),
        ]
        if result.energy_difference is not None:
            row.append(f"{result.energy_difference:.3g}")
        rows.append(row)
    return rows


def _findings(report: AuditReport) -> list[str]:
    """What the table does not say."""
    said = [
        f"{report.traits.name}: {report.n_pairs} pairs of each family, {report.traits.dtype}, "
        f"{report.seconds:.0f} s"
    ]
    if not report.invariant:
        return [*said, "not invariant: copies of structures, moved, differ; pairs say nothing"]
    if report.crossing is not None:
        slope, rms = report.crossing.slope, report.crossing.rms_slope
        zero = "an artificial zero" if report.crossing.artificial_zero else "not zero"
        said.append(
            f"slope across the crossing of the methane sheets: {slope:.1e}, root mean square over "
            f"all coordinates {rms:.1e}: {zero}"
        )
    if report.equal_along_distances:
        names = ", ".join(report.equal_along_distances)
        said.append(f"equal for all messages along distances: {names}")
    if report.null_directions:
        found = ", ".join(f"{count} ({name})" for name, count in report.null_directions.items())
        said.append(f"directions there without response: {found}")
    if Verdict.WEAK in report.verdicts.values():
        said.append("warning: weak pairs are separated, but less than a usable model needs")
    return said


def write_report(report: AuditReport, folder: str | Path) -> list[Path]:
    """
    Write ``audit.json``, ``audit.csv`` (one line for each pair) and ``audit.html`` to a folder.

    Each file appears complete or not at all.

    :returns: their paths
    """
    contents = {
        "audit.json": json.dumps(report.as_dict(), indent=1) + "\n",
        "audit.csv": report_csv(report),
        "audit.html": report_page(report),
    }
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        with written_beside(folder / name) as temporary:
            temporary.write_text(content, encoding="utf-8")
    return [folder / name for name in contents]


def report_csv(report: AuditReport) -> str:
    """One line for each pair."""
    stream = io.StringIO()
    names = ["target", "nearest_only", *(field.name for field in fields(PairDistance))]
    writer = csv.DictWriter(stream, names, lineterminator="\n")
    writer.writeheader()
    for nearest, pairs in ((False, report.pairs), (True, report.nearest)):
        for pair in pairs:
            line: Mapping[str, object] = asdict(pair)
            writer.writerow({"target": report.traits.name, "nearest_only": nearest, **line})
    return stream.getvalue()


def report_page(report: AuditReport) -> str:
    """A page that needs nothing but itself."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in _header(report))
    body = []
    for row in _rows(report):
        cells = [_cell(text, colored=k in (2, 3)) for k, text in enumerate(row)]
        body.append(f"<tr>{''.join(cells)}</tr>")
    findings = "".join(f"<li>{html.escape(line)}</li>" for line in _findings(report))
    title = f"Audit of {html.escape(report.traits.name)}"
    return _PAGE.format(title=title, head=head, body="\n".join(body), findings=findings)


def _cell(text: str, *, colored: bool) -> str:
    color = _COLORS[Verdict(text)] if colored and text else ""
    style = f' style="background: {color}"' if color else ""
    return f"<td{style}>{html.escape(text)}</td>"


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; }}
table {{ border-collapse: collapse; }}
th, td {{ padding: 0.2em 0.8em; border-bottom: 1px solid #ccc; text-align: left; }}
</style></head>
<body>
<h1>{title}</h1>
<p>Random pairs of structures that incomplete models confuse. d is the distance between the
features of both members, over that which noise as large as their difference makes; d0 is that of
a copy, moved. The verdict on a family is that on its worst pair; &ldquo;nearest only&rdquo; is
what remains where a cutoff hides all but the nearest neighbors.</p>
<table><thead><tr>{head}</tr></thead>
<tbody>
{body}
</tbody></table>
<ul>{findings}</ul>
</body></html>
"""
