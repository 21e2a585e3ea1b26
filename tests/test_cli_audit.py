"""`rhobar audit`: the library's report, its statuses, and one line for what cannot be audited."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import ase.io
import pytest

from rhobar import cli
from rhobar.analysis import expected_table
from rhobar.counterexamples import ThreeBodyPair
from tests.analysis.exported_models import save_position_energy

QUICK = ["--n-pairs", "1", "--catalogue", "env3b"]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run `rhobar audit`: its status, standard output and standard error."""

    def called(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            cli.main(["audit", *map(str, arguments)])
        captured = capfd.readouterr()
        assert isinstance(caught.value.code, int)
        return caught.value.code, captured.out, captured.err

    return called


def test_status_says_whether_all_is_separated(run: Callable[..., tuple[int, str, str]]) -> None:
    status, out, err = run("nu3", *QUICK)
    assert (status, err) == (0, "")
    assert out.splitlines()[1].split()[:3] == ["env3b", "center", "resolved"]
    status, out, err = run("nu2", *QUICK)
    assert (status, err) == (1, "")
    assert out.splitlines()[1].split()[:3] == ["env3b", "center", "blind"]


def test_expected_blindness_is_a_success(run: Callable[..., tuple[int, str, str]]) -> None:
    assert run("nu2", *QUICK, "--expect", "nu2")[0] == 0
    status, _, err = run("nu2", *QUICK, "--expect", "nu3")
    assert (status, err) == (1, "env3b: expected resolved, found blind\n")


def test_expectations_from_a_file(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    path = tmp_path / "expected.yaml"
    path.write_text("env3b: blind\nwl1: resolved\n")
    assert run("nu2", *QUICK, "--expect", path)[0] == 0


def test_json_and_files(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    _, out, err = run("nu2", *QUICK, "--json", "--out", folder)
    printed = json.loads(out)
    assert err == ""
    assert printed["verdicts"]["env3b"] == expected_table()["nu2"]["env3b"] == "blind"
    written = json.loads((folder / "audit.json").read_text())
    assert written == printed
    names = {path.name for path in folder.iterdir()}
    assert names == {"audit.json", "audit.csv", "audit.html", "audit.pdf"}


def test_file_of_hyperparameters_of_describe(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    path = tmp_path / "hypers.json"
    path.write_text(json.dumps({"descriptor": "soap", "cutoff": 4.0, "l_max": 3, "n_radial": 3}))
    assert run(path, *QUICK, "--expect", "nu2")[0] == 0


def test_model_that_is_not_invariant(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    path = save_position_energy(tmp_path / "positions.pt")
    status, out, _ = run(path, *QUICK)
    assert status == 1
    assert out.splitlines()[1].split()[3] == "none"
    assert "not invariant" in out.splitlines()[-1]


def test_calculator_with_its_options(run: Callable[..., tuple[int, str, str]]) -> None:
    options = ["--box", "--atomic-types", "6,1", "--cutoff", "6"]
    status, out, _ = run("tests.analysis.calculators:Pairs", *QUICK, *options)
    assert status == 1
    assert out.splitlines()[1].split()[:4] == ["env3b", "all", "atoms", "blind"]


# Bad input: status 2, one line, nothing written ---------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.pt"], "absent.pt: no such file"),
        (["no.module:Name"], "no.module:Name cannot be imported"),
        (["nu9"], "nu9 is none of a name"),
        (["nu2", "--catalogue", "twins"], "no catalogue 'twins'"),
        (["nu2", "--n-pairs", "0"], "--n-pairs"),
        (["nu2", "--dtype", "float16"], "float16"),
        (["nu2", "--expect", "absent.yaml"], "absent.yaml: no such file"),
        (["nu2", "--atomic-types", "C,H"], "--atomic-types C,H: give atomic numbers"),
        (["nu2", "--out", "/dev/null"], "--out /dev/null: not a folder"),
        (["tests.analysis.calculators:Pairs"], "failed for atomic types"),
        (["tests.analysis.calculators:Empty"], "has charges; an audit needs an energy"),
    ],
)
def test_bad_input_is_refused(
    run: Callable[..., tuple[int, str, str]],
    tmp_path: Path,
    arguments: list[str],
    message: str,
) -> None:
    folder = tmp_path / "out"
    status, out, err = run(*QUICK, "--out", folder, *arguments)
    assert status == 2
    assert out == ""
    assert err.startswith("rhobar: ")
    assert err.count("\n") == 1
    assert message in err
    assert not folder.exists()


def test_unclear_distances_of_a_file_of_pairs(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    frames = list(ThreeBodyPair().pair())
    frames[1].positions[1] *= 1.0 + 4e-6
    path = tmp_path / "pairs.xyz"
    ase.io.write(path, frames, format="extxyz")
    status, out, err = run("nu2", "--catalogue", path, "--out", tmp_path / "out")
    assert (status, out) == (2, "")
    assert "structures 0 and 1: ambiguous distances: 1.1 and 1.10000236" in err
    assert [found.name for found in tmp_path.iterdir()] == ["pairs.xyz"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": float("nan")}, "gave nan for"),
        ({"output": "mtt::dipole", "unit": "Debye"}, "an audit needs an energy"),
        ({"length_unit": ""}, "unit of length ''"),
    ],
    ids=["nan", "no energy", "no unit"],
)
@pytest.mark.filterwarnings("ignore:No length unit:UserWarning")
def test_bad_models_are_refused(
    run: Callable[..., tuple[int, str, str]],
    tmp_path: Path,
    options: dict[str, object],
    message: str,
) -> None:
    path = save_position_energy(tmp_path / "bad.pt", **options)  # type: ignore[arg-type]
    status, out, err = run(path, *QUICK, "--out", tmp_path / "out")
    assert (status, out) == (2, "")
    assert message in err
    assert not (tmp_path / "out").exists()


def test_help_shows_how_to_call(run: Callable[..., tuple[int, str, str]]) -> None:
    status, out, _ = run("--help")
    assert status == 0
    assert "Example: rhobar audit model.pt" in out
