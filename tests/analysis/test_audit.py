"""The audit reproduces what is known of each kind of model, and controls stay equal."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from rhobar.analysis import (
    AuditReport,
    Verdict,
    audit,
    audit_columns,
    audit_target,
    expected_table,
    expected_verdicts,
    jacobian_spectrum,
    report_table,
    verdict_differences,
    write_report,
)
from rhobar.analysis.completeness.crossing import null_directions
from rhobar.counterexamples import MethaneManifold
from rhobar.descriptors import (
    DensityCorrelations,
    Gaussian,
    Gto,
    LambdaSoap,
    SoapPowerSpectrum,
    SoapRadialSpectrum,
)

TABLE = expected_table()
WL1 = ["axes3", "planes", "planes_1d", "planes_2d", "planes_3d", "hexagon", "twograph", "polyhedra"]
QUICK = ["pair-potential", "nu1", "nu3", "distance-gnn"]
COSTLY = ["triplets", "triplets-linear", "distance-gnn-star"]  # not for the largest structures


@pytest.fixture(scope="module")
def soap() -> AuditReport:
    return audit("nu2", n_pairs=2)


@pytest.mark.parametrize("row", QUICK)
def test_table_cell_by_cell(row: str) -> None:
    report = audit(row, n_pairs=1)
    assert list(report.verdicts) == [column.name for column in audit_columns()]
    assert report.verdicts == TABLE[row]


def test_table_of_soap_cell_by_cell(soap: AuditReport) -> None:
    assert soap.verdicts == TABLE["nu2"]


@pytest.mark.parametrize("row", COSTLY)
@pytest.mark.parametrize("catalogue", ["env3b", "env4b_rings", "bk_tetra"])
def test_table_of_costly_models(row: str, catalogue: str) -> None:
    report = audit(row, n_pairs=2, catalogue=catalogue)
    assert report.verdicts.items() <= TABLE[row].items()


@pytest.mark.slow
@pytest.mark.parametrize("row", ["nu2", "nu3", "distance-gnn", *COSTLY])
def test_table_cell_by_cell_with_twenty_pairs(row: str) -> None:
    for catalogue in (
        ("env", "bk_tetra", "axes3", "planes", "twograph") if row in COSTLY else ("all",)
    ):
        report = audit(row, n_pairs=20, catalogue=catalogue, seed=1)
        assert report.verdicts.items() <= TABLE[row].items()


def test_table_of_the_shipped_file() -> None:
    """The table of the papers, written out once more."""
    columns = ["bk_tetra", "env2b", "env3b", "env4b_rings", "ch4_manifold", "hexagon", "mx6_center"]
    resolved = {
        "pair-potential": "-------",
        "nu1": "+------",
        "nu2": "++---+-",
        "nu3": "+++-+++",
        "triplets": "+++++++",
        "triplets-linear": "+++-+++",
        "distance-gnn": "+++++--",
        "distance-gnn-star": "+------",
    }
    assert list(TABLE) == list(resolved)
    for row, signs in resolved.items():
        verdicts = [{"+": "resolved", "-": "blind"}[sign] for sign in signs]
        assert [str(TABLE[row][column]) for column in columns] == verdicts
        assert len({TABLE[row][column] for column in WL1}) == 1
        assert TABLE[row]["congruent_control"] == "equal"


def test_degenerate_pairs_are_equal_to_rounding_and_others_clearly_apart(soap: AuditReport) -> None:
    for result in soap.columns:
        if result.verdict == Verdict.BLIND:
            assert result.smallest < 1e-13
        elif result.verdict == Verdict.RESOLVED:
            assert result.smallest > 1e-2


def test_centers_alone_for_environments(soap: AuditReport) -> None:
    of_center = {result.column for result in soap.columns if result.of_center}
    assert of_center == {"env2b", "env3b", "env4b_rings", "ch4_manifold", "mx6_center"}


def test_nearest_neighbors_alone_say_less(soap: AuditReport) -> None:
    """Carbons of both hexagon members have two bonds of one length at one angle: 60°, 120°."""
    nearest = soap.nearest_verdicts
    assert set(nearest) == set(soap.verdicts) - {"planes_1d", "planes_2d", "planes_3d"}
    gnn = audit("distance-gnn", n_pairs=2, catalogue="prism20")
    assert gnn.verdicts["prism20"] == Verdict.RESOLVED
    assert gnn.nearest_verdicts["prism20"] == Verdict.BLIND


def test_artificial_zero_of_the_force(soap: AuditReport) -> None:
    assert soap.crossing is not None
    assert soap.crossing.artificial_zero
    assert soap.crossing.slope < 1e-12 < soap.crossing.rms_slope
    assert soap.crossing.curvature > 0.1
    assert soap.null_directions == {"l_max=4": 1, "l_max=8": 1}


def test_directions_without_response_are_those_of_the_jacobian() -> None:
    """Central differences of the features, and derivatives that the descriptor stores."""
    atoms = MethaneManifold(v=0.0).structure(+1)
    density = Gaussian(0.3, center_weight=0.0)
    for descriptor in (
        SoapRadialSpectrum(4.0, radial=Gto(6), density=density),
        SoapPowerSpectrum(4.0, l_max=4, radial=Gto(3), density=density),
    ):
        found = null_directions(audit_target(descriptor))
        expected = jacobian_spectrum(descriptor, atoms).n_blind
        assert set(found.values()) == {expected}
        assert expected > 0


@pytest.mark.parametrize("row", ["nu3", "triplets"])
def test_no_artificial_zero_where_sheets_are_resolved(row: str) -> None:
    report = audit(row, n_pairs=1, catalogue="ch4_manifold")
    assert report.crossing is not None
    assert not report.crossing.artificial_zero
    assert report.crossing.slope > 0.1 * report.crossing.rms_slope
    assert set(report.null_directions.values()) == {0}


@pytest.mark.slow
def test_a_small_basis_is_no_null_direction() -> None:
    """With l_max = 0 only distances are known; with more the directions respond."""
    nu3 = DensityCorrelations(
        4.0, nu=3, l_max=0, radial=Gto(3), density=Gaussian(0.3, 0.0), pseudotensors=False
    )
    report = audit(nu3, n_pairs=2, catalogue="ch4_manifold")
    assert report.verdicts["ch4_manifold"] == Verdict.BLIND
    assert report.null_directions == {"l_max=4": 0, "l_max=8": 0}


def test_single_precision_gives_the_same_verdicts() -> None:
    target = audit_target("nu2", dtype="float32")
    for catalogue in ("env3b", "planes"):
        verdicts = audit(target, n_pairs=2, catalogue=catalogue).verdicts
        assert verdicts.items() <= TABLE["nu2"].items()


def test_finite_catalogue() -> None:
    names = [column.name for column in audit_columns()]
    finite = [column.name for column in audit_columns("finite")]
    assert finite == [name for name in names if name not in ("planes_1d", "planes_2d", "planes_3d")]


def test_same_seed_same_numbers(soap: AuditReport) -> None:
    again = audit("nu2", n_pairs=2, catalogue="axes3")
    other = audit("nu2", n_pairs=2, catalogue="axes3", seed=1)
    before = [pair.distance for pair in soap.pairs if pair.column == "axes3"]
    np.testing.assert_allclose([p.distance for p in again.pairs[:2]], before, rtol=1e-9)
    assert not np.allclose([p.distance for p in other.pairs[:2]], before, rtol=1e-3)


def test_periodic_catalogue() -> None:
    report = audit("nu1", n_pairs=3, catalogue="periodic")
    assert list(report.verdicts) == ["planes_1d", "planes_2d", "planes_3d", "congruent_control"]
    assert report.verdicts.items() <= TABLE["nu1"].items()
    assert [result.column for result in report.columns] == list(report.verdicts)


# Reports -------------------------------------------------------------------------------------


def test_files_hold_the_report(soap: AuditReport, tmp_path: Path) -> None:
    paths = write_report(soap, tmp_path / "out")
    assert [path.name for path in paths] == ["audit.json", "audit.csv", "audit.html"]
    values = json.loads(paths[0].read_text())
    assert values["verdicts"] == {name: str(v) for name, v in soap.verdicts.items()}
    assert values["crossing"]["artificial_zero"] is True
    lines = list(csv.DictReader(paths[1].read_text().splitlines()))
    assert len(lines) == len(soap.pairs) + len(soap.nearest)
    assert float(lines[0]["distance"]) == soap.pairs[0].distance
    page = paths[2].read_text()
    assert page.count("<tr>") == 1 + len(soap.columns)
    assert "http" not in page  # works without a network


def test_files_of_an_earlier_audit_are_expectations(soap: AuditReport, tmp_path: Path) -> None:
    path = write_report(soap, tmp_path)[0]
    assert expected_verdicts(path) == soap.verdicts


def test_table_has_a_line_for_each_family(soap: AuditReport) -> None:
    lines = report_table(soap).splitlines()
    assert [line.split()[0] for line in lines[1:17]] == list(soap.verdicts)
    assert lines[-3].endswith(": an artificial zero")
    assert lines[-2].endswith("distances: " + ", ".join(WL1))
    assert lines[-1].endswith("1 (l_max=4), 1 (l_max=8)")


def test_weak_passes_for_resolved_and_nothing_else_does() -> None:
    expected = {"env3b": Verdict.RESOLVED, "env2b": Verdict.RESOLVED, "axes3": Verdict.BLIND}
    found = {"env3b": Verdict.WEAK, "env2b": Verdict.AMBIGUOUS, "axes3": Verdict.WEAK}
    assert verdict_differences(found, expected) == {
        "env2b": (Verdict.RESOLVED, Verdict.AMBIGUOUS),
        "axes3": (Verdict.BLIND, Verdict.WEAK),
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("env3b: blnd\n", "env3b: blnd; columns are"),
        ("env9b: blind\n", "env9b: blind; columns are"),
        ("[1, 2]\n", "give verdicts by column"),
        ("", "give verdicts by column"),
        ("a: [\n", "neither YAML nor JSON"),
    ],
)
def test_bad_expectations_are_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "expected.yaml"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"expected\.yaml") as caught:
        expected_verdicts(path)
    assert message in str(caught.value)


# What cannot be audited ----------------------------------------------------------------------


def test_features_that_turn_are_refused() -> None:
    equivariant = LambdaSoap(4.0, l_max=2, radial=Gto(2), density=Gaussian(0.3))
    with pytest.raises(ValueError, match="has components"):
        audit(equivariant, n_pairs=1, catalogue="env2b")


@pytest.mark.parametrize(
    ("catalogue", "n_pairs", "message"), [("twins", 1, "no catalogue"), ("all", 0, "n_pairs = 0")]
)
def test_bad_arguments_are_refused(catalogue: str, n_pairs: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        audit("nu1", catalogue=catalogue, n_pairs=n_pairs)
