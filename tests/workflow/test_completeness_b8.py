"""Pairs of B8 clusters from features to errors: what is blind to pairs stays blind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ase
import numpy as np
import pandas as pd
import pytest
import yaml

import completeness_b8_distances
import completeness_b8_encoding
import completeness_b8_energies
import completeness_b8_errors
import completeness_b8_features
import completeness_figure
from configuration import checked
from rhobar.counterexamples import sample_boron8
from rhobar.data import Dataset, Split, save_prepared

ROOT = Path(__file__).parents[2]
N_PAIRS = 24
BLIND = {"A_L", "A_L_linear", "B_L", "D_L", "D_NL"}  # no more than three neighbors, or sums of them


@pytest.fixture(scope="module")
def protocol() -> dict[str, Any]:
    """That of the smoke scale, with training long enough to tell pairs apart."""
    smoke = yaml.safe_load((ROOT / "configs" / "smoke.yaml").read_text(encoding="utf-8"))
    found = checked(smoke)["completeness"]["b8"]
    found["n_structures"] = 2 * (N_PAIRS - 1)
    found["split"] = {"n_test": 10, "n_validation": 6}
    for name in ("energies", "triplet_energies"):
        found[name] |= {"n_epochs": 200, "width": 16, "learning_rate": 5e-3}
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, protocol: dict[str, Any]) -> Path:
    """All files that the rules make of pairs with made-up energies."""
    folder = tmp_path_factory.mktemp("b8")
    generator = np.random.default_rng(3)
    positions = sample_boron8(generator, N_PAIRS).reshape(-1, 8, 3)
    frames = [ase.Atoms("B8", positions=places) for places in positions]
    energies = -5380.0 + np.repeat(generator.normal(size=N_PAIRS), 2)
    energies += 0.5 * generator.normal(size=2 * N_PAIRS)
    save_prepared(Dataset("b8", frames, {"energy": energies}), folder / "data.npz")
    features = {name: folder / f"{name}.npz" for name in ("features", "distorted")}
    split = folder / "split.json"
    completeness_b8_features.main(folder / "data.npz", split, *features.values(), protocol)
    completeness_b8_encoding.main(
        **features,
        split=split,
        encodings=folder / "encodings.npz",
        errors=folder / "encodings.parquet",
        metrics=folder / "metrics.parquet",
        checkpoints=folder / "checkpoints",
        protocol=protocol["encoder"],
    )
    for letter in "ABCD":
        completeness_b8_energies.main(
            letter,
            dataset=folder / "data.npz",
            features=folder / ("encodings.npz" if letter == "A" else "features.npz"),
            split=split,
            predictions=folder / f"{letter}.parquet",
            metrics=folder / f"metrics_{letter}.parquet",
            checkpoints=folder / "checkpoints",
            protocol=protocol,
        )
    completeness_b8_errors.main(
        folder / "encodings.parquet",
        [folder / f"{letter}.parquet" for letter in "ABCD"],
        folder / "errors.parquet",
    )
    completeness_b8_distances.main(
        **features,
        encodings=folder / "encodings.npz",
        split=split,
        distances=folder / "distances.parquet",
        protocol=protocol["distances"],
    )
    return folder


def test_features_up_to_three_neighbors_are_equal_within_pairs(folder: Path) -> None:
    with np.load(folder / "features.npz", allow_pickle=False) as arrays:
        found = {name: arrays[name] for name in arrays}
    assert len(found["order3"]) == 2 * (N_PAIRS - 1)
    assert found["triplets"].shape[1] == 49
    size = {name: np.linalg.norm(rows, axis=1).mean() for name, rows in found.items()}
    apart = {
        name: np.linalg.norm((rows[::2] - rows[1::2]).reshape(N_PAIRS - 1, -1), axis=1)
        for name, rows in found.items()
    }
    assert apart["order3"].max() < 1e-7 * np.mean(size["order3"])
    assert apart["order7"].min() > 1e-3 * np.mean(size["order7"])
    summed = found["triplets"].sum(axis=1, dtype=np.float64)
    assert np.abs(summed[::2] - summed[1::2]).max() < 1e-4 * np.abs(summed).max()
    assert np.median(apart["triplets"]) > 0.1 * np.mean(size["triplets"])


def test_neither_pairs_nor_parts_are_mixed(folder: Path) -> None:
    split = Split.load(folder / "split.json")
    assert [len(split.train), len(split.validation), len(split.test)] == [30, 6, 10]
    table = pd.read_parquet(folder / "D.parquet")
    assert table.groupby("model").size().eq(46).all()
    assert table.groupby(["model", "part"]).size()["D_L"].to_dict() == {
        "test": 10,
        "train": 30,
        "validation": 6,
    }


def test_every_blind_model_has_a_relative_delta_of_one(folder: Path) -> None:
    errors = pd.read_parquet(folder / "errors.parquet").set_index(["model", "part"])
    delta = errors["delta_relative"].unstack()
    assert set(delta.index) == {*completeness_b8_energies.MODELS, "Arho_L", "Arho_NL"}
    for name in BLIND | {"Arho_L"}:
        assert delta.loc[name].to_numpy() == pytest.approx(1.0, abs=0.005), name


def test_training_goes_below_half_of_the_differences_where_they_are_seen(folder: Path) -> None:
    table = pd.read_parquet(folder / "D.parquet")
    rows = table[(table["model"] == "D_NL") & (table["part"] == "train")]
    pairs = rows["reference"].to_numpy().reshape(-1, 2)
    floor = np.mean((pairs[:, 0] - pairs[:, 1]) ** 2) / 4 / pairs.var()
    metrics = [pd.read_parquet(folder / f"metrics_{letter}.parquet") for letter in "BCD"]
    least = pd.concat(metrics).groupby("model")["loss"].min()
    assert least["D_NL"] == pytest.approx(floor, rel=0.2)
    assert least[["D_L", "D_NL", "B_L"]].min() > (1 - 1e-3) * floor
    assert least[["B_NL", "C_NL"]].max() < 0.5 * floor


def test_the_table_of_errors_is_that_of_the_predictions(folder: Path) -> None:
    errors = pd.read_parquet(folder / "errors.parquet").set_index(["model", "part"])
    table = pd.read_parquet(folder / "B.parquet")
    rows = table[(table["model"] == "B_NL") & (table["part"] == "test")]
    off = (rows["predicted"] - rows["reference"]).to_numpy().reshape(-1, 2)
    found = errors.loc["B_NL", "test"]
    assert found["mean"] == pytest.approx(np.sqrt(np.mean(off.mean(axis=1) ** 2)), rel=1e-12)
    assert found["delta"] == pytest.approx(np.sqrt(np.mean((off[:, 0] - off[:, 1]) ** 2)))


def test_weights_are_those_of_the_best_validation_error(folder: Path) -> None:
    metrics = pd.read_parquet(folder / "metrics_B.parquet")
    rows = metrics[metrics["model"] == "B_NL"]
    table = pd.read_parquet(folder / "B.parquet")
    train = table[(table["model"] == "B_NL") & (table["part"] == "train")]
    held_out = table[(table["model"] == "B_NL") & (table["part"] == "validation")]
    error = (held_out["predicted"] - held_out["reference"]) / train["reference"].std(ddof=0)
    assert np.mean(error**2) == pytest.approx(rows["validation"].min(), rel=1e-3)
    assert not (folder / "checkpoints").exists()


def test_distances_see_what_features_see(folder: Path) -> None:
    table = pd.read_parquet(folder / "distances.parquet")
    middle = table.groupby(["representation", "kind"])["distance"].median()
    assert middle["order3", "degenerate"] < 1e-7 < 1e-2 < middle["order3", "other"]
    assert middle["linear", "degenerate"] < 1e-5
    assert middle["nonlinear", "degenerate"] > 1e-3
    noisy = table[(table["representation"] == "order3") & (table["kind"] == "asymmetric")]
    assert noisy.groupby("noise")["distance"].median().is_monotonic_increasing
    assert (table["reference"] > 0).all()


@pytest.mark.parametrize("figure", ["boron_energies", "boron_errors", "boron_distances"])
def test_figures_are_made_of_these_tables(folder: Path, tmp_path: Path, figure: str) -> None:
    numbers = {
        "boron_energies": [folder / "B.parquet", folder / "D.parquet"],
        "boron_errors": [folder / "errors.parquet"],
        "boron_distances": [folder / "distances.parquet"],
    }
    files = [tmp_path / f"{figure}.pdf", tmp_path / f"{figure}.png"]
    completeness_figure.main(figure, numbers[figure], files)
    assert files[0].read_bytes().startswith(b"%PDF")
    assert files[1].read_bytes().startswith(b"\x89PNG")


def test_every_figure_is_known_to_the_rules() -> None:
    text = (ROOT / "workflow" / "rules" / "completeness.smk").read_text(encoding="utf-8")
    for figure in completeness_figure.FIGURES:
        assert f'"{figure}":' in text
