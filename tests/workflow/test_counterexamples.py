"""The catalogue in the workflow: written, verified, shown, and refused where it is false."""

from __future__ import annotations

import json
from pathlib import Path

import ase.io
import pandas as pd
import pytest

import completeness_projections
import counterexamples_catalogue
import counterexamples_page
import counterexamples_verify
import incompleteness_audit
import incompleteness_figure
import incompleteness_periodic
import incompleteness_refinement
from rhobar.counterexamples import TwoBodyPair, catalogue


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("counterexamples") / "catalogue.xyz"
    counterexamples_catalogue.main(path, {"n_pairs": 0, "seed": 0})
    return path


def test_verification_holds_every_entry(file: Path, tmp_path: Path) -> None:
    path = tmp_path / "verification.json"
    counterexamples_verify.main(file, path)
    report = json.loads(path.read_text(encoding="utf-8"))
    entries = {entry["entry"]: entry for entry in report["entries"]}
    assert {family.name for family in catalogue()} < set(entries)
    assert report["n_pairs"] == sum(entry["n_pairs"] for entry in entries.values()) == 18
    checks = entries["ch4_manifold"]["checks"]
    assert checks["nu=2 of the center"]["worst"] < 1e-14
    assert checks["nu=3 of the center"]["worst"] > 0.1
    assert entries["c6_bulk"]["checks"]["distances, six cutoffs"]["n"] == 6


def test_a_false_statement_ends_the_workflow(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TwoBodyPair, "nu_equal", 2)
    path = tmp_path / "verification.json"
    with pytest.raises(RuntimeError, match=r"1 false statements .* env2b: nu=2 of the center"):
        counterexamples_verify.main(file, path)
    assert list(tmp_path.iterdir()) == []


def test_page_of_the_catalogue(file: Path, tmp_path: Path) -> None:
    path = tmp_path / "catalogue.html"
    counterexamples_page.main(file, path)
    page = path.read_text(encoding="utf-8")
    assert "dodecahedr" not in page.split("<script", 1)[0]
    assert '"color by distances"' in page
    assert '"values": ["bk_tetra", "bk_tetra", "env2b"' in page


def test_figure_of_the_catalogue(file: Path, tmp_path: Path) -> None:
    drawn = tmp_path / "pair_gallery.png"
    incompleteness_figure.main("pair_gallery", [file], [drawn])
    assert drawn.stat().st_size > 50_000


def test_colors_of_one_pair(tmp_path: Path) -> None:
    names = ("atoms", "edges", "angles")
    tables = [tmp_path / f"{name}.parquet" for name in names]
    incompleteness_refinement.main(*tables)
    atoms, edges, angles = map(pd.read_parquet, tables)
    assert atoms.groupby("member")["color"].apply(sorted).tolist() == [[0, 0, 1, 1, 2, 2]] * 2
    by_member = [
        rows.groupby(["color", "neighbor_color"])["distance"].apply(
            lambda distances: sorted(distances.round(9))
        )
        for _, rows in edges.groupby("member")
    ]
    assert by_member[0].equals(by_member[1])
    first, second = (sorted(rows["angle"].round(3)) for _, rows in angles.groupby("member"))
    assert first != second
    drawn = tmp_path / "color_classes.png"
    incompleteness_figure.main("color_classes", tables, [drawn])
    assert drawn.stat().st_size > 10_000


def test_periodic_pairs_by_cutoff(file: Path, tmp_path: Path) -> None:
    path = tmp_path / "periodic.parquet"
    incompleteness_periodic.main(path, [2.0, 4.0])
    table = pd.read_parquet(path)
    assert table[~table["sheared"]]["equal_by_distances"].all()
    assert table[~table["sheared"]]["difference"].gt(1e-2).all()
    assert table[table["sheared"]]["equal_by_distances"].tolist() == [True, False]
    drawn = tmp_path / "periodic_pairs.png"
    incompleteness_figure.main("periodic_pairs", [path, file], [drawn])
    assert drawn.stat().st_size > 10_000
    assert len(ase.io.read(file, index=":")) == 36


def test_audit_of_one_neighbor(tmp_path: Path) -> None:
    path = tmp_path / "nu1.parquet"
    incompleteness_audit.main(path, "nu1", n_pairs=1, seed=0)
    verdicts = pd.read_parquet(path).set_index("family")["verdict"]
    assert verdicts["bk_tetra"] == "resolved"
    assert verdicts["env2b"] == verdicts["planes_3d"] == "blind"


def test_sheets_cross_for_two_neighbors_only(tmp_path: Path) -> None:
    path = tmp_path / "projections.parquet"
    completeness_projections.main(path)
    table = pd.read_parquet(path)
    pairs = table[table["lift"].abs() < 1e-12]
    assert pairs[pairs["model"] == "nu2"]["difference"].max() < 1e-12
    assert pairs[pairs["model"] == "nu3"]["difference"].min() > 0.9
    lifted = table[(table["model"] == "nu2") & (table["lift"].abs() > 0.1)]
    assert lifted["difference"].min() > 0.1


def test_the_published_manifold_crosses_alike() -> None:
    """Rows k and k + 81 of scikit-matter's set: its two sheets meet in ν = 2 and not in ν = 3."""
    from skmatter.datasets import load_degenerate_CH4_manifold

    data = load_degenerate_CH4_manifold().data
    apart = {}
    for name in ("SOAP_power_spectrum", "SOAP_bispectrum"):
        features = data[name] - data[name].mean(axis=0)
        lengths = (features**2).sum(axis=1).mean() ** 0.5
        apart[name] = ((features[81:] - features[:81]) ** 2).sum(axis=1) ** 0.5 / lengths
    assert (apart["SOAP_power_spectrum"] < 1e-6).sum() == 9  # one line of the 9 x 9 grid
    assert apart["SOAP_bispectrum"].min() > 0.2
