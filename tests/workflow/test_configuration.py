"""The configuration is checked before the first job, and complaints fit on one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from configuration import checked

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))


@pytest.fixture
def smoke() -> dict[str, Any]:
    path = Path(__file__).parents[2] / "configs" / "smoke.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_scale_is_valid_and_named_after_its_file(path: Path) -> None:
    filled = checked(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert filled["scale"] == path.stem


def test_there_is_a_file_per_scale() -> None:
    assert [path.stem for path in CONFIGS] == ["default", "laptop", "paper", "smoke"]


def test_defaults_are_filled_in_a_copy(smoke: dict[str, Any]) -> None:
    before = yaml.safe_dump(smoke)
    curve = checked(smoke)["density"]["learning_curves"]["methane"]
    assert yaml.safe_dump(smoke) == before
    assert curve["split"] == "shuffled"
    assert curve["dataset"] == "methane"
    assert curve["soap"]["cutoff_width"] == 0.5


def _refusal(configuration: dict[str, Any]) -> str:
    with pytest.raises(ValueError, match="Configuration refused") as caught:
        checked(configuration)
    return str(caught.value)


def test_unknown_key_is_refused_with_its_path(smoke: dict[str, Any]) -> None:
    smoke["density"]["learning_curves"]["methane"]["soap"]["cutof"] = 4.0
    message = _refusal(smoke)
    assert "density.learning_curves.methane.soap: unknown key cutof (known: cutoff" in message
    assert "\n" not in message


def test_missing_key_is_named(smoke: dict[str, Any]) -> None:
    del smoke["density"]["body_order"]["sizes"]
    assert "density.body_order: missing key sizes" in _refusal(smoke)


def test_value_out_of_bounds_is_shown_with_its_unit(smoke: dict[str, Any]) -> None:
    smoke["density"]["learning_curves"]["methane"]["soap"]["cutoff"] = -1.0
    message = _refusal(smoke)
    assert "methane.soap.cutoff: -1.0 is less than or equal to the minimum of 0" in message
    assert "in Å" in message


def test_curve_of_an_unlisted_data_set_is_refused(smoke: dict[str, Any]) -> None:
    smoke["density"]["learning_curves"]["methane"]["dataset"] = "water"
    assert "'water' is none of datasets (methane, minimol, b8)" in _refusal(smoke)


def test_pairs_need_their_data_set(smoke: dict[str, Any]) -> None:
    del smoke["datasets"]["b8"]
    assert "completeness.b8: datasets has no b8" in _refusal(smoke)


def test_all_faults_are_reported_at_once(smoke: dict[str, Any]) -> None:
    smoke["sclae"] = "x"
    smoke["density"]["body_order"]["n_train"] = 1
    message = _refusal(smoke)
    assert "unknown key sclae" in message
    assert "density.body_order.n_train" in message


LARGE = {
    "curve": "methane",
    "kernel": "cg",
    "n_train": 40,
    "n_validation": 10,
    "n_test": 10,
    "chunk": 16,
    "n_search": 16,
    "log_c": [6.0],
    "alpha": [1.0],
}


def test_a_large_regression_is_possible(smoke: dict[str, Any]) -> None:
    assert checked(smoke)["wigner"]["large"] is None
    smoke["wigner"]["large"] = LARGE
    assert checked(smoke)["wigner"]["large"]["solver"] == "cholesky"
    smoke["wigner"]["large"] = {**LARGE, "kernel": "grid", "n_search": 17}
    message = _refusal(smoke)
    assert "wigner.large.kernel: 'grid' is none of wigner.curves.methane.kernels (cg)" in message
    assert "n_search: 17 structures are more than the 16 of the first chunk" in message
