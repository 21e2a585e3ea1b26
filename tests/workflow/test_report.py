"""The report is one page that needs no network and holds the numbers of the run."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

import report
import report_references
import report_tables
from completeness_figure import FIGURES as COMPLETENESS_FIGURES
from density_figure import FIGURES
from incompleteness_figure import FIGURES as INCOMPLETENESS_FIGURES
from wigner_figure import FIGURES as WIGNER_FIGURES

PICTURES = {
    "density": FIGURES,
    "wigner": WIGNER_FIGURES,
    "completeness": COMPLETENESS_FIGURES,
    "incompleteness": INCOMPLETENESS_FIGURES,
}
VERIFIED = {
    "entry": "env3b",
    "equal_for": "env-2",
    "n_pairs": 21,
    "checks": {
        "nu=2 of the center": {"equal": True, "bound": 1e-10, "worst": 3.1e-17, "n": 21},
        "nu=3 of the center": {"equal": False, "bound": 1e-3, "worst": 0.19, "n": 21},
        "distances, complete graph": {"equal": False, "bound": 1.0, "worst": 1.0, "n": 21},
    },
}
RESOURCES = Path(__file__).parents[2] / "workflow" / "report"


class _Addresses(HTMLParser):
    """Everything a browser would load, and the ids to which links can point."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.cells: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._inside = tag == "td"
        if values.get("id"):
            self.ids.add(str(values["id"]))
        if tag == "a":
            self.links.append(str(values["href"]))
        elif tag == "link" or "src" in values:
            self.loaded.append(str(values.get("src") or values.get("href")))

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.cells.append(data.strip())
            self._inside = False


@pytest.fixture
def inputs(
    tmp_path: Path,
    prepared: Path,
    curve_errors: pd.DataFrame,
    order_errors: pd.DataFrame,
    pair_errors: pd.DataFrame,
    wigner_errors: pd.DataFrame,
) -> dict[str, Any]:
    folder = tmp_path / "results" / "density"
    for paper, figures in PICTURES.items():
        (tmp_path / "results" / paper).mkdir(parents=True)
        for figure in figures:
            path = tmp_path / "results" / paper / f"{figure}.png"
            path.write_bytes(b"\x89PNG made up")
            path.with_suffix(".pdf").write_bytes(b"%PDF made up")
    curve_errors.to_parquet(folder / "minimol.parquet")
    order_errors.to_parquet(folder / "body_order.parquet")
    pair_errors.to_parquet(folder / "pairs.parquet")
    tables = {
        "wigner_curves": wigner_errors,
        "wigner_truncation": {"dataset": "minimol", "lambda_max": [-1, 3], "relative": [0.0, 0.2]},
        "sheets": {"model": ["nu2"] * 2, "v": 0.1, "ratio": [1.0, 5.0e-3]},
        "forces": {"model": ["exact", "nu2", "triplets"], "y": 0.0, "force": [-0.157, 0.0, -0.15]},
        "orbit": {"change": [0.0, 1.5e-3], "moved": [0.1, 0.2], "target": [0.9, 1.2]},
        "labels": {"model": "distances", "epoch": [1, 2], "rmse": [1.2, 1.001]},
        "differences": {"comparison": "float64", "difference": [1e-16, 2e-16]},
    }
    for name, columns in tables.items():
        pd.DataFrame(columns).to_parquet(folder / f"{name}.parquet")
    verification = tmp_path / "verification.json"
    verification.write_text(json.dumps({"entries": [VERIFIED]}))
    catalogue = tmp_path / "results" / "counterexamples" / "catalogue.html"
    catalogue.parent.mkdir()
    catalogue.write_text("made up")
    benchmarks = tmp_path / "benchmarks"
    (benchmarks / "density_figure").mkdir(parents=True)
    header = "s\th:m:s\tmax_rss\tcpu_time\n"
    (benchmarks / "body_order.tsv").write_text(header + "2.5\t0:00:02\t300.0\t4.0\n")
    for job, seconds in (("a", 1.0), ("b", 3.0)):
        row = f"{seconds}\t0:00:01\t-\t0.5\n"
        (benchmarks / "density_figure" / f"{job}.tsv").write_text(header + row)
    return {
        "figures": sorted((tmp_path / "results").glob("*/*.png")),
        "numbers": {
            "learning_curves": [folder / "minimol.parquet"],
            "body_order": [folder / "body_order.parquet"],
            "b8_errors": [folder / "pairs.parquet"],
            **{name: [folder / f"{name}.parquet"] for name in tables},
        },
        "verification": verification,
        "pages": [catalogue],
        "data": [prepared],
        "benchmarks": benchmarks,
        "resources": RESOURCES,
        "configuration": {"scale": "smoke", "note": "<script>"},
        "commit": "0123abc",
    }


@pytest.fixture
def page(tmp_path: Path, inputs: dict[str, Any]) -> str:
    path = tmp_path / "results" / "report" / "index.html"
    report.main(path, **inputs)
    return path.read_text(encoding="utf-8")


def test_page_loads_nothing_from_elsewhere(page: str, tmp_path: Path) -> None:
    parser = _Addresses()
    parser.feed(page)
    assert (
        len(parser.loaded) == sum(map(len, PICTURES.values())) + 1
    )  # the pictures and an empty icon
    assert all(address.startswith("data:") for address in parser.loaded)
    for link in parser.links:
        if link.startswith("#"):
            assert link[1:] in parser.ids
        else:
            assert (tmp_path / "results" / "report" / link).is_file()
    assert not re.search(r"@import|url\((?!data:)", page)


def test_page_holds_numbers_checksums_commit_and_times(
    page: str, prepared: Path, curve_errors: pd.DataFrame
) -> None:
    parser = _Addresses()
    parser.feed(page)
    assert report_tables._sha256(prepared) in parser.cells
    assert "0123abc" in page
    at = parser.cells.index("density_figure")
    assert parser.cells[at : at + 4] == ["density_figure", "2", "4.0", "1.0"]
    chosen = (curve_errors["model"] == "linear") & (curve_errors["n_train"] == 1000)
    mae = 1e3 * curve_errors[chosen]["mae"]
    assert report_tables._with_spread(mae) in parser.cells


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([2000.0, 2400.0], "2200 ± 280"),
        ([0.0301, 0.0309], "0.03050 ± 0.00057"),
        ([3.14159], "3.142"),
        ([5.0, 5.0], "5"),
    ],
)
def test_mean_and_spread_have_matching_digits(values: list[float], text: str) -> None:
    assert report_tables._with_spread(pd.Series(values)) == text


def test_configuration_is_escaped(page: str) -> None:
    assert "&lt;script&gt;" in page
    assert "<script" not in page


def test_reference_values_stand_beside_ours(
    curve_errors: pd.DataFrame, order_errors: pd.DataFrame, pair_errors: pd.DataFrame
) -> None:
    references = yaml.safe_load((RESOURCES / "references.yaml").read_text(encoding="utf-8"))
    numbers = {"learning_curves": curve_errors, "body_order": order_errors}
    kinds = {kind: references[kind] for kind in ("learning_curves", "body_order", "b8_errors")}
    table = report_references.reference_table(kinds, {**numbers, "b8_errors": pair_errors})
    rows = {row[0]: row for row in table.rows}
    found = rows["minimol, linear, n = 1000, mae"]
    chosen = (curve_errors["model"] == "linear") & (curve_errors["n_train"] == 1000)
    ours = curve_errors[chosen]["mae"].mean() / report_tables.EV_PER_KCAL_MOL
    assert found[1:4] == ["1.57 kcal/mol", f"{ours:.3g} kcal/mol", f"{ours / 1.57:.2f}"]
    assert not any("qm9" in name for name in rows)
    order = rows["3-body target, nu2, size 8, RMSE/σ"]
    assert order[1:4] == ["0.0008", f"{0.1 / 16:.3g}", f"{0.1 / 16 / 8e-4:.2f}"]
    assert rows["B8 pairs, B_NL, test, delta_relative"][1:4] == ["0.2", "0.3", "1.50"]


def test_errors_of_pairs_stand_side_by_side(pair_errors: pd.DataFrame) -> None:
    table = report_tables.pair_error_table(pair_errors)
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["B_NL"] == ["0.1 / 0.1", "0.4 / 0.4", "0.3 / 0.3", "0.07 / 0.07"]
    assert rows["Arho_L"] == ["0.1 / 0.1", "- / -", "0.3 / 0.3", "- / -"]


def test_reference_of_one_split_is_compared_with_that_split(
    curve_errors: pd.DataFrame,
) -> None:
    entry = {"curve": "minimol", "seed": 1, "model": "linear", "n_train": 500, "measure": "mae"}
    entry |= {"value": 0.1, "unit": "eV", "kind": "same", "source": "made up"}
    (row,) = report_references.reference_table(
        {"learning_curves": [entry]}, {"learning_curves": curve_errors}
    ).rows
    chosen = (curve_errors["model"] == "linear") & (curve_errors["n_train"] == 500)
    ours = curve_errors[chosen & (curve_errors["seed"] == 1)]["mae"].item()
    assert row[2] == f"{ours:.3g} eV"


def test_verified_statements_stand_with_their_worst_case() -> None:
    (row,) = report_tables.verification_table([VERIFIED]).rows
    assert row == [
        "env3b",
        "env-2",
        "21",
        "nu=2 of the center (3e-17)",
        "nu=3 of the center (0.2), distances, complete graph",
    ]


def test_references_of_pairs_stand_beside_ours(page: str) -> None:
    parser = _Addresses()
    parser.feed(page)
    at = parser.cells.index("methane sheets, nu2, v = 0.1 Å, smallest / largest")
    assert parser.cells[at + 1 : at + 4] == ["0.0048", "0.005", "1.04"]
    at = parser.cells.index("force at the crossing, nu2")
    assert parser.cells[at + 1 : at + 4] == ["0 1/Å", "0 1/Å", "-"]
    at = parser.cells.index("methane orbit, largest change of ν = 2 features")
    assert parser.cells[at + 1 : at + 4] == ["0.0015", "0.0015", "1.00"]
    assert "labels of degenerate pairs, distances, last mean squared error" in parser.cells
    assert '<a href="../counterexamples/catalogue.html">' in page


def test_wigner_kernels_stand_beside_the_published_ones(
    page: str, wigner_errors: pd.DataFrame
) -> None:
    parser = _Addresses()
    parser.feed(page)
    at = parser.cells.index("minimol, cg, ν ≤ 4, n = 500, mae")
    ours = 0.105 / 4 / report_tables.EV_PER_KCAL_MOL
    assert parser.cells[at + 1 : at + 3] == ["1.67 kcal/mol", f"{ours:.3g} kcal/mol"]
    at = parser.cells.index("minimol, λ ≤ 3, error of ν = 4 over its size")
    assert parser.cells[at + 1 : at + 4] == ["0.19", "0.2", "1.05"]
    dipoles = wigner_errors.assign(target="dipole", measure="norm")
    table = report_tables.wigner_curve_table(dipoles)
    names = [column.name for column in table.columns]
    row = dict(zip(names, table.rows[0], strict=True))
    assert row["test"] == f"{0.1 / 0.2081943:.4g} D"
    assert (row["nu_max"], row["n"], row["splits"], row["α"]) == ("2", "200", "2", "1.50")


def test_every_figure_has_a_caption() -> None:
    captions = yaml.safe_load((RESOURCES / "captions.yaml").read_text(encoding="utf-8"))
    assert {paper: set(entry["figures"]) for paper, entry in captions.items()} == {
        paper: set(figures) for paper, figures in PICTURES.items()
    }


def test_caption_of_a_missing_figure_is_an_error(inputs: dict[str, Any], tmp_path: Path) -> None:
    inputs["figures"] = inputs["figures"][1:]
    with pytest.raises(KeyError):
        report.main(tmp_path / "index.html", **inputs)
    assert not (tmp_path / "index.html").exists()
