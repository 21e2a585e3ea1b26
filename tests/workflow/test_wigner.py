"""The scripts of Wigner kernels: splits, kernels, fits, truncation, all orders, cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ase.build import molecule

import wigner_cost
import wigner_exponential
import wigner_figure
import wigner_fit
import wigner_kernel
import wigner_sparse
import wigner_split
import wigner_truncation
from rhobar.data import Dataset, Split, load_prepared, save_prepared
from rhobar.kernels import WignerDensity, WignerKernel
from tests.structures import rattled

DENSITY = {"cutoff": 4.0, "smearing": 0.4, "smearing_rate": 0.2, "l_max": 2, "n_radial": 4}
HYPERS = {"engine": "cg", "lambda_max": 2, "nu": [1, 3], "center_types": None}
PROTOCOL: dict[str, Any] = {
    "dataset": "molecules",
    "target": "energy",
    "error": "rmse",
    "density": DENSITY,
    "n_train": [10, 20],
    "n_test": 6,
    "split": "shuffled",
    "n_structures": None,
}
REFERENCES = Path(__file__).parents[2] / "workflow" / "report" / "references.yaml"
SEARCH = {"n_annealed": 20, "max_iterations": 20, "n_local": 10}


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Water and ammonia whose energies and dipoles are smooth functions of the distances."""
    frames = [
        rattled(molecule(name), amplitude=0.08, seed=number)
        for number in range(16)
        for name in ("H2O", "NH3")
    ]
    vectors = [frame.positions[1:] - frame.positions[0] for frame in frames]
    lengths = [np.linalg.norm(rows, axis=1) for rows in vectors]
    energy = [3.0 * len(rows) + (5 * (rows - 1.0) ** 2).sum() for rows in lengths]
    dipole = [(rows / 5).sum(axis=0) for rows in vectors]
    data = Dataset(
        "molecules",
        frames,
        {
            "energy": np.array(energy),
            "dipole": np.array(dipole),
            "pool_index": np.arange(32) * 7,
        },
    )
    path = tmp_path / "molecules.npz"
    save_prepared(data, path)
    return path


@pytest.fixture
def split(dataset: Path, tmp_path: Path) -> Path:
    path = tmp_path / "split.json"
    wigner_split.main(dataset, path, PROTOCOL, 0)
    return path


def fitted(
    dataset: Path, split: Path, tmp_path: Path, **changes: Any
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Table of errors and arrays of kernels."""
    protocol = {**PROTOCOL, **changes}
    kernels, errors = tmp_path / "kernels.npz", tmp_path / "errors.parquet"
    wigner_kernel.main(dataset, split, kernels, protocol, HYPERS)
    wigner_fit.main(
        labels={"dataset": "molecules", "kernel": "cg", "seed": 0},
        dataset=dataset,
        split=split,
        kernels=kernels,
        errors=errors,
        protocol=protocol,
        orders=HYPERS["nu"],
        search=SEARCH,
    )
    with np.load(kernels) as arrays:
        return pd.read_parquet(errors), dict(arrays)


def test_the_split_is_the_published_shuffle(split: Path) -> None:
    order = [*range(32)]
    np.random.RandomState(0).shuffle(order)
    loaded = Split.load(split)
    assert loaded.test.tolist() == order[:6]
    assert loaded.train.tolist() == order[6:26]


def test_a_part_of_a_data_set_and_its_pairs(dataset: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    changes = {"split": "pairs", "n_structures": 30}
    wigner_split.main(dataset, path, {**PROTOCOL, **changes}, 1)
    loaded = Split.load(path)
    for part in (loaded.test, loaded.train):
        assert (part[0::2] % 2 == 0).all()
        assert (part[1::2] == part[0::2] + 1).all()
    assert max(loaded.train.max(), loaded.test.max()) < 30
    wigner_split.main(dataset, path, {**PROTOCOL, "split": "pool"}, 1)
    order = [*range(wigner_split.N_CHARACTERIZED)]
    np.random.RandomState(1).shuffle(order)
    members = [index // 7 for index in order if index in {7 * k for k in range(32)}]
    assert Split.load(path).test.tolist() == members[:6]


def test_too_few_structures_are_refused(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"n_train=30 needs more\. Lower it in the configuration"):
        wigner_split.main(dataset, tmp_path / "s.json", {**PROTOCOL, "n_train": [30]}, 0)


def test_kernels_are_those_of_the_library_and_energies_are_learned(
    dataset: Path, split: Path, tmp_path: Path
) -> None:
    errors, kernels = fitted(dataset, split, tmp_path)
    loaded = Split.load(split)
    train, test = (
        load_prepared(dataset, indices=part).frames for part in (loaded.train, loaded.test)
    )
    kernel = WignerKernel(WignerDensity(**DENSITY), nu_max=3, engine="cg", lambda_max=2)
    expected = np.moveaxis(kernel.matrices(test, train).numpy(), -1, 0)
    assert kernels["test"] == pytest.approx(expected, rel=1e-10)
    assert kernels["train"].shape == (4, 20, 20)
    assert list(zip(errors["n_train"], errors["nu_max"], strict=True)) == [
        (10, 1),
        (10, 3),
        (20, 1),
        (20, 3),
    ]
    last = errors.iloc[-1]
    assert last["rmse"] < 0.5 * last["deviation"]
    assert last["mae"] <= last["rmse"]
    assert last["n_test"] == 6
    weights = [last["weight1"], last["weight2"], last["weight3"]]
    c, alpha = 10 ** last["log_c"], last["alpha"]
    assert weights == pytest.approx([c * alpha, c * alpha**2 / 2, c * alpha**3 / 6])


def test_dipoles_have_three_rows(dataset: Path, split: Path, tmp_path: Path) -> None:
    errors, kernels = fitted(dataset, split, tmp_path, target="dipole", error="norm")
    assert kernels["train"].shape == (4, 60, 60)
    assert kernels["test"].shape == (4, 18, 60)
    assert abs(kernels["train"][0]).max() == 0
    last = errors.iloc[-1]
    assert last["norm"] < last["distance"] < 0.5 * np.sqrt(3) * last["deviation"]
    assert last["measure"] == "norm"


def test_truncation_ends_at_the_exact_kernel(dataset: Path, split: Path, tmp_path: Path) -> None:
    errors = tmp_path / "truncation.parquet"
    limits = {"lambda_max": [0, 2, 4], "n_train": 10, "n_test": 5}
    wigner_truncation.main(
        dataset=dataset,
        split=split,
        errors=errors,
        protocol=PROTOCOL,
        truncation=limits,
        search=SEARCH,
    )
    table = pd.read_parquet(errors).set_index("lambda_max")
    assert table.index.tolist() == [-1, 0, 2, 4]
    assert table.loc[0, "relative"] > table.loc[2, "relative"] > 1e-6
    assert table.loc[4, "relative"] < 1e-10  # ν_e l_max = 4
    assert table.loc[4, "test_error"] == pytest.approx(table.loc[-1, "test_error"], rel=1e-6)


def test_sums_approach_the_exponential(dataset: Path, split: Path, tmp_path: Path) -> None:
    errors = tmp_path / "exponential.parquet"
    wigner_exponential.main(
        dataset=dataset,
        split=split,
        errors=errors,
        protocol=PROTOCOL,
        exponential={"nu_max": 4, "n_train": 10, "n_test": 5},
        search=SEARCH,
    )
    table = pd.read_parquet(errors).set_index("nu_max")
    assert table.index.tolist() == [1, 2, 3, 4, 0]
    assert (np.diff(table.loc[[1, 2, 3, 4], "relative"]) < 0).all()
    assert np.isfinite(table["test_error"]).all()


SPARSE = {
    "kernel": {**HYPERS, "nu": [2]},
    "n_train": [10, 20],
    "n_sparse": 30,
    "n_environments": [3, 60],
}


def test_forces_and_more_representatives_lower_errors(tmp_path: Path) -> None:
    frames = [rattled(molecule("H2O"), amplitude=0.08, seed=number) for number in range(30)]
    for frame in frames:
        bonds = frame.positions[1:] - frame.positions[0]
        lengths = np.linalg.norm(bonds, axis=1, keepdims=True)
        pulls = 10 * (lengths - 1) * bonds / lengths
        frame.arrays["forces"] = np.vstack([pulls.sum(axis=0), -pulls])
    energy = [5 * ((f.get_distances(0, [1, 2]) - 1) ** 2).sum() for f in frames]
    path, split, errors = (tmp_path / name for name in ("d.npz", "s.json", "e.parquet"))
    save_prepared(Dataset("water", frames, {"energy": np.array(energy)}), path)
    protocol = {**PROTOCOL, **SPARSE}
    wigner_split.main(path, split, protocol, 0)
    wigner_sparse.main(
        dataset=path, split=split, errors=errors, protocol=protocol, search=SEARCH, seed=0
    )
    table = pd.read_parquet(errors)
    curves, sweep = (table[table["varied"] == name] for name in ("n_train", "n_sparse"))
    for _, rows in curves.groupby("n_train"):
        with_forces = rows.set_index("forces")["force_error"]
        assert with_forces[True] < 0.5 * with_forces[False]
    assert len(curves) == 4
    dense = sweep[sweep["n_sparse"] == wigner_sparse.DENSE].iloc[0]
    for selection in ("cholesky", "fps"):
        rows = sweep[(sweep["selection"] == selection) & (sweep["n_sparse"] > 0)]
        few, many = rows.set_index("n_sparse").loc[[3, 60]].to_dict("records")
        assert many["force_error"] == pytest.approx(dense["force_error"], rel=0.02)
        assert few["force_error"] > 1.1 * dense["force_error"]


def test_data_without_forces_are_refused(dataset: Path, split: Path, tmp_path: Path) -> None:
    protocol = {**PROTOCOL, **SPARSE}
    with pytest.raises(ValueError, match=r"no forces; choose another for wigner\.sparse\.dataset"):
        wigner_sparse.main(
            dataset=dataset,
            split=split,
            errors=tmp_path / "e.parquet",
            protocol=protocol,
            search=SEARCH,
            seed=0,
        )


def test_cost_has_a_row_for_every_engine_and_value(tmp_path: Path) -> None:
    sizes = {"nu_max": [2, 3], "l_max": [1, 2], "n_channels": [4, 8]}
    wigner_cost.main(tmp_path / "c.parquet", {**sizes, "n_environments": 8, "n_repeats": 1})
    table = pd.read_parquet(tmp_path / "c.parquet")
    assert table.groupby("varied").size().to_dict() == {"l_max": 6, "n_channels": 6, "nu_max": 4}
    assert (table["microseconds"] > 0).all()


def test_every_figure_is_known_to_the_rules() -> None:
    rules = Path(__file__).parents[2] / "workflow" / "rules" / "wigner.smk"
    text = rules.read_text(encoding="utf-8")
    curves = {"methane", "energies", "dipoles", "boron"}  # by the names in the configuration
    for figure in set(wigner_figure.FIGURES) - curves:
        assert f'"{figure}":' in text


def test_figures_of_several_seeds(
    dataset: Path, split: Path, tmp_path: Path, wigner_errors: pd.DataFrame
) -> None:
    numbers = []
    for seed, rows in wigner_errors.groupby("seed"):
        numbers.append(tmp_path / f"{seed}.parquet")
        rows.to_parquet(numbers[-1])
    wigner_figure.main("energies", numbers, [tmp_path / "energies.png"], REFERENCES)
    assert (tmp_path / "energies.png").read_bytes().startswith(b"\x89PNG")


def test_published_points_are_those_of_the_same_fit(wigner_errors: pd.DataFrame) -> None:
    entry = {"dataset": "minimol", "kernel": "cg", "nu_max": 4, "n_train": 500, "measure": "mae"}
    entry |= {"value": 4.3, "unit": "meV", "drawn": True}
    others = [{**entry, "drawn": False}, {**entry, "n_train": 499}, {**entry, "dataset": "qm9"}]
    found = wigner_figure.published_points([entry, *others], wigner_errors)
    assert found["n_train"].tolist() == [500]
    assert found["value"].tolist() == pytest.approx([0.0043])
    assert len(wigner_figure.published_points(others, wigner_errors)) == 0
    assert len(wigner_figure.published_points([], wigner_errors)) == 0
