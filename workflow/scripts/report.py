"""The page with every figure and number of one scale, readable without a network."""

import base64
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml
from markupsafe import Markup

from job import begin
from report_references import reference_table
from report_tables import (
    body_order_table,
    data_table,
    learning_curve_table,
    pair_error_table,
    time_table,
    verification_table,
    version_table,
    wigner_curve_table,
)
from rhobar.data import written_beside


def main(
    page: Path,
    *,
    figures: Sequence[Path],
    numbers: dict[str, Sequence[Path]],
    verification: Path,
    pages: Sequence[Path],
    data: Sequence[Path],
    benchmarks: Path,
    resources: Path,
    configuration: dict[str, Any],
    commit: str,
) -> None:
    """
    Fill the template in ``resources`` (page.html, page.css, captions, references) into ``page``.

    :param figures: .png files; a .pdf of the same name lies beside each
    :param numbers: tables (.parquet) by what they hold: ``learning_curves``, ``body_order``,
        ``wigner_curves``, ``wigner_truncation``, ``b8_errors``, ``sheets``, ``forces``, ``orbit``,
        ``labels``, ``differences``
    :param verification: as :mod:`counterexamples_verify` writes it
    :param pages: interactive pages, by the names that captions give them
    :param data: files of data, as they came and as they were prepared
    """
    tables = {
        kind: pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)
        for kind, paths in numbers.items()
    }
    checked = json.loads(verification.read_text(encoding="utf-8"))
    captions = yaml.safe_load((resources / "captions.yaml").read_text(encoding="utf-8"))
    references = yaml.safe_load((resources / "references.yaml").read_text(encoding="utf-8"))
    of_papers = {
        "density": [
            learning_curve_table(tables["learning_curves"]),
            body_order_table(tables["body_order"]),
        ],
        "wigner": [wigner_curve_table(tables["wigner_curves"])],
        "completeness": [pair_error_table(tables["b8_errors"])],
        "incompleteness": [verification_table(checked["entries"])],
    }
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    html = environment.get_template("page.html").render(
        scale=configuration["scale"],
        commit=commit,
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        style=Markup((resources / "page.css").read_text(encoding="utf-8")),
        papers=[
            _paper(key, entry, figures, of_papers[key], page, pages)
            for key, entry in captions.items()
        ],
        references=reference_table(references, tables),
        data=data_table(data),
        versions=version_table(commit),
        times=time_table(benchmarks),
        configuration=yaml.safe_dump(configuration, sort_keys=False),
    )
    with written_beside(page) as temporary:
        temporary.write_text(html, encoding="utf-8")


def _paper(
    key: str,
    entry: dict[str, Any],
    figures: Sequence[Path],
    tables: Sequence[Any],
    page: Path,
    pages: Sequence[Path],
) -> dict[str, Any]:
    """Section of one paper: its text, pictures with captions, and tables."""
    by_name = {path.stem: path for path in figures if path.parent.name == key}
    pictures = [
        {
            "name": name,
            "title": text["title"],
            "caption": text["caption"],
            "picture": _embedded(by_name[name]),
            "pdf": os.path.relpath(by_name[name].with_suffix(".pdf"), page.parent),
        }
        for name, text in entry["figures"].items()
    ]
    return {
        "key": key,
        "title": entry["title"],
        "text": entry["text"],
        "figures": pictures,
        "pages": [
            {"title": title, "address": os.path.relpath(other, page.parent)}
            for other in pages
            for title in [entry.get("pages", {}).get(other.stem)]
            if title
        ],
        "tables": tables,
    }


def _embedded(picture: Path) -> str:
    """The picture as an address that carries its own bytes."""
    return "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode()


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        Path(job.output.page),
        figures=[Path(path) for path in job.input.figures],
        numbers={
            kind: [Path(path) for path in job.input[kind]]
            for kind in (
                "learning_curves",
                "body_order",
                "wigner_curves",
                "wigner_truncation",
                "b8_errors",
                "sheets",
                "forces",
                "orbit",
                "labels",
                "differences",
            )
        },
        verification=Path(job.input.verification),
        pages=[Path(path) for path in job.input.pages],
        data=[Path(path) for path in [*job.input.sources, *job.input.datasets]],
        benchmarks=Path(job.params.benchmarks),
        resources=Path(job.input.template).parent,
        configuration=job.params.configuration,
        commit=job.params.commit,
    )
