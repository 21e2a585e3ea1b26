"""The regression on a store of Wigner kernels: its scripts one by one, and as jobs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

import wigner_large_choice
import wigner_large_chunk
import wigner_large_fit
import wigner_large_points
import wigner_large_store
import wigner_split
from configuration import checked
from rhobar.data import KCAL_PER_MOL, Dataset, Split, load_prepared
from rhobar.kernels import KernelStore, WignerDensity, WignerKernel
from rhobar.models import Composition, ExponentialMixing, NuKernelRidge
from tests.workflow.test_dag import ROOT, checkout, run
from wigner_large_sizes import LargeSizes

DENSITY = {"cutoff": 4.0, "smearing": 0.4, "smearing_rate": 0.2, "l_max": 2, "n_radial": 4}
HYPERS = {"engine": "cg", "lambda_max": 2, "nu": [1, 3], "center_types": None}
PROTOCOL: dict[str, Any] = {
    "dataset": "water",
    "target": "energy",
    "error": "mae",
    "density": DENSITY,
    "n_train": [24],
    "n_validation": 5,
    "n_test": 9,
    "split": "shuffled",
    "n_structures": None,
    "chunk": 10,
    "n_search": 10,
    "solver": "cholesky",
    "log_c": [3.0, 4.0],
    "alpha": [1.0],
    "log_c0": 2.0,
}
LARGE = {
    "curve": "methane",
    "kernel": "cg",
    "n_train": 20,
    "n_validation": 6,
    "n_test": 6,
    "chunk": 16,
    "n_search": 16,
    "log_c": [7.0],
    "alpha": [0.5],
}


@pytest.fixture
def begun(prepared: Path, tmp_path: Path) -> Path:
    """A folder with the split and all chunks between training structures and others."""
    split, folder = tmp_path / "split.json", tmp_path / "kernels"
    wigner_split.main(prepared, split, PROTOCOL, 0)
    folder.mkdir()
    wigner_large_store.main(prepared, split, folder, PROTOCOL, HYPERS)
    for chunk in [(i, j) for i in range(3) for j in range(i, 4)]:
        wigner_large_chunk.main(prepared, split, folder, chunk, PROTOCOL, HYPERS)
    return tmp_path


def fitted(prepared: Path, folder: Path, point: int) -> pd.Series:
    errors = folder / f"{point}.parquet"
    wigner_large_fit.main(
        labels={"dataset": "water", "kernel": "cg", "seed": 0},
        dataset=prepared,
        split=folder / "split.json",
        folder=folder / "kernels",
        points=folder / "points.json",
        point=point,
        errors=errors,
        protocol=PROTOCOL,
    )
    return pd.read_parquet(errors).iloc[0]


def test_the_best_of_all_fits_is_that_of_kernels_in_memory(prepared: Path, begun: Path) -> None:
    wigner_large_points.main(
        dataset=prepared,
        split=begun / "split.json",
        folder=begun / "kernels",
        points=begun / "points.json",
        protocol=PROTOCOL,
        search={"n_annealed": 10, "max_iterations": 5, "n_local": 5},
    )
    points = json.loads((begun / "points.json").read_text())
    assert points[1:] == [[3.0, 1.0, 2.0], [4.0, 1.0, 2.0]]
    assert points[0][:2] not in ([3.0, 1.0], [4.0, 1.0])
    assert points[0][2] == 2.0
    rows = [fitted(prepared, begun, point) for point in range(3)]
    paths = [begun / f"{point}.parquet" for point in range(3)]
    wigner_large_choice.main(paths, begun / "errors.parquet")
    (best,) = pd.read_parquet(begun / "errors.parquet").to_dict("records")
    assert best["cv_error"] == min(row["cv_error"] for row in rows)
    assert best["n_evaluations"] == 3

    parts = Split.load(begun / "split.json")
    train, validation, test = (
        load_prepared(prepared, indices=part)
        for part in (parts.train, parts.validation, parts.test)
    )
    assert [len(part) for part in (train, validation, test)] == [24, 5, 9]
    kernel = WignerKernel(WignerDensity(**DENSITY), nu_max=3, engine="cg", lambda_max=2)
    composition = Composition.fit(train.frames, train.targets["energy"])
    ridge = NuKernelRidge(ExponentialMixing(3), noise=KCAL_PER_MOL)
    solution = ridge.solve(
        kernel.matrices(train.frames).numpy(),
        train.targets["energy"] - composition.predict(train.frames),
        np.array([4.0, 1.0, 2.0]),
    )

    def error(part: Dataset) -> float:
        kernels = kernel.matrices(part.frames, train.frames).numpy()
        predicted = solution.predict(kernels, noise=KCAL_PER_MOL)
        predicted += composition.predict(part.frames)
        return float(np.abs(predicted - part.targets["energy"]).mean())

    assert rows[2]["cv_error"] == pytest.approx(error(validation), rel=1e-8)
    assert rows[2]["mae"] == pytest.approx(error(test), rel=1e-8)
    assert rows[2]["residual"] < 1e-10
    assert (rows[2]["n_train"], rows[2]["n_test"], rows[2]["nu_max"]) == (24, 9, 3)
    assert (rows[2]["log_c"], rows[2]["alpha"], rows[2]["log_c0"]) == (4.0, 1.0, 2.0)


def test_a_point_that_rounding_spoils_is_not_chosen(prepared: Path, begun: Path) -> None:
    (begun / "points.json").write_text(json.dumps([[3.0, 0.0, 20.0], [3.0, 1.0, 2.0]]))
    rows = [fitted(prepared, begun, point) for point in range(2)]
    assert rows[0]["cv_error"] == np.inf
    paths = [begun / f"{point}.parquet" for point in range(2)]
    wigner_large_choice.main(paths, begun / "errors.parquet")
    (best,) = pd.read_parquet(begun / "errors.parquet").to_dict("records")
    assert (best["log_c"], best["n_evaluations"]) == (3.0, 2)
    with pytest.raises(ValueError, match="none of 1 choices of hyperparameters"):
        wigner_large_choice.main(paths[:1], begun / "errors.parquet")


def test_the_published_order(prepared: Path, tmp_path: Path) -> None:
    """Test structures first, then those that train, then those that validate."""
    wigner_split.main(prepared, tmp_path / "split.json", PROTOCOL, 0)
    order = [*range(40)]
    np.random.RandomState(0).shuffle(order)
    parts = Split.load(tmp_path / "split.json")
    assert [*parts.test, *parts.train, *parts.validation] == order[:38]
    with pytest.raises(ValueError, match="n_train=24 and n_validation=8 need more"):
        wigner_split.main(prepared, tmp_path / "s.json", {**PROTOCOL, "n_validation": 8}, 0)


@pytest.mark.slow
def test_jobs_a_chunk_each(tmp_path: Path) -> None:
    smoke = yaml.safe_load((ROOT / "configs" / "smoke.yaml").read_text(encoding="utf-8"))
    smoke["wigner"]["large"] = LARGE
    (tmp_path / "large.yaml").write_text(yaml.safe_dump(smoke), encoding="utf-8")
    folder = checkout(tmp_path / "checkout")
    errors = "results/smoke/wigner/large/errors.parquet"
    ran = run(folder, "--configfile", str(tmp_path / "large.yaml"), "--", errors)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (row,) = pd.read_parquet(folder / errors).to_dict("records")
    assert (row["n_train"], row["n_test"], row["n_evaluations"]) == (20, 6, 2)
    assert row["residual"] < 1e-7
    store = KernelStore(folder / "results" / "smoke" / "wigner" / "large" / "kernels")
    assert store.chunks() == [(0, 0), (0, 1), (1, 1)]
    assert store.missing() == []


def test_sizes_of_the_published_run() -> None:
    paper = yaml.safe_load((ROOT / "configs" / "paper.yaml").read_text(encoding="utf-8"))
    large = checked(paper)["wigner"]["large"]
    sizes = LargeSizes(large, 4)
    assert len(sizes.chunks) == 105 - 6  # but for validation and test structures with themselves
    assert sizes.n_points == 1 + 7 * 12
    assert sizes.chunk_memory == 14_000  # a chunk has 4 GB
    assert sizes.chunk_minutes(threads=8) == pytest.approx(20 + 2 * 27, abs=1)
    assert sizes.fit_memory == 106_400  # 96.8 GB of them the matrix
    hour = sizes.fit_minutes(threads=32)
    tiles = LargeSizes({**large, "solver": "tiles"}, 4)
    assert tiles.fit_memory < 13_000
    assert hour < tiles.fit_minutes(threads=32) < 3 * hour


@pytest.mark.slow
def test_a_hundred_thousand_structures_on_a_cluster(tmp_path: Path) -> None:
    """At paper scale: chunks, fits and their sizes, planned before there are any data."""
    folder = checkout(tmp_path / "checkout")
    arguments = ("--workflow-profile", "profiles/slurm", "--configfile", "configs/paper.yaml")
    target = "results/paper/wigner/energies.png"
    ran = run(folder, *arguments, "--dry-run", "--", target)
    assert ran.returncode == 0, ran.stderr
    jobs = dict(
        line.split()
        for line in ran.stdout.splitlines()
        if line.startswith("wigner_large") and len(line.split()) == 2
    )
    assert jobs == {
        "wigner_large_store": "1",
        "wigner_large_chunk": "99",
        "wigner_large_points": "1",
        "wigner_large_fit": "85",
        "wigner_large_choice": "1",
    }
    fit = ran.stdout.split("rule wigner_large_fit:")[1].split("\n\n")[0]
    assert "mem_mb=106400" in fit  # 96,800 of them the matrix
