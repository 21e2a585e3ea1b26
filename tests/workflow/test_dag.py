"""The real workflow at smoke scale: whole, interrupted and resumed, dry on a cluster."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock

from completeness_figure import FIGURES as COMPLETENESS_FIGURES
from density_figure import FIGURES
from incompleteness_figure import FIGURES as INCOMPLETENESS_FIGURES
from wigner_figure import FIGURES as WIGNER_FIGURES

ROOT = Path(__file__).parents[2]
LINKED = ("Snakefile", "configs", "environment.yml", "lib", "profiles", "workflow")
SMOKE = ("--configfile", "configs/smoke.yaml")
PAPERS = {
    "density": FIGURES,
    "wigner": WIGNER_FIGURES,
    "completeness": COMPLETENESS_FIGURES,
    "incompleteness": INCOMPLETENESS_FIGURES,
}
# Times, dates and logs differ from run to run; everything else must not.
VARIABLE = ("benchmarks", "logs", "report")
TIMES = ("cost.parquet", "cost.pdf", "cost.png")  # measured, of the target wigner


def checkout(folder: Path) -> Path:
    """A folder in which the workflow runs as in a fresh checkout of this one."""
    folder.mkdir()
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    return folder


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), cwd=folder, capture_output=True, text=True, check=False, timeout=600
    )


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every number and figure under results/smoke."""
    results = folder / "results" / "smoke"
    return {
        str(path.relative_to(results)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(results.rglob("*"))
        if path.is_file()
        and path.relative_to(results).parts[0] not in VARIABLE
        and path.name not in TIMES
        and not path.name.startswith(".")  # what a killed job had begun to write
    }


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A checkout in which everything has been made at smoke scale, once for all processes."""
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent
    with FileLock(shared / "whole.lock"):
        folder = shared / "whole" / "checkout"
        if not folder.exists():
            folder.parent.mkdir()
            ran = run(checkout(folder), *SMOKE, "--", "all")
            (folder / "errors.txt").write_text(
                "" if ran.returncode == 0 else ran.stdout + ran.stderr, encoding="utf-8"
            )
    errors = (folder / "errors.txt").read_text(encoding="utf-8")
    assert not errors, errors
    return folder


def test_everything_is_made_and_stays_made(finished: Path) -> None:
    results = finished / "results" / "smoke"
    for paper, figures in PAPERS.items():
        for figure in figures:
            assert (results / paper / f"{figure}.pdf").stat().st_size > 2_000
            assert (results / paper / f"{figure}.png").stat().st_size > 10_000
    errors = pd.read_parquet(results / "density" / "errors" / "minimol.parquet")
    orders = {f"nice{nu}" for nu in (1, 2, 3, 4)}
    assert set(errors["model"]) == {"composition", "linear", "kernel", *orders}
    assert errors.groupby(["model", "n_train"]).size().eq(2).all()
    largest = errors[errors["n_train"] == errors["n_train"].max()].groupby("model")["mae"].mean()
    assert largest["linear"] < 0.75 * largest["composition"]
    assert largest["nice4"] < 0.75 * largest["composition"]
    spaces = pd.read_parquet(results / "density" / "errors" / "reconstruction.parquet")
    same = spaces["source"] == spaces["target"]
    assert spaces["gfre"][same].max() < 1e-6 < spaces["gfre"][~same].max()
    verified = json.loads((results / "counterexamples" / "verification.json").read_text("utf-8"))
    assert {entry["entry"] for entry in verified["entries"]} > {"env4b_rings", "c6_bulk"}
    assert "Chemiscope" in (results / "counterexamples" / "catalogue.html").read_text("utf-8")
    page = (results / "report" / "index.html").read_text(encoding="utf-8")
    assert "density_learning_curve" in page
    assert "../counterexamples/catalogue.html" in page
    leftovers = [path for path in results.rglob(".*") if path.is_file()]
    assert leftovers == []
    again = run(finished, *SMOKE, "--dry-run", "--", "all")
    assert "Nothing to be done" in again.stdout + again.stderr


def test_every_job_has_a_log_and_a_benchmark(finished: Path) -> None:
    results = finished / "results" / "smoke"
    logs = {path.relative_to(results / "logs").with_suffix("") for path in results.rglob("*.log")}
    times = {
        path.relative_to(results / "benchmarks").with_suffix("") for path in results.rglob("*.tsv")
    }
    assert logs == times
    assert {path.parts[0] for path in logs} >= {"prepare", "density_kernels", "report_page"}


@pytest.mark.slow
def test_killed_and_resumed_gives_the_same_bytes(finished: Path, tmp_path: Path) -> None:
    folder = checkout(tmp_path / "checkout")
    process = subprocess.Popen(
        command(*SMOKE, "--", "all"),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(folder / "results" / "smoke", "*/kernels/*.npz", process)
    finally:
        with contextlib.suppress(ProcessLookupError):  # it ended by itself
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=60)
    wait_until_quiet(folder)
    before = digests(folder)
    assert not (folder / "results" / "smoke" / "report" / "index.html").exists()
    assert run(folder, *SMOKE, "--unlock").returncode == 0
    resumed = run(folder, *SMOKE, "--rerun-incomplete", "--", "all")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    whole = digests(finished)
    assert digests(folder) == whole
    assert 0 < len(before) < len(whole)


def wait_for(folder: Path, pattern: str, process: subprocess.Popen[bytes]) -> None:
    """Until the first result is there, whichever it is; the workflow must not end before."""
    for _ in range(6000):
        if next(folder.glob(pattern), None) is not None:
            return
        assert process.poll() is None, "the workflow ended before it could be killed"
        time.sleep(0.1)
    pytest.fail(f"no {pattern} appeared in {folder}")


def wait_until_quiet(folder: Path) -> None:
    """Until no process works in ``folder`` any more."""
    for _ in range(600):
        if not working_in(folder):
            return
        time.sleep(0.1)
    pytest.fail(f"processes are left in {folder}: {working_in(folder)}")


def working_in(folder: Path) -> Sequence[int]:
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()) == folder and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (psutil.Error, OSError):
            continue
    return found


def test_unknown_key_stops_before_the_first_job(tmp_path: Path) -> None:
    folder = checkout(tmp_path / "checkout")
    ran = run(folder, *SMOKE, "--config", "colour=red", "--dry-run", "--", "all")
    assert ran.returncode != 0
    lines = [line for line in (ran.stdout + ran.stderr).splitlines() if "unknown key" in line]
    assert len(lines) == 1, ran.stdout + ran.stderr
    assert not (folder / "results").exists()


def test_edited_code_reruns_what_uses_it(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "edited"
    shutil.copytree(finished, folder, symlinks=True)
    for name in ("lib", "workflow"):
        (folder / name).unlink()
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    style = folder / "lib" / "rhobar" / "plotting" / "rhobar.mplstyle"
    untouched = run(folder, *SMOKE, "--dry-run", "--quiet", "host", "--", "density")
    style.write_text(style.read_text(encoding="utf-8") + "\nlines.linewidth: 3\n", encoding="utf-8")
    edited = run(folder, *SMOKE, "--dry-run", "--", "density")
    assert "Nothing to be done" in untouched.stdout + untouched.stderr
    assert "density_figure" in edited.stdout
    assert "density_kernels" not in edited.stdout


def test_dry_run_with_the_cluster_profile(tmp_path: Path) -> None:
    folder = checkout(tmp_path / "checkout")
    ran = run(folder, "--workflow-profile", "profiles/slurm", *SMOKE, "--dry-run", "--", "all")
    assert ran.returncode == 0, ran.stderr
    assert "density_kernels" in ran.stdout
