"""The command line: results equal to the library's, and one line for everything that goes wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import ase
import ase.io
import metatensor.torch as mts
import numpy as np
import pytest
from ase.build import molecule

from rhobar import cli
from rhobar.descriptors import (
    LambdaSoap,
    SoapPowerSpectrum,
    SoapRadialSpectrum,
    SphericalExpansion,
)
from rhobar.math import Cutoff, Gaussian, Gto, Willatt

SMALL = {"cutoff": 3.0, "l_max": 2, "n_radial": 3, "smearing": 0.4}
OPTIONS = [
    *("--cutoff", "3.0"),
    *("--l-max", "2"),
    *("--n-radial", "3"),
    *("--smearing", "0.4"),
]


@pytest.fixture
def frames() -> list[ase.Atoms]:
    """Molecules whose types differ, so that no chunk holds all of them, and a crystal."""
    crystal = ase.Atoms("Al", cell=2.0 * (1.0 - np.eye(3)), pbc=True)
    return [molecule(name) for name in ("CH4", "H2O", "NH3", "CH3CH2OH")] + [crystal]


@pytest.fixture
def structures(tmp_path: Path, frames: list[ase.Atoms]) -> Path:
    path = tmp_path / "structures.extxyz"
    ase.io.write(path, frames, format="extxyz")
    return path


@pytest.fixture
def refused(capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the command, expect it to fail with one line on standard error; that line."""

    def run(*arguments: str | Path) -> str:
        with pytest.raises(SystemExit) as caught:
            cli.main([str(argument) for argument in arguments])
        assert caught.value.code not in (0, None)
        captured = capfd.readouterr()
        assert captured.err.count("\n") == 1, captured.err
        assert captured.err.startswith("rhobar: ")
        return captured.err

    return run


def accepted(*arguments: str | Path) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([str(argument) for argument in arguments])
    assert caught.value.code == 0


@pytest.mark.parametrize("chunk", [1, 6, 1000])
@pytest.mark.parametrize(
    ("name", "descriptor"),
    [
        ("soap", SoapPowerSpectrum),
        ("expansion", SphericalExpansion),
        ("lambda-soap", LambdaSoap),
        ("radial", SoapRadialSpectrum),
    ],
)
def test_describe_equals_the_library(
    structures: Path,
    frames: list[ase.Atoms],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    descriptor: type,
    chunk: int,
) -> None:
    monkeypatch.setattr(cli.describe, "_ATOMS_PER_CHUNK", chunk)
    output = structures.with_suffix(".mts")
    accepted("describe", structures, "--descriptor", name, *OPTIONS, "-o", output)
    types = sorted({int(number) for frame in frames for number in frame.numbers})
    arguments = {"cutoff": 3.0, "l_max": 2, "radial": Gto(3), "density": Gaussian(0.4)}
    if name == "radial":
        del arguments["l_max"]
    expected = descriptor(**arguments, atomic_types=types).compute(frames)
    found = mts.load(str(output))
    assert mts.equal_metadata(found, expected)
    assert mts.allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_gradients_are_those_of_the_library(
    structures: Path, frames: list[ase.Atoms], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli.describe, "_ATOMS_PER_CHUNK_WITH_GRADIENTS", 5)
    output = structures.with_suffix(".mts")
    accepted("describe", structures, *OPTIONS, "--gradients", "-o", output)
    types = sorted({int(number) for frame in frames for number in frame.numbers})
    soap = SoapPowerSpectrum(
        cutoff=3.0, l_max=2, radial=Gto(3), density=Gaussian(0.4), atomic_types=types
    )
    expected = soap.compute(frames, gradients=["positions"])
    found = mts.load(str(output))
    assert mts.equal_metadata(found, expected)
    assert mts.allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_file_of_hyperparameters_and_options_that_win(
    structures: Path, frames: list[ase.Atoms]
) -> None:
    hypers = structures.with_suffix(".json")
    scaling = {"scale": 2.0, "rate": 1.0, "exponent": 4.0}
    values = {**SMALL, "cutoff": 5.0, "cutoff_width": 1.0, "scaling": scaling, "center_weight": 0.5}
    hypers.write_text(json.dumps({**values, "atomic_types": [1, 6, 7, 8, 13]}))
    output = structures.with_suffix(".mts")
    accepted("describe", structures, "--hypers", hypers, "--cutoff", "3.0", "-o", output)
    soap = SoapPowerSpectrum(
        cutoff=Cutoff(3.0, width=1.0),
        l_max=2,
        radial=Gto(3),
        density=Gaussian(0.4, center_weight=0.5, scaling=Willatt(**scaling)),
        atomic_types=[1, 6, 7, 8, 13],
    )
    assert mts.allclose(mts.load(str(output)), soap.compute(frames), rtol=1e-12, atol=1e-12)


def test_nothing_is_printed_where_no_one_looks(structures: Path) -> None:
    command = [sys.executable, "-m", "rhobar.cli", "describe", str(structures), *OPTIONS]
    output = structures.with_suffix(".mts")
    ran = subprocess.run(
        [*command, "-o", str(output)], capture_output=True, text=True, check=True, timeout=120
    )
    assert (ran.stdout, ran.stderr) == ("", "")
    assert output.is_file()


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    from rhobar import __version__

    accepted("--version")
    assert capsys.readouterr().out == f"rhobar {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["describe"], ["data"], ["data", "fetch"]], ids=str)
def test_help_shows_how_to_call(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    accepted(*arguments, "--help")
    text = capsys.readouterr().out
    assert "Usage: rhobar" in text
    assert arguments in ([], ["data"]) or f"Example: rhobar {' '.join(arguments)} " in text


def test_import_of_the_command_line_is_light() -> None:
    code = (
        "import sys, rhobar.cli; print([m for m in ('torch', 'ase', 'numba') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


# Bad structures ------------------------------------------------------------------------------


def _nan(frame: ase.Atoms) -> None:
    frame.positions[1, 2] = np.nan


def _infinite(frame: ase.Atoms) -> None:
    frame.positions[0, 0] = np.inf


def _close(frame: ase.Atoms) -> None:
    frame.positions[1] = frame.positions[0] + [0.0, 0.0, 5e-4]


def _flat(frame: ase.Atoms) -> None:
    frame.pbc = True


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_nan, "finite"),
        (_infinite, "finite"),
        (_close, "closer"),
        (_flat, "cell"),
    ],
)
def test_bad_structure_is_refused_by_number(
    structures: Path,
    frames: list[ase.Atoms],
    refused: Callable[..., str],
    spoil: Callable[[ase.Atoms], None],
    message: str,
) -> None:
    spoil(frames[2])
    ase.io.write(structures, frames, format="extxyz")
    error = refused("describe", structures, *OPTIONS, "-o", structures.with_suffix(".mts"))
    assert "structures.extxyz: frame 2" in error
    assert message in error
    assert [path.name for path in structures.parent.iterdir()] == [structures.name]


def test_undeclared_type_is_refused(structures: Path, refused: Callable[..., str]) -> None:
    hypers = structures.with_suffix(".json")
    hypers.write_text(json.dumps({"atomic_types": [1, 6, 8]}))
    output = structures.with_suffix(".mts")
    error = refused("describe", structures, *OPTIONS, "--hypers", hypers, "-o", output)
    assert "frame 2: atomic type 7 is none of atomic_types [1, 6, 8]" in error
    assert not output.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("\n\n", "holds no structures"),
        ("3\nwater\nO 0 0 0\nH 0 0 1\n", "may be truncated"),
        ("no structure at all\n", "cannot be read"),
    ],
)
def test_unreadable_file_is_refused(
    tmp_path: Path, refused: Callable[..., str], content: str, message: str
) -> None:
    path = tmp_path / "bad.xyz"
    path.write_text(content)
    assert message in refused("describe", path, *OPTIONS, "-o", tmp_path / "out.mts")
    assert not (tmp_path / "out.mts").exists()


def test_missing_file_is_refused(tmp_path: Path, refused: Callable[..., str]) -> None:
    error = refused("describe", tmp_path / "absent.xyz", *OPTIONS, "-o", tmp_path / "out.mts")
    assert "absent.xyz" in error


# Bad hyperparameters -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"cutoff": 0.0}, "cutoff = 0.0: Input should be greater than 0"),
        ({"cutoff": -3.0}, "cutoff = -3.0"),
        ({"n_radial": 0}, "n_radial = 0"),
        ({"cutof": 3.0}, "cutof = 3.0: Extra inputs are not permitted"),
        ({"scaling": {"scale": 2.0, "rate": 1.0}}, "scaling.exponent"),
        ({"descriptor": "acsf"}, "descriptor = 'acsf'"),
        ({"cutoff_width": 9.0}, "width"),
    ],
)
def test_bad_hyperparameters_are_refused(
    structures: Path, refused: Callable[..., str], values: dict[str, object], message: str
) -> None:
    hypers = structures.with_suffix(".json")
    hypers.write_text(json.dumps(values))
    output = structures.with_suffix(".mts")
    assert message in refused("describe", structures, "--hypers", hypers, "-o", output)
    assert not output.exists()


@pytest.mark.parametrize("option", ["--cutoff=0", "--cutoff=-1", "--cutoff=nan", "--cutoff=wide"])
def test_bad_cutoff_option_is_refused(
    structures: Path, refused: Callable[..., str], option: str
) -> None:
    error = refused("describe", structures, option, "-o", structures.with_suffix(".mts"))
    assert "cutoff" in error


def test_file_that_is_not_json_is_refused(structures: Path, refused: Callable[..., str]) -> None:
    error = refused("describe", structures, "--hypers", structures, "-o", "out.mts")
    assert "is not JSON" in error


# Bad outputs ---------------------------------------------------------------------------------


def test_unwritable_output_is_refused_before_any_work(
    structures: Path, refused: Callable[..., str]
) -> None:
    folder = structures.parent
    assert "not a file in an existing folder" in refused(
        "describe", structures, "-o", folder / "absent" / "out.mts"
    )
    assert "not a file in an existing folder" in refused(
        "describe", structures, "-o", structures / "out.mts"
    )
    assert "written as .mts" in refused("describe", structures, "-o", folder / "out.npz")
    assert "cannot be written" in refused("describe", structures, "-o", "/proc/out.mts")
    assert [path.name for path in folder.iterdir()] == [structures.name]


def test_gradients_that_cannot_fit_are_refused(tmp_path: Path, refused: Callable[..., str]) -> None:
    # 800 atoms within one cutoff, of eight types: some 300 GB of gradients
    crowd = ase.Atoms(100 * ["H", "He", "Li", "Be", "B", "C", "N", "O"])
    crowd.positions = 0.5 * np.argwhere(np.ones((10, 10, 8)))
    path = tmp_path / "crowd.xyz"
    ase.io.write(path, crowd, format="extxyz")
    large = ["--cutoff", "8", "--n-radial", "12", "--l-max", "14", "--gradients"]
    error = refused("describe", path, *large, "-o", tmp_path / "out.mts")
    assert "GB" in error or "GiB" in error
    assert [found.name for found in tmp_path.iterdir()] == ["crowd.xyz"]


# Data ----------------------------------------------------------------------------------------


def test_list_names_every_data_set(capsys: pytest.CaptureFixture[str]) -> None:
    from rhobar.data import catalogue

    accepted("data", "list")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(catalogue())


def _mirror_of(folder: Path, name: str, content: bytes) -> Path:
    """A mirror folder with ``content`` in place of the only file of a data set."""
    from rhobar.data import catalogue

    (file,) = catalogue()[name].files.values()
    path = folder / "mirror" / str(file.mirror)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return folder / "mirror"


def test_corrupted_download_is_refused(tmp_path: Path, refused: Callable[..., str]) -> None:
    mirror = _mirror_of(tmp_path, "random-methane", b"not what was published")
    folder = tmp_path / "data"
    error = refused("data", "fetch", "random-methane", "--folder", folder, "--mirror", mirror)
    assert "ch4_random_10000_energies.extxyz.gz" in error
    assert "expected" in error
    assert not list(folder.glob("*.gz"))


def test_check_tells_what_is_missing(tmp_path: Path, refused: Callable[..., str]) -> None:
    error = refused("data", "check", "random-methane", "--folder", tmp_path)
    assert "is not complete; run `rhobar data fetch random-methane`" in error


def test_unknown_data_set_is_refused(refused: Callable[..., str]) -> None:
    assert "no data set 'qm10'" in refused("data", "fetch", "qm10")


@pytest.mark.mirror
def test_fetch_and_check_from_the_mirror(
    mirror: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    accepted("data", "fetch", "random-methane", "--folder", tmp_path, "--mirror", mirror)
    capsys.readouterr()
    accepted("data", "check", "random-methane", "--folder", tmp_path)
    assert capsys.readouterr().out.startswith("ok ")
